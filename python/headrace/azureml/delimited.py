"""The one definition of delimited text, which pandas (frames.py) and Spark (spark.py) follow alike; doc/dataset.md tells it to users. What one of them could not
read as the other does is refused here, by name, for both.

Records end at line feeds, carriage returns, or both. A value that begins with a quote ends with one, and quotes in it are doubled. Every record has as many values as the
header, and every file the same header. Files whose names end in .gz are unpacked."""

import re
import zlib

from headrace.azureml.exceptions import unsupported

HEAD = 64 << 10  # bytes of a file that are asked for to see its header

# What all values of a column look like, in the order in which they are tried. Both sides' regular expressions: [0-9], no classes, no flags.
WHOLE = r"^[+-]?[0-9]+$"
DECIMAL = r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
TRUTH = r"^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$"
ZONE = r"(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])$"
DAY = r"^(1(6(7[89]|[89][0-9])|[7-9][0-9]{2})|2([01][0-9]{2}|2([0-5][0-9]|6[01])))-[0-9]{2}-[0-9]{2}$"  # years that pandas' nanoseconds hold
MOMENT = DAY[:-1] + r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?)?$"

# texts that set_column_types converts, blanks around them aside; all others become null
CONVERTED = {
    "int": r"^ *[+-]?[0-9]+([.]0*)? *$",
    "float": r"^ *([+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?|[+-]?([iI]nf|[iI]nfinity)|[nN][aA][nN]) *$",
    "boolean": r"^ *([tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[yY]([eE][sS])?|[nN]([oO])?|0|1) *$",
    "datetime": MOMENT,
}

PACKED = (".bz2", ".deflate", ".zst", ".snappy", ".lz4", ".zip", ".xz")
WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}

QUOTED_BREAK = "a quoted value holds a line break: from_delimited_files(support_multi_line=True) reads such files"
BAD_QUOTE = 'a quote stands inside a quoted value (quotes are doubled: ""), something follows its closing quote, or there is none'
NOT_TEXT = "it holds bytes that are not %s: encoding says what it is"


def is_headed(options):
    return options.get("header", "all_files_same_headers") != "no_header"


def is_multiple(options):
    return options.get("support_multi_line", False)


def check_name(item):
    """Refuses a file that is packed in a way that not all readers unpack."""
    for ending in PACKED:
        if item["path"].lower().endswith(ending):
            raise unsupported("delimited text in '%s'" % item["url"], ".gz is unpacked, %s is not" % ending)


def unpacked(item, body, whole=True):
    """The bytes of a file as text has them; of the head of one, what can be had of it."""
    check_name(item)
    if not item["path"].lower().endswith(".gz"):
        return body
    made = b""
    while body:
        part = zlib.decompressobj(31)
        try:
            made += part.decompress(body)
        except zlib.error as err:
            raise ValueError("it is not packed by gzip: %s" % err) from None
        if whole and not part.eof:
            raise ValueError("its gzip data ends early")
        if not part.eof:
            break
        body = part.unused_data
    return made


def check_start(body):
    for mark, name in WIDE.items():
        if body.startswith(mark):
            raise ValueError("it is %s: convert it to UTF-8 first" % name)
    if b"\0" in re.split(rb"[\r\n]", body.lstrip(b"\r\n"), maxsplit=1)[0]:
        raise ValueError("its first record holds zero bytes, as UTF-16 does: convert it to UTF-8 first")


def quoted(delimiter):
    """(a value in quotes that is well formed, a quote that begins a value), as regular expressions of a text or a line."""
    edge = "[^%s\\r\\n]" % re.escape(delimiter)
    return '(?<!%s)"[^"]*(?:""[^"]*)*"(?!%s)' % (edge, edge), '(?<!%s)"' % edge


def check_quotes(options, text):
    """Raises ValueError when the bytes' quotes are not what the definition says."""
    if b'"' not in text:
        return
    value, begins = (re.compile(pattern.encode()) for pattern in quoted(options.get("delimiter", ",")))
    breaks = False

    def one(found):
        nonlocal breaks
        breaks = breaks or b"\n" in found.group() or b"\r" in found.group()
        return b""

    if begins.search(value.sub(one, text)):
        raise ValueError(BAD_QUOTE)
    if breaks and not is_multiple(options):
        raise ValueError(QUOTED_BREAK)


BLANK = re.compile(rb"(?:(?<=[\r\n])|\A)[\x00-\x09\x0b\x0c\x0e-\x20]+(?=[\r\n]|\Z)")


def without_blank_lines(options, text):
    """Lines of blanks alone are none, as empty ones; inside quotes they are."""
    return text if is_multiple(options) else BLANK.sub(b"", text)


def names(options, text):
    """The columns' names by the first record of the text, or None when there is none. Raises ValueError when two are the same."""
    import csv
    import io

    lines = io.StringIO(
        without_blank_lines(options, text).decode().lstrip("\r\n\ufeff"),
        newline=None if not is_multiple(options) else "",
    )
    first = next(csv.reader(lines, delimiter=options.get("delimiter", ","), doublequote=True), None)
    if not first:
        return None
    if not is_headed(options):
        return ["Column%d" % (at + 1) for at in range(len(first))]
    given = [name or "Column%d" % (at + 1) for at, name in enumerate(first)]
    seen = set()
    for name in given:
        if name.lower() in seen:
            raise ValueError(
                "two columns of its header have the name '%s'%s"
                % (name, "" if given.count(name) > 1 else " (upper and lower case do not count)")
            )
        seen.add(name.lower())
    return given


def check_header(options, made, expected):
    if expected is not None and made != expected:
        if is_headed(options):
            raise ValueError("its header is %s, the first file's %s" % (made, expected))
        raise ValueError("it has %d columns, the first file %d" % (len(made), len(expected)))
