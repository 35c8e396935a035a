"""./dev bench NAME: runs bench/NAME.py; without a name lists them."""

import pathlib
import runpy
import sys

HERE = pathlib.Path(__file__).parent
HELPERS = {"run", "record", "servers", "synapse_start"}


def main():
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in HELPERS)
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        for name in names:
            print(f"{name:12} {(HERE / f'{name}.py').read_text().splitlines()[0].strip(chr(34))}")
        return 2 if len(sys.argv) > 1 else 0
    sys.argv = sys.argv[1:]
    runpy.run_path(str(HERE / f"{sys.argv[0]}.py"), run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
