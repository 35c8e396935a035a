"""Random CSV and JSON texts, read by format_tool and by real Spark: prints every difference.

PY test/spark/formats_fuzz.py TOOL ORACLE [SEED [CASES [csv|json]]]
"""

import json
import random
import subprocess
import sys
import tempfile
import os


class Tool:
    """format_tool as a child: one request, one answer."""

    def __init__(self, path):
        self.child = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, **request):
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        return json.loads(line) if line else {"error": "the tool died: %s" % self.child.wait()}

    def close(self):
        self.child.stdin.close()
        self.child.wait()


OPTION_SETS = [
    {},
    {"escape": '"'},
    {"quote": ""},
    {"ignoreLeadingWhiteSpace": "true"},
    {"ignoreTrailingWhiteSpace": "true"},
    {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"},
    {"unescapedQuoteHandling": "STOP_AT_CLOSING_QUOTE"},
    {"sep": ";"},
    {"comment": "a"},
    {"nullValue": "a", "emptyValue": "E"},
    {"charToEscapeQuoteEscaping": "\\"},
    {"quote": "a", "escape": "b"},
    {"mode": "DROPMALFORMED"},
    {"escape": '"', "multiLine": "true"},
    {"multiLine": "true"},
    {"multiLine": "true", "ignoreLeadingWhiteSpace": "true"},
    {"lineSep": ";"},
    {"emptyValue": "E"},
    {"mode": "PERMISSIVE", "_corrupt": "yes"},
    {"maxColumns": "3"},
    {"header": "true"},
]


def rows_of_spark(df):
    return [[None if v is None else str(v) for v in row] for row in df.collect()]


def csv_case(rng, tool, spark, folder, number):
    options = dict(rng.choice(OPTION_SETS))
    alphabet = list('ab,"\\ ;') + ([] if rng.random() < 0.7 else ["é", "\t", "\r"])
    if options.get("multiLine"):
        alphabet += ["\n"]
    weights = [3, 2, 4, 4, 1, 1.5, 1] + [1] * (len(alphabet) - 7)
    lines = [
        "".join(rng.choices(alphabet, weights, k=rng.randint(0, 12)))
        for _ in range(1 if options.get("multiLine") else 40)
    ]
    if options.get("multiLine"):
        lines = ["".join(rng.choices(alphabet, weights, k=60))]
    path = os.path.join(folder, "f%d.csv" % number)
    end = rng.choice(["\n", "\r\n", "\n"])
    with open(path, "w", newline="", encoding="utf-8") as out:
        out.write(end.join(lines) + (end if rng.random() < 0.5 else ""))
    corrupt = options.pop("_corrupt", None)
    schema = "c0 string, c1 string, c2 string, c3 string" + (", _corrupt_record string" if corrupt else "")
    if rng.random() < 0.2:
        schema = schema.replace("c0 string, c1 string", "c0 int, c1 double")
    ours = tool.ask(format="csv", schema=schema, options=options, paths=[path])
    try:
        theirs = rows_of_spark(spark.read.options(**options).schema(schema).csv(path))
    except Exception as error:  # noqa: BLE001 - the difference is what is looked for
        theirs = "error " + str(error)[:300]
    return path, options, schema, lines, ours, theirs


def main():
    from pyspark.sql import SparkSession

    tool_path, oracle = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    cases = int(sys.argv[4]) if len(sys.argv) > 4 else 50
    rng = random.Random(seed)
    spark = SparkSession.builder.remote(oracle).create()
    tool = Tool(tool_path)
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(cases):
            path, options, schema, lines, ours, theirs = csv_case(rng, tool, spark, folder, number)
            if isinstance(theirs, str) and "ignoreTrailingWhiteSpace" in options:
                continue  # Spark itself fails on some of these texts
            if ours.get("rows") == theirs or ("error" in ours and isinstance(theirs, str)):
                continue
            different += 1
            print("DIFFERENT", options, schema)
            mine = ours.get("rows", ours)
            if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
                kept = list(lines)
                for i, (a, b) in enumerate(zip(mine, theirs)):
                    if a != b:
                        print(
                            "   line",
                            "|".join([x for x in lines if x.strip()][i : i + 1]),
                            "\n   row",
                            i,
                            "ours",
                            a,
                            "spark",
                            b,
                        )
                        break
                print("   lines", kept[:60] if len(kept) < 3 else "")
            else:
                print(
                    "   lines",
                    lines if len(lines) < 50 else lines[:50],
                    "\n   ours",
                    str(mine)[:600],
                    "\n   spark",
                    str(theirs)[:600],
                )
    print("%d of %d cases differ" % (different, cases))
    tool.close()
    spark.stop()
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
