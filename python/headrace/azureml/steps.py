"""The steps of a tabular dataset, as both readers take them: pandas (frames.py) and Spark (spark.py)."""

import json
import re

from headrace.azureml.exceptions import unsupported

# names of encodings: the SDK's, Python's, Spark's
ENCODINGS = {
    "utf8": ("utf-8", "UTF-8"),
    "utf8bom": ("utf-8-sig", "UTF-8"),
    "iso88591": ("iso-8859-1", "ISO-8859-1"),
    "latin1": ("iso-8859-1", "ISO-8859-1"),
    "ascii": ("ascii", "US-ASCII"),
    "windows1252": ("cp1252", "windows-1252"),
}
# strptime's letters as Spark's patterns
PATTERNS = {
    "Y": "yyyy",
    "m": "MM",
    "d": "dd",
    "H": "HH",
    "M": "mm",
    "S": "ss",
    "f": "SSSSSS",
    "y": "yy",
    "b": "MMM",
    "p": "a",
    "I": "hh",
}


def steps_of(dataset):
    """(reader's name, its options, [(step, argument), …]) of a tabular dataset; what neither reader can do is refused by name."""
    known = []
    for step in dataset._steps:
        if not isinstance(step, dict) or len(step) != 1:
            raise unsupported("the transformation %s" % json.dumps(step)[:100])
        known.append(next(iter(step.items())))
    if not known or known[0][0] not in ("read_delimited", "read_json_lines", "read_parquet"):
        raise unsupported("a tabular dataset that does not begin with read_delimited, read_json_lines or read_parquet")
    for name, _ in known[1:]:
        if name not in ("convert_column_types", "take", "skip", "keep_columns", "drop_columns"):
            raise unsupported("the transformation '%s'" % name)
    return known[0][0], known[0][1] or {}, known[1:]


def conversions(argument):
    """[(column, kind, formats), …] of convert_column_types."""
    for item in argument:
        names, kind, formats = item["columns"], item["column_type"], None
        if isinstance(kind, dict) and "datetime" in kind:
            kind, formats = "datetime", (kind["datetime"] or {}).get("formats") or []
        if kind not in ("string", "int", "float", "boolean", "datetime"):
            raise unsupported("the column type %s" % json.dumps(kind))
        for name in [names] if isinstance(names, str) else names:
            yield name, kind, formats


def spark_pattern(text):
    """strptime's format as Spark's pattern."""

    def one(found):
        letter = found.group(1)
        if letter is None:
            return (
                "'%s'" % found.group(0).replace("'", "''")
                if found.group(0).isalpha() or "'" in found.group(0)
                else found.group(0)
            )
        if letter not in PATTERNS:
            raise unsupported("the date format '%s' in a Spark session" % text)
        return PATTERNS[letter]

    return re.sub(r"%(.)|[^%]", one, text, flags=re.S)
