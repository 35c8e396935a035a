import sys

from headrace.interpreter.server import main

if __name__ == "__main__":
    sys.exit(main())
