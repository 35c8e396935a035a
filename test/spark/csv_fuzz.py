"""Random small CSV files × options × modes × schemas, through both servers: schema and rows, show()'s text, or the error's condition.

    python test/spark/csv_fuzz.py OURS ORACLE [SEED [CASES]]      remotes as in SparkSession.builder.remote

test_csv_fuzz.py keeps a small part of it as a test."""

import logging
import os
import random
import re
import sys
import tempfile

VALUES = [
    [
        "1",
        "2",
        "-7",
        "+3",
        "2147483648",
        "9223372036854775808",
        "007",
        " 5",
        "6 ",
        "1e3",
        "",
        "x",
        "12345678901234567890123456789012345678901",
    ],
    ["1.5", "-2.25", ".5", "3.", "1e5", "NaN", "Inf", "-Inf", "Infinity", "1d", "1.0f", "1,5", "0x1p3", "", "1_000"],
    ["true", "false", "TRUE", "False", "t", "yes", "1", "", " true"],
    [
        "2020-01-02",
        "2020-1-2",
        "2020-02-30",
        "1582-10-10",
        "0001-01-01",
        "2020-01-02T03:04:05",
        "",
        "02/01/2020",
        "20200102",
        "2020-01",
        "2020",
    ],
    [
        "2020-01-02 03:04:05",
        "2020-01-02T03:04:05Z",
        "2020-01-02 03:04:05.123456",
        "2020-01-02 03:04",
        "2020-03-29 02:30:00",
        "2020-01-02T03:04:05+02:00",
        "",
        "x",
        "2020-01-02 03:04:05.1234567",
        "10:00",
    ],
    [
        "a",
        "b c",
        " a ",
        "é",
        'a"b',
        '"',
        "'q'",
        "null",
        "NULL",
        "",
        "\\",
        'a\\"b',
        "#c",
        "日本",
        "a,b",
        "a;b",
        "line\nbreak",
        "\t",
    ],
    ["12.50", "-0.01", "1234567.891", "1,234.5", "1E-2", "", "99999999999999999999.99", "$1"],
]
TYPES = [
    "int",
    "bigint",
    "smallint",
    "tinyint",
    "double",
    "float",
    "string",
    "boolean",
    "date",
    "timestamp",
    "timestamp_ntz",
    "decimal(5,2)",
    "decimal(20,0)",
    "decimal(38,18)",
    "binary",
]
OPTIONS = {
    "sep": [";", "\t", "||", "|"],
    "quote": ["'", ""],
    "escape": ['"', "'"],
    "comment": ["#", "a"],
    "header": ["true"],
    "inferSchema": ["true"],
    "ignoreLeadingWhiteSpace": ["true"],
    "ignoreTrailingWhiteSpace": ["true"],
    "nullValue": ["x", "NULL", "1"],
    "emptyValue": ["E", ""],
    "nanValue": ["x", "1.5"],
    "positiveInf": ["Infinity", "a"],
    "negativeInf": ["b"],
    "dateFormat": ["dd/MM/yyyy", "yyyyMMdd", "yyyy-MM-dd", "yyyy-M-d"],
    "timestampFormat": ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", "yyyy-MM-dd HH:mm[:ss]"],
    "mode": ["DROPMALFORMED", "FAILFAST", "permissive", "x"],
    "multiLine": ["true"],
    "enforceSchema": ["false"],
    "maxColumns": ["2"],
    "maxCharsPerColumn": ["8"],
    "columnNameOfCorruptRecord": ["c1", "bad"],
    "preferDate": ["false"],
    "unescapedQuoteHandling": ["STOP_AT_CLOSING_QUOTE", "RAISE_ERROR", "STOP_AT_DELIMITER"],
    "samplingRatio": ["1.0"],
    "encoding": ["ISO-8859-1", "UTF-8"],
    "lineSep": ["\n", ";"],
    "enableDateTimeParsingFallback": ["true", "false"],
    "locale": ["en-US"],
    "timeZone": ["Europe/Berlin"],
    "charToEscapeQuoteEscaping": ["\\"],
}


def text_of(rng, options):
    """A file of columns of one kind each, now and then with a value of another, quoted as writers quote or not."""
    sep, quote = options.get("sep", ","), options.get("quote", '"')
    kinds = [rng.choice(VALUES) for _ in range(rng.randint(1, 4))]
    end = rng.choice(["\n", "\n", "\r\n"])
    lines = []
    for _ in range(rng.randint(0, 6)):
        cells = []
        for kind in kinds[: rng.choice([len(kinds)] * 6 + [max(1, len(kinds) - 1), len(kinds) + 1])]:
            value = rng.choice(kind if rng.random() < 0.92 else rng.choice(VALUES))
            if "\n" in value and not options.get("multiLine"):
                value = "nl"
            if quote and (
                rng.random() < 0.15 or sep in value or "\n" in value or (quote in value and rng.random() < 0.8)
            ):
                value = quote + value.replace(quote, rng.choice([quote * 2, "\\" + quote])) + quote
            cells.append(value)
        lines.append(sep.join(cells))
    if options.get("header") or rng.random() < 0.2:
        lines.insert(
            0,
            sep.join(
                rng.choice(["c0", "c1", "C1", "b b", "", "x"]) if rng.random() < 0.3 else f"c{i}"
                for i in range(len(kinds))
            ),
        )
    if rng.random() < 0.1:
        lines.insert(rng.randint(0, len(lines)), rng.choice(["", " ", "#z", '"open']))
    return end.join(lines) + (end if rng.random() < 0.7 else "")


def case_of(rng):
    """(bytes, options, schema or None)"""
    options = {key: rng.choice(OPTIONS[key]) for key in rng.sample(sorted(OPTIONS), rng.choice([0, 1, 1, 2, 2, 3, 4]))}
    for key, chance in (("header", 0.4), ("inferSchema", 0.4)):
        if rng.random() < chance:
            options[key] = "true"
    schema = None
    if rng.random() < 0.5:
        schema = ", ".join(f"c{i} {rng.choice(TYPES)}" for i in range(rng.randint(1, 4)))
        if rng.random() < 0.4:
            schema += (
                ", " + options.get("columnNameOfCorruptRecord", "_corrupt_record").replace("c1", "bad") + " string"
            )
    return (
        text_of(rng, options).encode(
            "iso-8859-1" if options.get("encoding", "").startswith("ISO") else "utf-8", "replace"
        ),
        options,
        schema,
    )


def answer(spark, path, options, schema):
    try:
        reader = spark.read.options(**options)
        frame = (reader.schema(schema) if schema else reader).csv(path)
        return (
            frame.schema.json(),
            [str(tuple(row)) for row in frame.collect()],
            frame.count(),
            frame._show_string(5, 10, False),
        )
    except Exception as error:  # noqa: BLE001 - the difference is what is looked for
        found = re.search(r"\[([A-Z][A-Z0-9_.]+)\]", str(error))
        return ("error", found.group(1) if found else str(error).splitlines()[0][:100])


def differs(ours, theirs):
    """A failure without a condition of its own is a failure: the words are not compared."""
    if ours == theirs or (
        ours[0] == theirs[0] == "error" and not (re.match("[A-Z_.]+$", ours[1]) and re.match("[A-Z_.]+$", theirs[1]))
    ):
        return False
    return not (ours[0] == "error" and ours[1] == "UNSUPPORTED_FEATURE")


def run(ours, oracle, seed, cases, folder):
    """The cases that differ, as texts."""
    rng, wrong = random.Random(seed), []
    for number in range(cases):
        content, options, schema = case_of(rng)
        path = os.path.join(folder, f"f{number}.csv")
        with open(path, "wb") as out:
            out.write(content)
        mine, theirs = answer(ours, path, options, schema), answer(oracle, path, options, schema)
        if differs(mine, theirs):
            wrong.append(f"{seed}/{number} {options} {schema}\n  text  {content!r}\n  ours  {mine}\n  spark {theirs}")
    return wrong


def main():
    from pyspark.sql.connect.session import SparkSession

    logging.disable(logging.CRITICAL)
    ours, oracle = (SparkSession.builder.remote(remote).create() for remote in sys.argv[1:3])
    seed, cases = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((3, 1), (4, 100)))
    for spark in (ours, oracle):
        spark.conf.set("spark.sql.session.timeZone", "America/Los_Angeles")
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(ours, oracle, seed, cases, folder)
    print("\n".join(wrong))
    print(f"{len(wrong)} of {cases} cases differ")


if __name__ == "__main__":
    main()
