"""Spark's golden SQL files against a Spark Connect server: one session a file, one verdict a query.

The rules are those of Spark's SQLQueryTestSuite: its settings, its tables, its masks for what differs from run to run, its order of rows (sorted, unless
the query orders them). Verdicts:

  exact        schema and rows as in the golden file
  same error   an error was expected, and one of the same condition came
  schema       the rows are right, names or types are not; or a command worked and answered with a row where Spark answers with none
  other error  an error was expected, another came
  refused      an error where Spark answers
  wrong        other rows, or an answer where Spark gives an error
  internal     INTERNAL_ERROR, or the server died: never right
  timeout      no answer in time, or not asked any more after that
"""

import dataclasses
import json
import re

import pyarrow as pa
import pyarrow.csv

import connection
from hive_text import HiveText

VERDICTS = ("exact", "same error", "schema", "other error", "refused", "wrong", "internal", "timeout")
CONFORMANT = ("exact", "same error")
TIMEOUTS_BEFORE_GIVING_UP = 4
MASKED = "[not included in comparison]"

# what SharedSparkSession and SQLQueryTestSuite set; the last three are true by default only inside of Spark's tests
SETTINGS = (
    ("spark.sql.session.timeZone", "America/Los_Angeles"),
    ("spark.sql.shuffle.partitions", "4"),
    ("spark.sql.optimizer.excludedRules", "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation"),
    ("spark.sql.timeType.enabled", "true"),
    ("spark.sql.geospatial.enabled", "true"),
    ("spark.sql.collation.schemaLevel.enabled", "true"),
)
ANSI = ("spark.sql.ansi.enabled", "true")
BY_FOLDER = {
    "postgreSQL": (ANSI, ("spark.sql.legacy.interval.enabled", "true")),
    "nonansi": (("spark.sql.ansi.enabled", "false"),),
    "timestampNTZ": (("spark.sql.timestampType", "TIMESTAMP_NTZ"),),
}
LEFT_OUT = ("udf", "udaf", "udtf")  # they need functions in Scala that only Spark's test classes have
BIG = (
    "unique1 int,unique2 int,two int,four int,ten int,twenty int,hundred int,thousand int,twothousand int,fivethous int,tenthous int,odd int,even int,"
    "stringu1 string,stringu2 string,string4 string"
)
FROM_POSTGRES = {"aggtest": ("agg.data", "a int,b float"), "onek": ("onek.data", BIG), "tenk1": ("tenk.data", BIG)}
TABLES = ("testdata", "arraydata", "mapdata", *FROM_POSTGRES)
MASKS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"#\d+", "#x"),
        (r"plan_id=\d+", "plan_id=x"),
        (r"file:\[not included in comparison\](/\{warehouse_dir\})?[^\s,\]\)\"]*", "file:<X>"),
        (r"file:/[^\s,\]\)\"]*", "file:<X>"),
        (r"Location\b.*", "Location <X>"),
        (r"\[not included in comparison\]/\{warehouse_dir\}", "<X>"),
        (r"(Created By|Created Time|Last Access|Owner).*", rf"\1 {MASKED}"),
        (r"Partition Statistics\t\d+", f"Partition Statistics\t{MASKED}"),
        (r"CTERelation(Def|Ref) (\d+|xxxx)", r"CTERelation\1 xxxx"),
        (r"cterelation(def|ref) \d+,", r"cterelation\1 xxxx,"),
        (r"UnionLoop(Ref)? \d+", r"UnionLoop\1 xxxx"),
        (r"Loop id: \d+", "Loop id: xxxx"),
        (r"@\w*,", "@xxxxxxxx,"),
        (r"\*\(\d+\) ", "*"),
        (r'"location":\s*".*?"', f'"location":{MASKED}'),
        (r'"(created_by|created_time|last_access|owner|partition_statistics)":".*?"', rf'"\1 {MASKED}":"None"'),
        (r"transient_lastDdlTime=\d+", f"transient_lastDdlTime={MASKED}"),
        (r'"transient_lastDdlTime":"\d+"', f'"transient_lastDdlTime {MASKED}":"None"'),
    )
]
TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[A-Za-z_][\w]*|\(|\)|.", re.S)
LONG_FLOAT = re.compile(r"(?<![\w.])-?\d+\.\d+(?:E-?\d+)?(?![\w.])")
JAVA_NAME = re.compile(r"((?:org|java|scala|com)\.[\w.$]+)(?:\n(.*))?", re.S)


# ---- golden files ----


@dataclasses.dataclass
class Query:
    """A query of a golden file with what Spark answers."""

    sql: str
    schema: str
    output: str

    def expected_error(self):
        """(Java class, condition or None, first line of the message), or None where rows are expected."""
        match = JAVA_NAME.fullmatch(self.output) if self.schema == "struct<>" else None
        if not match:
            return None
        text = match[2] or ""
        try:
            condition = json.loads(text).get("errorClass")
        except ValueError:
            condition = None
        return match[1], condition, text.split("\n")[0].strip()

    def tokens(self):
        """[(depth of parentheses, word in upper case)] without comments."""
        depth, found = 0, []
        for match in TOKEN.finditer(self.sql):
            token = match.group(0)
            depth += (token == "(") - (token == ")")
            if not token.startswith(("--", "/*")) and not token.isspace():
                found.append((depth, token.upper()))
        return found


def mask(text):
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def without_traceback(text):
    """As the suite compares: no Python traceback, no blanks at the end."""
    inside, kept = False, []
    for line in text.split("\n"):
        if line == "Traceback (most recent call last):":
            inside = True
        elif not line.startswith(" "):
            inside = False
        if not inside:
            kept.append(line)
    return "\n".join(kept).rstrip(" \t\n\x0b\f\r")


def read_results(path):
    """The queries of a result file: three segments each."""
    controls = "".join(map(chr, range(33)))
    segments = re.split(r"-- !query.*\n", path.read_text(encoding="utf-8"))
    return [
        Query(segments[i].strip(controls), segments[i + 1].strip(controls), without_traceback(segments[i + 2]))
        for i in range(1, len(segments) - 2, 3)
    ]


def file_settings(path):
    """--SET and --CONFIG_DIM lines of an input file: of each dimension the last setting, which is the one that the results were written with."""
    settings, dimensions = [], {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.startswith("--SET "):
            settings += [pair.split("=", 1) for pair in line[6:].split(",") if "=" in pair]
        elif line.startswith("--CONFIG_DIM"):
            name, _, pairs = line[12:].partition(" ")
            dimensions.setdefault(name, [pair.split("=", 1) for pair in pairs.split(",") if "=" in pair])
    for name in sorted(dimensions):
        settings += dimensions[name]
    return [(key.strip(), value.strip()) for key, value in settings]


def names(data):
    """Every golden file that can be asked, as its path below sql-tests/results without .out."""
    base = data / "sql-tests/results"
    found = sorted(str(path.relative_to(base))[: -len(".out")] for path in base.rglob("*.out"))
    return [name for name in found if name.split("/")[0] not in LEFT_OUT]


# ---- comparison ----


def sorted_as_java(lines):
    return sorted(lines, key=lambda line: line.encode("utf-16-be", "surrogatepass"))


def equal_floats(ours, theirs, ordered):
    """Whether only the last digits of floats differ: Java 17 does not always print the shortest text."""

    def canonical(text):
        return LONG_FLOAT.sub(
            lambda m: f"{float(m.group(0)):.15g}" if len(m.group(0)) > 8 else repr(float(m.group(0))), text
        )

    ours, theirs = canonical(ours).split("\n"), canonical(theirs).split("\n")
    return ours == theirs or (not ordered and sorted(ours) == sorted(theirs))


def same_rows(rows, query, schema, ordered):
    wanted = mask(query.output)
    ours = without_traceback("\n".join(rows))
    if ours == wanted or without_traceback("\n".join(sorted_as_java(rows))) == wanted:
        return True
    same_set = sorted(ours.split("\n")) == sorted(wanted.split("\n"))
    if same_set:
        return not ordered
    return bool(re.search("double|float", schema + query.schema)) and equal_floats(ours, wanted, ordered)


def plain_schema(text):
    """The Python client cannot tell an explicit UTF8_BINARY from the default."""
    return mask(text).replace(" collate UTF8_BINARY", "")


class File:
    """One golden file, asked through one session."""

    def __init__(self, data, name, session, limit):
        self.data, self.name, self.session, self.limit = data, name, session, limit
        self.queries = read_results(data / f"sql-tests/results/{name}.out")
        newer = data / f"sql-tests/results/{name}.out.java21"
        self.alternatives = read_results(newer) if newer.exists() else []
        self.settings = file_settings(data / f"sql-tests/inputs/{name}")
        self.text = HiveText("America/Los_Angeles", dict(self.settings).get("spark.sql.binaryOutputStyle", "UTF-8"))

    # ---- before the queries ----

    def try_sql(self, *statements):
        for statement in statements:
            try:
                connection.within(20, lambda: self.session.sql(statement).collect())
            except Exception:
                continue  # what is not there shows in the verdicts of the queries that need it

    def set(self, settings):
        for key, value in settings:
            try:
                connection.within(20, lambda: self.session.conf.set(key, value))
            except Exception:
                self.try_sql(f"set {key}={value}")

    def frame(self, table):
        make = self.session.createDataFrame
        if table == "testdata":
            return make([(i, str(i)) for i in range(1, 101)], "key int, value string")
        if table == "arraydata":
            return make(
                [([1, 2, 3], [[1, 2, 3]]), ([2, 3, 4], [[2, 3, 4]])],
                "arraycol array<int>, nestedarraycol array<array<int>>",
            )
        if table == "mapdata":
            return make(
                [({key: "abcde"[key - 1] + str(row) for key in range(1, 7 - row)},) for row in range(1, 6)],
                "mapcol map<int,string>",
            )
        source, columns = FROM_POSTGRES[table]
        arrow = {"int": pa.int32(), "float": pa.float32(), "string": pa.string()}
        types = dict(column.split(" ") for column in columns.split(","))
        return make(
            pa.csv.read_csv(
                self.data / "test-data/postgresql" / source,
                read_options=pa.csv.ReadOptions(column_names=list(types)),
                parse_options=pa.csv.ParseOptions(delimiter="\t"),
                convert_options=pa.csv.ConvertOptions(column_types={name: arrow[kind] for name, kind in types.items()}),
            )
        )

    def make_table(self, table):
        """A table, or a view where the server has no tables."""
        frame = self.frame(table)
        ways = (
            lambda: frame.coalesce(1).write.format("parquet").mode("overwrite").saveAsTable(table),
            lambda: frame.createOrReplaceTempView(table),
        )
        for way in ways:
            try:
                connection.within(60, way)
                connection.within(20, lambda: self.session.table(table).limit(1).collect())
                return
            except Exception:
                continue

    def prepare(self):
        folder = self.name.split("/")[0]
        text = "\n".join(query.sql for query in self.queries).lower()
        self.set(SETTINGS)
        everything = self.name in ("show-tables.sql", "show-views.sql")
        for table in TABLES:
            if everything or re.search(rf"\b{table}\b", text):
                self.make_table(table)
        self.set((*BY_FOLDER.get(folder, (ANSI,)), *self.settings))
        if folder == "postgreSQL" and re.search(r"\b(booleq|boolne|vol)\b", text):
            self.try_sql(
                "CREATE OR REPLACE TEMPORARY FUNCTION booleq(b1 BOOLEAN, b2 BOOLEAN) RETURNS BOOLEAN RETURN b1 = b2",
                "CREATE OR REPLACE TEMPORARY FUNCTION boolne(b1 BOOLEAN, b2 BOOLEAN) RETURNS BOOLEAN RETURN b1 <> b2",
                "CREATE OR REPLACE TEMPORARY FUNCTION vol(s STRING) RETURNS STRING RETURN s",
            )
        if self.name == "pipe-operators.sql":
            tables = json.loads((self.data / "tpcds_schema.json").read_text())
            self.try_sql(*(f"CREATE TABLE `{table}` ({columns}) USING parquet" for table, columns in tables.items()))

    # ---- one query ----

    def rows(self, query, table, schema):
        """(lines as the suite prints them, whether their order is the server's own)."""
        fields = schema.fields
        columns = [
            ["NULL" if text is None else text for text in self.text.texts(table.column(i), fields[i].dataType)]
            for i in range(table.num_columns)
        ]
        words = [word for _, word in query.tokens()[:2]]
        describes = bool(words) and words[0] in ("DESC", "DESCRIBE")
        if describes and [field.name for field in fields] == ["col_name", "data_type", "comment"]:
            columns[2] = ["" if text == "NULL" else text for text in columns[2]]
            return ["\t".join(f"{text:20}" for text in row) for row in zip(*columns)], True
        if words in (["SHOW", "TABLES"], ["SHOW", "VIEWS"]) and len(fields) == 3:
            return columns[1], False
        if not columns:
            return [""] * table.num_rows, False
        return ["\t".join(row) for row in zip(*columns)], describes

    def judge_error(self, query, error):
        found = connection.describe(error)
        condition = found["condition"] or ""
        told = {"got": condition or found["name"], "message": found["message"][:300]}
        if connection.is_transport(error) or condition.startswith("INTERNAL_ERROR"):
            return dict(told, verdict="internal")
        expected = query.expected_error()
        if not expected:
            return dict(told, verdict="refused")
        java_class, wanted, first_line = expected
        told["want"] = wanted or java_class
        if wanted:
            same = condition == wanted
        elif first_line and first_line != "null":
            same = first_line[:60] in found["message"]
        else:
            same = java_class in found["types"]
        return {"verdict": "same error"} if same else dict(told, verdict="other error")

    def judge_rows(self, query, table, schema):
        expected = query.expected_error()
        if expected:
            return {"verdict": "wrong", "want": expected[1] or expected[0], "got": "an answer"}
        try:
            rows, presorted = self.rows(query, table, schema)
        except Exception as error:  # what the server sent cannot be read by the client's own means
            return {"verdict": "wrong", "got": f"the client cannot read the result: {error}"[:300]}
        text, tokens = schema.simpleString(), query.tokens()
        rows = [mask(row) for row in rows]
        ordered = presorted or any(a == (0, "ORDER") and b == (0, "BY") for a, b in zip(top(tokens), top(tokens)[1:]))
        if same_rows(rows, query, text, ordered):
            return (
                {"verdict": "exact"}
                if plain_schema(text) == plain_schema(query.schema)
                else {"verdict": "schema", "got": text[:300]}
            )
        command = tokens and tokens[0][1] not in ("SELECT", "WITH", "FROM", "VALUES", "TABLE", "(")
        if command and query.schema == "struct<>" and not query.output:
            return {"verdict": "schema", "got": rows[:3]}
        return {"verdict": "wrong", "got": "\n".join(rows)[:600]}

    def ask(self, query):
        def answer():
            return connection.collect(self.session.sql(query.sql))

        try:
            table, schema = connection.within(self.limit, answer, self.session.interruptAll)
        except connection.OutOfTime:
            return {"verdict": "timeout"}
        except Exception as error:
            return self.judge_error(query, error)
        return self.judge_rows(query, table, schema)

    def run(self, put, alive):
        """Asks every query and hands each verdict to put(verdict); after the server's death or four timeouts no more is asked."""
        self.prepare()
        timeouts = 0
        for i, query in enumerate(self.queries):
            verdict = self.ask(query)
            if (
                verdict["verdict"] in ("wrong", "schema")
                and i < len(self.alternatives)
                and self.alternatives[i] != query
            ):
                again = self.ask(self.alternatives[i])
                verdict = again if again["verdict"] == "exact" else verdict
            dead = not alive()
            put({"verdict": "internal", "got": "the server died"} if dead else verdict)
            timeouts += verdict["verdict"] == "timeout"
            if timeouts == TIMEOUTS_BEFORE_GIVING_UP or dead:
                return
            self.follow_time_zone(query)

    def follow_time_zone(self, query):
        if re.match(r"\s*(set|reset)", query.sql, re.I) and re.search(r"time\s*zone", query.sql, re.I):
            zone = connection.within(10, lambda: self.session.conf.get("spark.sql.session.timeZone"))
            self.text = HiveText(zone, self.text.binary_style)


def top(tokens):
    return [token for token in tokens if token[0] == 0]
