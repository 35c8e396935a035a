"""studio_table.py DIST OUT.c: the studio's built files as a C table, sorted by path, each as it is and gzipped where that is smaller."""

import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
LIMIT = 150 * 1024  # of what a browser loads at first, as it travels


def literal(data):
    """Bytes as C string literals: octal, so that no digit behind an escape can join it."""
    text = "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in data)
    lines, at = [], 0
    while at < len(text):
        end = min(at + 4000, len(text))
        while end < len(text) and "\\" in text[end - 3 : end]:
            end -= 1
        lines.append(f'"{text[at:end]}"')
        at = end
    return "\n    ".join(lines) or '""'


def main(dist, out):
    rows, total = [], 0
    for path in sorted(p for p in pathlib.Path(dist).rglob("*") if p.is_file()):
        data, name = path.read_bytes(), path.relative_to(dist).as_posix()
        packed = b"" if path.suffix == ".woff2" else gzip.compress(data, 9, mtime=0)
        if len(packed) >= len(data):
            packed = b""
        total += len(packed or data)
        etag = hashlib.sha256(data).hexdigest()[:20]
        gz = f"{literal(packed)}, {len(packed)}" if packed else "NULL, 0"
        rows.append(
            f'    {{"{name}", "{TYPES[path.suffix]}", "\\"{etag}\\"",\n    {literal(data)}, {len(data)},\n    {gz}}},\n'
        )
    if total > LIMIT:
        sys.exit(f"studio: {total} bytes to load, the limit is {LIMIT}")
    pathlib.Path(out).write_text(
        '/* made by tools/studio_table.py */\n#include "daemon/studio/files.h"\n\n'
        "const struct hr_studio_file hr_studio_files[] = {\n" + "".join(rows) + "};\n"
        f"const size_t hr_studio_file_count = {len(rows)};\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
