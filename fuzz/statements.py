#!/usr/bin/env python3
"""./dev fuzz sql: statements made up at random over the whole catalogue, run in a process that is watched.

    statements.py --program build-asan/fuzz/statements [--minutes 1] [--statements N] [--seed 1]

A statement is made from forms: a text with typed holes and the type of what it gives. Those of functions and operators are found when it
starts, by asking the analyzer which arguments each row of the catalogue takes, so a new function needs nothing here; what asks for texts of
a kind (JSON, patterns, zones) is written out in SHAPES. Forms fill each other's holes, and make select lists, conditions, groups, windows,
joins, subqueries, lateral views, pivots and set operations. The same seed and catalogue make the same statements.

What counts as found: the process dies (a sanitizer's report, a vector that the checker refuses, an assertion), a statement takes more than
CPU_SECONDS, an error is INTERNAL_ERROR or has the engine's words, or the same statement answers otherwise when it is run again, or through
a view, a subquery or a common table expression. It is shrunk while it fails in the same way, and printed. The exit status is 1 then.
"""

import argparse
import collections
import os
import pathlib
import random
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CPU_SECONDS = 20  # of one statement, under the sanitizers
STILL_SECONDS = 60  # without an answer and without using the processor
STATEMENTS_PER_PROCESS = 4000  # then a fresh one: the leak checker speaks at the end
PROBES = 14  # times that a function's arguments are guessed
AT_END = "at the end of a process: "
SHRINK_SECONDS = 90
SHRINK_TRIES = 600
INTERNAL = ("HR_E_INTERNAL", "HR_E_INVALID")  # what clients see as INTERNAL_ERROR
ENGINE_WORDS = re.compile(
    r"[Dd]uck[Dd][Bb]|(Binder|Catalog|Parser|Conversion|Invalid Input|Invalid Type|Not implemented|INTERNAL|Out of Range|Out of Memory|"
    r"Constraint|Mismatch Type|Serialization|Sequence|Dependency|Executor|Parameter[\w ]*) Error\b|\bLINE \d+:"
)
AGGREGATE, WINDOW, GENERATOR, VOLATILE = 1, 2, 4, 8  # flags of the catalogue: analyze/catalogue.h


class Died(Exception):
    """The process ended; its text is what it said."""


class Hung(Exception):
    """A statement took too long."""


class Ended(Exception):
    """A process that had run its statements said something at its end: what leaked, of whichever of them."""


# ---- the process ----

Answer = collections.namedtuple("Answer", "code condition rows digest ms text")


class Program:
    """The process that runs statements; a new one takes the place of one that ended, with the same views."""

    def __init__(self, path):
        self.path, self.process, self.served, self.setup = path, None, 0, []

    def start(self):
        env = dict(os.environ, HEADRACE_CHECK_VECTORS="1")
        env.setdefault(
            "ASAN_OPTIONS", "detect_leaks=1:abort_on_error=1:allocator_may_return_null=1:quarantine_size_mb=64"
        )
        env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
        env.setdefault("LSAN_OPTIONS", f"suppressions={ROOT}/test/lsan.supp:print_suppressions=0")
        self.errors = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(
            [self.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=env,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (256 << 20, resource.RLIM_INFINITY)),
        )
        self.served = 0
        for request, sql in self.setup:
            answer = self.exchange(request, sql)
            if answer.code != "HR_OK":
                raise SystemExit(f"statements: {request}: {answer.text}")

    def stop(self):
        """Ends it in peace; raises Ended."""
        if self.process is None:
            return
        self.process.stdin.close()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Ended("it does not end") from None
        try:
            if self.process.returncode:
                self.died()
        except Died as error:
            raise Ended(str(error)) from None
        self.process = None

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def died(self):
        status = self.process.wait()
        self.errors.seek(0)
        text = self.errors.read()
        self.process = None
        raise Died(text or f"ended by {signal.Signals(-status).name if status < 0 else status}")

    def cpu(self):
        try:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait(self):
        """Until the answer begins; raises Hung."""
        began_cpu, since, last = self.cpu(), time.monotonic(), -1.0
        while not select.select([self.process.stdout], [], [], 2)[0]:
            used = self.cpu() - began_cpu
            if used > last:
                since, last = time.monotonic(), used
            if used > CPU_SECONDS or time.monotonic() - since > STILL_SECONDS:
                self.kill()
                raise Hung(f"more than {CPU_SECONDS} s of processor time" if used > CPU_SECONDS else "it stands still")

    def exchange(self, request, sql):
        data = sql.encode() if sql is not None else b""
        try:
            self.process.stdin.write((request if sql is None else f"{request} {len(data)}").encode() + b"\n" + data)
            self.process.stdin.flush()
        except BrokenPipeError:
            self.died()
        self.wait()
        line = self.process.stdout.readline().split()
        if not line:
            self.died()
        if len(line) != 6:
            self.kill()
            raise Died(f"it answers {b' '.join(line)[:200]!r}")
        code, condition, rows, digest, ms, length = (field.decode() for field in line)
        text = self.process.stdout.read(int(length))
        if len(text) != int(length):
            self.died()
        return Answer(code, condition, int(rows), digest, int(ms), text.decode(errors="replace"))

    def refresh(self):
        """A fresh process when this one has run its share: between statements, since a new one has no view of the last. Raises Ended."""
        if self.process is not None and self.served >= STATEMENTS_PER_PROCESS:
            self.stop()

    def ask(self, request, sql=None):
        """The answer; raises Died or Hung."""
        if self.process is None:
            self.start()
        self.served += 1
        return self.exchange(request, sql)


# ---- trees of text, which can be made smaller ----


class Node:
    """A piece of a statement: texts and other pieces. Kind says what may stand for it: a smaller piece inside it of the same kind, or LEAST."""

    __slots__ = ("kind", "parts", "text")

    def __init__(self, kind, *parts):
        self.kind, self.parts = kind, parts
        self.text = "".join(part if isinstance(part, str) else part.text for part in parts)


LEAST = {
    "expr": ["NULL", "1", "'a'", "true"],
    "query": ["SELECT 1 AS o0", "SELECT * FROM numbers"],
    "optional": [""],
    "from": ["numbers AS q0"],
}


def paths(node, at=()):
    """Every piece, the largest first."""
    found = []
    queue = collections.deque([(at, node)])
    while queue:
        at, node = queue.popleft()
        found.append((at, node))
        queue.extend((at + (i,), part) for i, part in enumerate(node.parts) if isinstance(part, Node))
    return sorted(found, key=lambda pair: -len(pair[1].text))


def replaced(node, at, new):
    if not at:
        return new
    parts = list(node.parts)
    parts[at[0]] = replaced(parts[at[0]], at[1:], new)
    return Node(node.kind, *parts)


def smaller(node):
    """Every tree that is this one with one piece made smaller."""
    for at, piece in paths(node):
        if piece.kind not in LEAST:
            continue
        for text in LEAST[piece.kind]:
            if len(text) < len(piece.text):
                yield replaced(node, at, Node("least", text))
        for _, inner in paths(piece)[1:]:
            if inner.kind == piece.kind and len(inner.text) < len(piece.text):
                yield replaced(node, at, inner)


# ---- types, values, tables ----

VALUES = {
    "boolean": ["true", "false"],
    "tinyint": ["0Y", "7Y", "-128Y", "127Y"],
    "smallint": ["0S", "-1S", "32767S"],
    "int": ["0", "1", "2", "3", "-1", "7", "100", "-2147483648", "2147483647"],
    "bigint": ["0L", "1L", "5L", "-3L", "9223372036854775807L", "(-9223372036854775807L - 1L)"],
    "float": ["0.0F", "1.5F", "-0.0F", "3.4028235E38F", "CAST('NaN' AS FLOAT)", "CAST('Infinity' AS FLOAT)"],
    "double": [
        "0.0D",
        "0.5D",
        "1.0D",
        "-2.25D",
        "1E300D",
        "-0.0D",
        "CAST('NaN' AS DOUBLE)",
        "CAST('-Infinity' AS DOUBLE)",
    ],
    "decimal(10,2)": [
        "CAST('0.00' AS DECIMAL(10,2))",
        "CAST('1.25' AS DECIMAL(10,2))",
        "CAST('-99999999.99' AS DECIMAL(10,2))",
    ],
    "decimal(38,18)": [
        "CAST('0.5' AS DECIMAL(38,18))",
        "CAST('12345678901234567890.123456789012345678' AS DECIMAL(38,18))",
    ],
    "string": [
        "''",
        "'a'",
        "'abc'",
        "'A b,c;d'",
        "'12'",
        "'-1.5e2'",
        "'2020-02-29'",
        "'a text of more than twelve bytes'",
        "'ünïcödé 日本'",
        "'%_\\\\'",
        "repeat('xy', 30)",
    ],
    "binary": ["X''", "X'00FF'", "CAST('bytes of some length' AS BINARY)"],
    "date": ["DATE'2020-02-29'", "DATE'1970-01-01'", "DATE'0001-01-01'", "DATE'9999-12-31'", "DATE'1582-10-15'"],
    "timestamp": [
        "TIMESTAMP'2020-02-29 12:34:56.789'",
        "TIMESTAMP'1970-01-01 00:00:00'",
        "TIMESTAMP'2021-03-14 02:30:00'",
        "TIMESTAMP'9999-12-31 23:59:59.999999'",
        "TIMESTAMP'0001-01-01 00:00:00'",
    ],
    "timestamp_ntz": ["TIMESTAMP_NTZ'2020-02-29 12:34:56'", "TIMESTAMP_NTZ'1900-01-01 00:00:00.000001'"],
    "interval month": ["INTERVAL '3' MONTH", "INTERVAL '-1' MONTH"],
    "interval year to month": ["INTERVAL '1-2' YEAR TO MONTH"],
    "interval day to second": ["INTERVAL '1 02:03:04.5' DAY TO SECOND", "INTERVAL '-0 00:00:01' DAY TO SECOND"],
    "interval hour": ["INTERVAL '5' HOUR"],
    "array<int>": ["array(1, NULL, 3)", "CAST(array() AS ARRAY<INT>)", "array(2, 2, 1)"],
    "array<string>": ["array('x', NULL, 'y')", "array('')"],
    "array<array<int>>": ["array(array(1), NULL, array(NULL, 2))"],
    "map<string,int>": ["map('k', 1, 'l', CAST(NULL AS INT))", "map('a', 1)"],
    "map<int,array<string>>": ["map(1, array('z', NULL), 2, NULL)"],
    "struct<f:int,g:string>": [
        "named_struct('f', 1, 'g', 'y')",
        "named_struct('f', CAST(NULL AS INT), 'g', CAST(NULL AS STRING))",
    ],
    "struct<f:struct<h:double>,g:array<int>>": ["named_struct('f', named_struct('h', 0.5D), 'g', array(1))"],
    "array<struct<f:int,g:string>>": [
        "array(named_struct('f', 1, 'g', 'y'), NULL)",
        "array(named_struct('f', 2, 'g', CAST(NULL AS STRING)))",
    ],
    "void": ["NULL"],
}
TYPES = list(VALUES)
FLAT = [name for name in TYPES if "<" not in name and "interval" not in name and name != "void"]
NUMERIC = ["int", "bigint", "double", "decimal(10,2)", "smallint", "tinyint", "float", "decimal(38,18)"]

# texts of a kind
POOLS = {
    "json": [
        '\'{"a":1,"b":["x",null],"c":{"d":2.5}}\'',
        "'[1,2,3]'",
        '\'{"a":"1"}\'',
        "'{'",
        "''",
        "'null'",
        "'{\"a\":null}'",
        '\'[{"a":1},{"b":2}]\'',
    ],
    "schema": [
        "'a INT, b ARRAY<STRING>'",
        "'a STRING, c STRUCT<d: DOUBLE>'",
        "'ARRAY<INT>'",
        "'MAP<STRING, STRING>'",
        "'a BIGINT, _corrupt_record STRING'",
        "'a DECIMAL(5,1)'",
        "'ARRAY<STRUCT<a: INT, b: INT>>'",
    ],
    "flat": ["'a INT, b STRING'", "'a DATE, b DOUBLE, c TIMESTAMP'", "'a STRING'", "'a BOOLEAN, b DECIMAL(9,3)'"],
    "csv": ["'1,x'", "'2020-02-29,1.5,2020-02-29 01:02:03'", "'\"a,b\",c'", "''", "','", "'true,1.25'"],
    "mode": ["'PERMISSIVE'", "'FAILFAST'"],
    "pattern": [
        "'yyyy-MM-dd'",
        "'yyyy-MM-dd HH:mm:ss'",
        "'MMM d, yy'",
        "'EEEE'",
        "'D'",
        "'hh:mm a'",
        "'SSS'",
        "'Q'",
        "'bad pattern'",
        "''",
    ],
    "time": ["'2020-02-29'", "'2020-02-29 01:02:03'", "'1.1.2020'", "'23:59'", "'Feb 3, 21'", "'2020-02-30'", "'x'"],
    "zone": ["'UTC'", "'Europe/Paris'", "'+05:30'", "'Nowhere/Land'", "'America/Los_Angeles'"],
    "unit": [
        "'YEAR'",
        "'quarter'",
        "'MONTH'",
        "'week'",
        "'DAY'",
        "'HOUR'",
        "'minute'",
        "'SECOND'",
        "'MICROSECOND'",
        "'MILLENNIUM'",
        "'x'",
    ],
    "regex": ["'a'", "'(a)(b)?'", "'[a-z]+'", "'^$'", "'.*?'", "'(?i)A'", "'('", "'\\\\d+'", "'(x|y)*'"],
    "like": ["'%a%'", "'_b_'", "''", "'a\\\\%'", "'%'"],
    "path": ["'$.a'", "'$.b[0]'", "'$'", "'$.c.d'", "'$[*].a'", "'a'", "''"],
    "url": ["'http://user@host:80/p/a?q=1&r=2#f'", "'nothing'", "''"],
    "part": ["'HOST'", "'QUERY'", "'PATH'", "'REF'", "'x'"],
    "charset": ["'UTF-8'", "'UTF-16'", "'US-ASCII'", "'latin'"],
    "printf": ["'%d'", "'%s'", "'%5.2f'", "'%x %%'", "'%'"],
    "numbers": ["'#,###.00'", "'0'", "'999'"],
    "small": ["0", "1", "2", "3", "-1", "10"],
    "fraction": ["0.5D", "0.0D", "1.0D", "array(0.25D, 0.75D)", "0.95BD"],
}

SHAPES = """
from_json({string:json}, {=schema})
from_json({string:json}, {=schema}, map('mode', {=mode}))
schema_of_json({=json})
get_json_object({string:json}, {string:path})
json_array_length({string:json})
json_object_keys({string:json})
from_csv({string:csv}, {=flat})
from_csv({string:csv}, {=flat}, map('sep', ';'))
schema_of_csv({=csv})
to_csv(named_struct('a', {int}, 'b', {string}, 'c', {timestamp}))
to_json(named_struct('a', {int}, 'b', {array<string>}, 'c', {map<string,int>}))
to_json({map<string,int>})
to_json({array<struct<f:int,g:string>>})
date_format({timestamp}, {string:pattern})
to_timestamp({string:time}, {string:pattern})
try_to_timestamp({string:time}, {string:pattern})
to_date({string:time}, {string:pattern})
unix_timestamp({string:time}, {string:pattern})
from_unixtime({bigint}, {string:pattern})
date_trunc({string:unit}, {timestamp})
trunc({date}, {string:unit})
extract(YEAR FROM {timestamp})
extract(SECOND FROM {interval day to second})
date_part({=unit}, {date})
from_utc_timestamp({timestamp}, {string:zone})
to_utc_timestamp({timestamp}, {string:zone})
convert_timezone({string:zone}, {string:zone}, {timestamp_ntz})
make_timestamp({int:small}, {int:small}, {int:small}, {int:small}, {int:small}, {double})
timestampadd(HOUR, {int}, {timestamp})
timestampdiff(MONTH, {timestamp}, {timestamp})
window({timestamp}, '1 hour').start
sequence({int:small}, {int:small})
sequence({date}, {date}, INTERVAL '100' YEAR)
sequence({timestamp}, {timestamp}, INTERVAL '2000000' DAY)
{string} LIKE {string:like}
{string} LIKE {string:like} ESCAPE '!'
{string} ILIKE {string:like}
{string} LIKE ALL ({string:like}, {string:like})
{string} RLIKE {string:regex}
regexp_replace({string}, {string:regex}, {string})
regexp_extract({string}, {string:regex}, {int:small})
regexp_extract_all({string}, {string:regex}, {int:small})
regexp_instr({string}, {string:regex})
regexp_substr({string}, {string:regex})
regexp_count({string}, {string:regex})
split({string}, {string:regex})
split({string}, {string:regex}, {int:small})
split_part({string}, {string}, {int:small})
str_to_map({string}, ',', ':')
parse_url({string:url}, {string:part})
encode({string}, {string:charset})
decode({binary}, {string:charset})
format_string({=printf}, {int})
format_number({double}, {int:small})
to_number({string}, {=numbers})
to_char({decimal(10,2)}, {=numbers})
conv({string}, {int:small}, {int:small})
lpad({string}, {int:small}, {string})
rpad({string}, {int:small}, {string})
repeat({string}, {int:small})
space({int:small})
substring({string} FROM {int:small} FOR {int:small})
overlay({string} PLACING {string} FROM {int:small})
trim(BOTH {string} FROM {string})
position({string} IN {string})
substring_index({string}, {string}, {int:small})
translate({string}, {string}, {string})
array_repeat({int}, {int:small})
array_repeat({string}, {int:small})
slice({array<int>}, {int:small}, {int:small})
element_at({array<int>}, {int:small})
element_at({map<string,int>}, {string})
try_element_at({array<string>}, {int:small})
({array<int>})[{int:small}]
({array<struct<f:int,g:string>>})[{int:small}]
({map<string,int>})[{string}]
({struct<f:int,g:string>}).f
({struct<f:int,g:string>}).g
({struct<f:struct<h:double>,g:array<int>>}).f.h
({struct<f:struct<h:double>,g:array<int>>}).g
({array<struct<f:int,g:string>>}).g
transform({array<int>}, x -> {int|x:int})
transform({array<int>}, (x, i) -> {string|x:int,i:int})
transform({array<string>}, x -> {struct<f:int,g:string>|x:string})
transform({array<struct<f:int,g:string>>}, x -> {string|x.f:int,x.g:string})
transform({array<array<int>>}, y -> transform(y, x -> {int|x:int,y:array<int>}))
filter({array<int>}, x -> {boolean|x:int})
filter({array<string>}, (x, i) -> {boolean|x:string,i:int})
exists({array<int>}, x -> {boolean|x:int})
forall({array<string>}, x -> {boolean|x:string})
aggregate({array<int>}, {bigint}, (acc, x) -> CAST({int|acc:bigint,x:int} AS BIGINT))
reduce({array<string>}, {string}, (acc, x) -> {string|acc:string,x:string}, acc -> {int|acc:string})
zip_with({array<int>}, {array<string>}, (x, y) -> {string|x:int,y:string})
array_sort({array<int>}, (x, y) -> {int|x:int,y:int})
map_filter({map<string,int>}, (k, v) -> {boolean|k:string,v:int})
transform_keys({map<string,int>}, (k, v) -> {string|k:string,v:int})
transform_values({map<string,int>}, (k, v) -> {array<string>|k:string,v:int})
map_zip_with({map<string,int>}, {map<string,int>}, (k, v, w) -> {int|k:string,v:int,w:int})
map_from_arrays({array<string>}, {array<int>})
map_from_entries(array(struct({string}, {int})))
struct({int}, {string})
named_struct('f', {int}, 'g', {string})
named_struct('f', named_struct('h', {double}), 'g', {array<int>})
map({string}, {int})
map({int}, {array<string>})
array({struct<f:int,g:string>}, {struct<f:int,g:string>})
arrays_zip({array<int>}, {array<string>})
flatten({array<array<int>>})
NOT {boolean}
({boolean} AND {boolean})
({boolean} OR {boolean})
CASE WHEN {boolean} THEN {string} WHEN {boolean} THEN {string} ELSE {string} END
CASE {int} WHEN {int} THEN {array<int>} ELSE {array<int>} END
CASE {string} WHEN {string} THEN {struct<f:int,g:string>} END
({boolean} IS NOT TRUE)
({struct<f:int,g:string>} = {struct<f:int,g:string>})
(({int}, {string}) IN (({int}, {string}), ({int}, {string})))
({date} + {int:small})
({date} + {interval month})
({timestamp} + {interval day to second})
({timestamp} - {timestamp})
({date} - {date})
({interval month} * {int:small})
({string} || {string})
({array<int>} || {array<int>})
concat({string}, {string}, {string})
concat_ws({string}, {array<string>}, {string})
format_string('%s', {string})
hash({struct<f:int,g:string>}, {array<int>}, {decimal(38,18)})
xxhash64({map<int,array<string>>}, {double})
nvl2({string}, {int}, {int})
try_divide({double}, {double})
try_add({bigint}, {bigint})
width_bucket({double}, {double}, {double}, {bigint})
bround({decimal(10,2)}, {=small})
round({double}, {=small})
current_date()
""".strip().splitlines()

# the same for each type
TYPED_SHAPES = """
CASE WHEN {boolean} THEN {T} ELSE {T} END
if({boolean}, {T}, {T})
coalesce({T}, {T})
nullif({T}, {T})
greatest({T}, {T})
array({T}, {T})
({T} IN ({T}, {T}))
({T} BETWEEN {T} AND {T})
({T} IS NULL)
({T} = {T})
({T} < {T})
({T} <=> {T})
({T} IS DISTINCT FROM {T})
CAST({T} AS STRING)
TRY_CAST({string} AS T)
map({string}, {T})
named_struct('a', {T}, 'b', {int})
hash({T})
to_json(named_struct('a', {T}))
array_contains(array({T}), {T})
array_distinct(array({T}, {T}))
array_union(array({T}), array({T}, {T}))
array_position(array({T}, {T}), {T})
sort_array(array({T}, {T}))
typeof({T})
""".strip().splitlines()

AGGREGATE_SHAPES = """
count(*)
count(DISTINCT {string}, {int})
percentile({double}, {=fraction})
percentile_approx({double}, {=fraction})
percentile_cont(0.5) WITHIN GROUP (ORDER BY {double})
percentile_disc(0.5) WITHIN GROUP (ORDER BY {double})
mode() WITHIN GROUP (ORDER BY {string})
listagg({string}, ',') WITHIN GROUP (ORDER BY {string})
approx_count_distinct({string})
max_by({struct<f:int,g:string>}, {int})
min_by({array<int>}, {double})
first({array<string>}, true)
any_value({struct<f:int,g:string>})
collect_list({struct<f:int,g:string>})
collect_set({array<int>})
collect_list({map<string,int>})
max({struct<f:int,g:string>})
min({array<int>})
sum({interval day to second})
avg({interval month})
sum({decimal(38,18)})
count_if({boolean})
map_from_entries(collect_list(struct({string}, {int})))
array_sort(collect_set({string}))
transform(collect_list({int}), x -> {int|x:int})
size(collect_list({double}))
""".strip().splitlines()

OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "div",
    "%",
    "&",
    "|",
    "^",
    "||",
    "=",
    "<=>",
    "<",
    ">=",
    "!=",
    "<<",
    ">>",
    ">>>",
    "AND",
    "OR",
]
NOT_CALLED = {
    "raise_error",
    "assert_true",
    "grouping",
    "grouping_id",
    "input_file_name",
    "input_file_block_start",
    "input_file_block_length",
    "window",
    "session_window",
    "when",
}
UNSURE = re.compile(
    r"\b(rand|randn|random|uuid|shuffle|randstr|uniform|monotonically_increasing_id|spark_partition_id|TABLESAMPLE|first|first_value|last|last_value|any_value|"
    r"collect_list|collect_set|array_agg|listagg|string_agg|mode|max_by|min_by|LIMIT|OFFSET|OVER|approx_count_distinct|percentile_approx|"
    r"approx_percentile|sum|avg|mean|try_sum|try_avg|stddev\w*|std|var\w*|corr|covar\w*|skewness|kurtosis|regr_\w*|product)\b",
    re.I,
)
VOLATILE_WORDS = re.compile(r"\b(rand|randn|random|uuid|shuffle|randstr|uniform|TABLESAMPLE)\b", re.I)

LETTERS = {
    "s": ["string"],
    "t": ["string", "binary"],
    "i": ["int"],
    "I": ["int", "smallint", "tinyint"],
    "l": ["bigint", "int"],
    "d": ["double", "float", "int"],
    "n": NUMERIC,
    "x": ["int", "bigint", "smallint", "tinyint"],
    "b": ["boolean"],
    "y": ["binary", "string"],
    "c": ["decimal(10,2)", "decimal(38,18)"],
    "D": ["date"],
    "T": ["timestamp", "timestamp_ntz"],
    "U": ["timestamp", "date"],
    "w": ["timestamp", "timestamp_ntz"],
    "X": ["timestamp"],
    "A": [name for name in TYPES if name.startswith("array")],
    "M": [name for name in TYPES if name.startswith("map")],
    "C": [name for name in TYPES if name.startswith(("array", "map"))],
    "S": [name for name in TYPES if name.startswith("struct")],
}

TABLES = {
    "numbers": ["int", "bigint", "double", "decimal(10,2)", "tinyint", "boolean"],
    "texts": ["string", "binary", "string", "int"],
    "times": ["date", "timestamp", "timestamp_ntz", "interval day to second", "interval month", "int"],
    "nested": [
        "int",
        "array<int>",
        "map<string,int>",
        "struct<f:int,g:string>",
        "array<struct<f:int,g:string>>",
        "array<string>",
    ],
    "deep": ["map<int,array<string>>", "struct<f:struct<h:double>,g:array<int>>", "array<array<int>>", "string"],
}
TABLE_ROWS = 7
LARGE = (
    "large",
    [("id", "bigint"), ("k", "int"), ("s", "string"), ("a", "array<int>"), ("st", "struct<f:int,g:string>")],
)
LARGE_SQL = (
    "SELECT id, CAST(id % 7 AS INT) AS k, CASE WHEN id % 5 > 0 THEN concat('s', id % 13, repeat('-', CAST(id % 19 AS INT))) END AS s, "
    "CASE WHEN id % 3 > 0 THEN sequence(1, CAST(id % 4 AS INT) + 1) END AS a, "
    "CASE WHEN id % 4 > 0 THEN named_struct('f', CAST(id AS INT), 'g', CASE WHEN id % 6 > 0 THEN 'g' END) END AS st FROM range(2500)"
)


def null_of(name):
    return "NULL" if name == "void" else f"CAST(NULL AS {name})"


def table_sql(types):
    rows = []
    for row in range(TABLE_ROWS):
        cells = []
        for i, name in enumerate(types):
            values = VALUES[name] + [null_of(name)]
            cells.append(f"CAST({values[(row + 2 * i) % len(values)]} AS {name})")
        rows.append(f"({', '.join(cells)})")
    return f"SELECT * FROM VALUES {', '.join(rows)} AS t({', '.join(f'c{i}' for i in range(len(types)))})"


# ---- forms ----

Form = collections.namedtuple("Form", "parts holes result")
Hole = collections.namedtuple("Hole", "type pool literal lambdas")
Column = collections.namedtuple("Column", "node type")


def parse_hole(text):
    if text.startswith("="):
        return Hole("string", text[1:], True, ())
    text, _, variables = text.partition("|")
    pool = ""
    if ":" in text and "<" not in text:
        text, _, pool = text.partition(":")
    pairs = re.findall(r"([\w.]+):((?:[^,<]|<[^>]*>+)+)", variables)
    return Hole(text, pool, False, tuple(pairs))


def parse_form(text):
    pieces = re.split(r"\{([^}]*)\}", text)
    return pieces[::2], [parse_hole(hole) for hole in pieces[1::2]]


def fields_of(schema):
    """[(name, type)] of struct<…> as the analyzer prints it."""
    fields, depth, start, body = [], 0, 0, schema[len("struct<") : -1]
    for i, char in enumerate(body + ","):
        depth += (char in "<(") - (char in ">)")
        if char == "," and not depth:
            name, _, kind = body[start:i].partition(":")
            if name:
                fields.append((name, kind))
            start = i + 1
    return fields


class Forms:
    """Every form that the analyzer accepts, by what it gives."""

    def __init__(self, program, seed):
        self.program, self.random = program, random.Random(seed)
        self.scalar, self.aggregate, self.window, self.generator = (collections.defaultdict(list) for _ in range(4))
        self.castable, self.wrong = {}, []
        rows = [line.split("\t") for line in program.ask("functions").text.splitlines()]
        for names, params, least, most, flags in rows:
            self.probe_function(names.split(","), params, int(least), int(most), int(flags))
        for operator in OPERATORS:
            for _ in range(3 * PROBES):
                left, right = self.random.choice(TYPES), self.random.choice(TYPES)
                self.try_form(f"({{{left}}} {operator} {{{self.random.choice((left, right))}}})", self.scalar)
        for text in SHAPES:
            self.try_form(text, self.scalar, True)
        for text in TYPED_SHAPES:
            for name in TYPES:
                self.try_form(text.replace("{T}", f"{{{name}}}").replace("AS T)", f"AS {name})"), self.scalar)
        for text in AGGREGATE_SHAPES:
            self.try_form(text, self.aggregate, True)
        self.count = sum(
            len(forms)
            for table in (self.scalar, self.aggregate, self.window, self.generator)
            for forms in table.values()
        )

    def types_for(self, letters, count):
        """Types for so many arguments, by the catalogue's letters."""
        names, repeat, plain = [], "a", letters.replace("?", "")
        common = self.random.choice(FLAT)
        for i in range(count):
            letter = plain[i] if i < len(plain) and plain[i] != "*" else repeat
            repeat = letter
            if letter == "e":
                names.append(common)
            elif letter in "aof" or letter not in LETTERS:
                names.append(common if names and self.random.random() < 0.4 else self.random.choice(TYPES))
            else:
                names.append(self.random.choice(LETTERS[letter]))
        return names

    def probe_function(self, names, params, least, most, flags):
        name = names[0]
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name) or name in NOT_CALLED or "L" in params:
            return
        table = self.scalar
        if flags & AGGREGATE:
            table = self.aggregate
        elif flags & WINDOW:
            table = self.window
        elif flags & GENERATOR:
            table = self.generator
        most = least + 2 if most < 0 else most
        for _ in range(PROBES):
            count = self.random.randint(least, most)
            holes = [f"{{{name}}}" for name in self.types_for(params, count)]
            if holes and self.random.random() < 0.25:  # what must be a literal
                holes[-1] = self.random.choice(("1", "'a'", "true", "0.5D", "-1"))
            self.try_form(f"{self.random.choice(names)}({', '.join(holes)})", table)

    def try_form(self, text, table, must=False):
        parts, holes = parse_form(text)
        filled = parts[0]
        for hole, part in zip(holes, parts[1:]):
            filled += (POOLS[hole.pool][0] if hole.pool and hole.literal else null_of(hole.type)) + part
        over = " OVER (ORDER BY 1)" if table is self.window else ""
        sql = f"SELECT {filled}{over} AS o0"
        try:
            answer = self.program.ask("analyze", sql)
        except (Died, Hung) as error:
            self.wrong.append((sql, str(error)))
            return
        if answer.code != "HR_OK":
            return
        fields = fields_of(answer.text)
        result = fields[0][1] if len(fields) == 1 else answer.text
        forms = table[result]
        if not any(form.parts == parts and form.holes == holes for form in forms):
            forms.append(Form(parts, holes, result))

    def can_cast(self, source, target):
        key = (source, target)
        if key not in self.castable:
            self.castable[key] = (
                self.program.ask("analyze", f"SELECT CAST({null_of(source)} AS {target}) AS o0").code == "HR_OK"
            )
        return self.castable[key]


# ---- statements ----


def expr(*parts):
    return Node("expr", *parts)


def listed(items):
    """Items parted by commas; all but the first may go."""
    return Node("list", *(item if not i else Node("optional", ", ", item) for i, item in enumerate(items)))


class Maker:
    """Makes one statement."""

    def __init__(self, forms, seed):
        self.forms, self.program, self.random = forms, forms.program, random.Random(seed)
        self.aliases, self.large, self.ctes = 0, 0, []

    def some(self, chance):
        return self.random.random() < chance

    def alias(self):
        self.aliases += 1
        return f"q{self.aliases}"

    # -- expressions

    def literal(self, name):
        if self.some(0.12) or name not in VALUES:
            return expr(null_of(name))
        return expr(self.random.choice(VALUES[name]))

    def leaf(self, name, scope):
        same = [column for column in scope if column.type == name]
        if same and self.some(0.85):
            return self.random.choice(same).node
        castable = [column for column in scope if column.type != name and self.forms.can_cast(column.type, name)]
        if castable and self.some(0.3):
            return expr("TRY_CAST(" if self.some(0.5) else "CAST(", self.random.choice(castable).node, f" AS {name})")
        return self.literal(name)

    def fill(self, form, scope, depth):
        parts = [form.parts[0]]
        for hole, part in zip(form.holes, form.parts[1:]):
            if hole.pool and (hole.literal or self.some(0.6)):
                parts += [expr(self.random.choice(POOLS[hole.pool])), part]
                continue
            inner = scope
            if hole.lambdas:
                inner = [Column(expr(name), kind) for name, kind in hole.lambdas] * 3 + scope
            parts += [self.expression(hole.type, inner, depth - 1), part]
        return expr(*parts)

    def expression(self, name, scope, depth):
        if depth <= 0 or self.some(0.2):
            return self.leaf(name, scope)
        chance = self.random.random()
        if chance < 0.05 and self.program:
            return self.scalar_subquery(name, scope, depth - 1)
        if chance < 0.09 and name == "boolean":
            return self.boolean_subquery(scope, depth - 1)
        if chance < 0.22:
            source = self.random.choice(list(self.forms.scalar))
            if self.forms.can_cast(source, name):
                return expr("CAST(", self.expression(source, scope, depth - 1), f" AS {name})")
        forms = self.forms.scalar.get(name)
        if not forms:
            return self.leaf(name, scope)
        return self.fill(self.random.choice(forms), scope, depth)

    def outer(self, scope):
        """What of an enclosing scope may be named inside a subquery: plain columns."""
        return [column for column in scope if re.fullmatch(r"q\d+\.`?\w+`?", column.node.text)]

    def scalar_subquery(self, name, scope, depth):
        source, inner = self.source(depth)
        seen = inner + (self.outer(scope) if self.some(0.5) else [])
        if self.some(0.6):
            aggregates = self.aggregates(seen, depth, 1)
            return expr(
                "(SELECT ",
                expr(
                    "CAST(" if aggregates[0].type != name else "(",
                    aggregates[0].node,
                    f" AS {name})" if aggregates[0].type != name else ")",
                ),
                " FROM ",
                source,
                self.where(seen, depth),
                ")",
            )
        return expr(
            "(SELECT ", self.expression(name, seen, depth), " FROM ", source, self.where(seen, depth), " LIMIT 1)"
        )

    def boolean_subquery(self, scope, depth):
        source, inner = self.source(depth)
        seen = inner + (self.outer(scope) if self.some(0.6) else [])
        if self.some(0.5):
            return expr("EXISTS (SELECT 1 FROM ", source, self.where(seen, depth), ")")
        name = self.random.choice(FLAT)
        word = " NOT IN (SELECT " if self.some(0.3) else " IN (SELECT "
        return expr(
            "(",
            self.expression(name, scope, depth),
            word,
            self.expression(name, inner, depth),
            " FROM ",
            source,
            self.where(seen, depth),
            "))",
        )

    def kind(self):
        return self.random.choice(FLAT if self.some(0.6) else TYPES)

    def aggregates(self, scope, depth, count):
        made = []
        for _ in range(count):
            result = self.random.choice(list(self.forms.aggregate))
            form = self.random.choice(self.forms.aggregate[result])
            if form.parts[0].endswith("(") and form.holes and self.some(0.12):
                form = form._replace(parts=[form.parts[0] + "DISTINCT ", *form.parts[1:]])
            node = self.fill(form, scope, min(depth, 2))
            if self.some(0.15) and not re.match(r"transform|size|array_sort|map_from", form.parts[0]):
                node = expr(
                    node, Node("optional", " FILTER (WHERE ", self.expression("boolean", scope, depth - 1), ")")
                )
            made.append(Column(node, result))
        return made

    def windows(self, scope, depth, count):
        made = []
        for _ in range(count):
            table = self.forms.window if self.some(0.5) else self.forms.aggregate
            result = self.random.choice(list(table))
            node = self.fill(self.random.choice(table[result]), scope, min(depth, 2))
            partition = (
                Node("optional", "PARTITION BY ", self.expression(self.kind(), scope, depth - 1), " ")
                if self.some(0.6)
                else ""
            )
            order = (
                Node(
                    "optional",
                    "ORDER BY ",
                    self.expression(self.random.choice(FLAT), scope, depth - 1),
                    self.direction(),
                )
                if self.some(0.8)
                else ""
            )
            frame = (
                Node(
                    "optional",
                    self.random.choice(
                        (
                            " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
                            " ROWS BETWEEN UNBOUNDED PRECEDING AND 2 FOLLOWING",
                            " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
                            " ROWS BETWEEN 2 FOLLOWING AND UNBOUNDED FOLLOWING",
                            " RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
                        )
                    ),
                )
                if order and self.some(0.3)
                else ""
            )
            made.append(Column(expr(node, " OVER (", Node("parts", partition, order, frame), ")"), result))
        return made

    def direction(self):
        return self.random.choice(("", " DESC", " NULLS LAST", " DESC NULLS FIRST"))

    # -- FROM

    def schema(self, query):
        """The columns of a query; raises ValueError when it is refused."""
        answer = self.program.ask("analyze", self.prefix() + query.text)
        if answer.code != "HR_OK":
            raise ValueError(answer.text)
        return fields_of(answer.text)

    def prefix(self):
        return (
            "WITH " + ", ".join(f"{name} AS ({query.text})" for name, query, _ in self.ctes) + " " if self.ctes else ""
        )

    def named(self, text, fields):
        alias = self.alias()
        columns = [Column(expr(f"{alias}.{name}"), kind) for name, kind in fields if re.fullmatch(r"\w+", name)]
        return (*text, f" AS {alias}"), columns

    def table(self):
        if self.ctes and self.some(0.5):
            name, _, fields = self.random.choice(self.ctes)
            parts, columns = self.named((name,), fields)
        elif self.some(0.08) and not self.large:
            self.large = 1
            parts, columns = self.named((LARGE[0],), LARGE[1])
        elif self.some(0.05):
            parts, columns = self.named((f"range({self.random.choice((0, 1, 5, 40))})",), [("id", "bigint")])
        else:
            name = self.random.choice(list(TABLES))
            parts, columns = self.named((name,), [(f"c{i}", kind) for i, kind in enumerate(TABLES[name])])
        return Node("from", *parts), columns

    def inline(self):
        kinds = [self.kind() for _ in range(self.random.randint(1, 3))]
        rows = [
            Node("row", "(", ", ".join(self.literal(kind).text for kind in kinds), ")")
            for _ in range(self.random.randint(1, 4))
        ]
        alias = self.alias()
        names = [f"c{i}" for i in range(len(kinds))]
        return (
            Node("from", "VALUES ", listed(rows), f" AS {alias}({', '.join(names)})"),
            [Column(expr(f"{alias}.{name}"), kind) for name, kind in zip(names, kinds)],
        )

    def derived(self, depth):
        query = self.query(depth - 1)
        try:
            parts, columns = self.named(("(", query, ")"), self.schema(query))
        except ValueError:
            return self.table()
        return Node("from", *parts), columns

    def primary(self, depth):
        chance = self.random.random()
        if chance < 0.22 and depth > 0:
            return self.derived(depth)
        if chance < 0.27:
            return self.inline()
        if chance < 0.33 and depth > 0:
            return self.pivot(depth)
        return self.table()

    def join(self, left, scope, depth):
        right, more = self.primary(depth - 1)
        word = self.random.choice(
            (
                " JOIN ",
                " LEFT JOIN ",
                " RIGHT JOIN ",
                " FULL JOIN ",
                " LEFT SEMI JOIN ",
                " LEFT ANTI JOIN ",
                " CROSS JOIN ",
            )
        )
        if "CROSS" in word:
            return Node("from", left, word, right), scope + more
        equal = self.condition_of_join(scope, more, depth)
        return Node(
            "from", left, word, right, " ON ", equal
        ), scope if "SEMI" in word or "ANTI" in word else scope + more

    def condition_of_join(self, left, right, depth):
        pairs = [(a, b) for a in left for b in right if a.type == b.type and "map" not in a.type]
        if not pairs or self.some(0.25):
            return self.expression("boolean", left + right, depth - 1)
        a, b = self.random.choice(pairs)
        equal = expr(a.node, self.random.choice((" = ", " = ", " <=> ", " < ")), b.node)
        return (
            expr(equal, Node("optional", " AND ", self.expression("boolean", left + right, depth - 1)))
            if self.some(0.3)
            else equal
        )

    def lateral(self, left, scope, depth):
        if self.some(0.3):
            source, inner = self.source(depth - 1)
            name = self.kind()
            alias = self.alias()
            made = self.expression(name, inner + self.outer(scope), depth - 1)
            return (
                Node(
                    "from",
                    left,
                    " JOIN LATERAL (SELECT ",
                    made,
                    " AS v FROM ",
                    source,
                    self.where(inner + self.outer(scope), depth - 1),
                    f") AS {alias}",
                ),
                scope + [Column(expr(f"{alias}.v"), name)],
            )
        result = self.random.choice(list(self.forms.generator))
        form = self.random.choice(self.forms.generator[result])
        kinds = [kind for _, kind in fields_of(result)] if result.startswith("struct<") else [result]
        if (
            form.parts[0].startswith(("explode", "posexplode", "inline", "stack", "json_tuple"))
            and result.startswith("struct<")
            and form.parts[0].startswith("explode")
        ):
            kinds = [result]
        alias = self.alias()
        names = [f"g{i}" for i in range(len(kinds))]
        word = " LATERAL VIEW OUTER " if self.some(0.3) else " LATERAL VIEW "
        return (
            Node("from", left, word, self.fill(form, scope, depth - 1), f" {alias} AS {', '.join(names)}"),
            scope + [Column(expr(f"{alias}.{name}"), kind) for name, kind in zip(names, kinds)],
        )

    def source(self, depth):
        node, scope = self.primary(depth)
        while depth > 0 and self.some(0.28):
            node, scope = self.join(node, scope, depth)
        if self.some(0.1):
            node, scope = self.lateral(node, scope, depth)
        return node, scope

    def pivot(self, depth):
        inner, fields = self.table()
        names = [(column.node.text.split(".")[1], column.type) for column in fields]
        flat = [pair for pair in names if pair[1] in FLAT]
        if len(flat) < 2:
            return self.table()
        (a, kind), (b, other) = self.random.sample(flat, 2)
        if self.some(0.5):
            values = self.random.sample(VALUES[kind], min(2, len(VALUES[kind])))
            call = self.random.choice(("count", "max", "first", "collect_list", "min"))
            made = Node(
                "query",
                f"SELECT * FROM (SELECT {a}, {b} FROM ",
                inner,
                f") PIVOT ({call}({b}) FOR {a} IN ({', '.join(f'{v} AS p{i}' for i, v in enumerate(values))}))",
            )
        else:
            made = Node(
                "query",
                f"SELECT * FROM (SELECT CAST({a} AS STRING) AS a, CAST({b} AS STRING) AS b FROM ",
                inner,
                ") UNPIVOT (v FOR n IN (a, b))",
            )
        try:
            parts, columns = self.named(("(", made, ")"), self.schema(made))
        except ValueError:
            return inner, fields
        return Node("from", *parts), columns

    # -- queries

    def where(self, scope, depth):
        return Node("optional", " WHERE ", self.expression("boolean", scope, depth)) if self.some(0.4) else ""

    def items(self, scope, depth, count):
        return [Node("item", self.expression(self.kind(), scope, depth), f" AS o{i}") for i in range(count)]

    def plain(self, depth):
        source, scope = self.source(depth)
        if self.some(0.2):
            scope = scope + 2 * self.windows(scope, depth, self.random.randint(1, 2))
        distinct = "DISTINCT " if self.some(0.1) else ""
        return Node(
            "query",
            f"SELECT {distinct}",
            listed(self.items(scope, depth, self.random.randint(1, 4))),
            " FROM ",
            source,
            self.where(scope, depth),
            self.tail(),
        )

    def grouped(self, depth):
        source, scope = self.source(depth)
        groups = [
            Column(self.expression(kind, scope, min(depth, 1)), kind)
            for kind in (self.kind() for _ in range(self.random.randint(0, 3)))
        ]
        groups = [column for column in groups if re.search(r"q\d+\.", column.node.text)]
        inner = groups + self.aggregates(scope, depth, self.random.randint(1, 3))
        items = [
            Node("item", column.node if self.some(0.6) else self.expression(column.type, inner, depth - 1), f" AS o{i}")
            for i, column in enumerate(inner)
        ]
        by = ""
        if groups:
            texts = [column.node for column in groups]
            word = self.random.choice(
                (" GROUP BY ", " GROUP BY ", " GROUP BY ROLLUP(", " GROUP BY CUBE(", " GROUP BY GROUPING SETS(")
            )
            if "SETS" in word:
                by = Node(
                    "group", word, listed([Node("set", "(", text, ")") for text in texts] + [Node("set", "()")]), ")"
                )
            else:
                by = Node("group", word, listed(texts), ")" if word.endswith("(") else "")
        having = Node("optional", " HAVING ", self.expression("boolean", inner, depth - 1)) if self.some(0.2) else ""
        return Node(
            "query", "SELECT ", listed(items), " FROM ", source, self.where(scope, depth), by, having, self.tail()
        )

    def tail(self):
        order = Node("optional", f" ORDER BY 1{self.direction()}") if self.some(0.2) else ""
        limit = Node("optional", f" LIMIT {self.random.choice((0, 1, 3, 100))}") if self.some(0.12) else ""
        return Node("tail", order, limit)

    def setop(self, depth):
        left = self.query(depth - 1)
        right = self.query(depth - 1)
        try:
            mine, theirs = self.schema(left), self.schema(right)
        except ValueError:
            return left
        count = min(len(mine), len(theirs))
        word = self.random.choice(("UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"))
        pairs = [
            (f"`{a}`" if self.some(0.8) else f"CAST(`{a}` AS STRING)", b, kind)
            for (a, kind), (b, _) in zip(mine, theirs)
        ][:count]
        lefts = ", ".join(f"{a} AS o{i}" for i, (a, _, _) in enumerate(pairs))
        rights = ", ".join(f"`{b}`" if self.some(0.5) else f"TRY_CAST(`{b}` AS {kind})" for _, b, kind in pairs)
        return Node("query", f"SELECT {lefts} FROM (", left, f") {word} SELECT {rights} FROM (", right, ")")

    def query(self, depth):
        chance = self.random.random()
        if chance < 0.12 and depth > 1:
            return self.setop(depth)
        return self.grouped(depth) if chance < 0.4 else self.plain(depth)

    def statement(self):
        depth = self.random.choice((1, 2, 2, 3, 3, 4))
        ctes = self.random.choice((0, 0, 0, 0, 1, 2))
        for i in range(ctes):
            query = self.query(depth - 1)
            try:
                self.ctes.append((f"cte{i}", query, self.schema(query)))
            except ValueError:
                continue
        query = self.query(depth)
        if not self.ctes:
            return query
        named = [Node("cte", f"{name} AS (", made, ")") for name, made, _ in self.ctes]
        return Node("query", Node("optional", "WITH ", listed(named), " "), query)


# ---- what is found ----


def told(text):
    """The line of a dead process's words that names the fault."""
    for pattern in (r"headrace: '.*", r"SUMMARY: .*", r".*runtime error: .*", r".*check failed.*", r".*assertion.*"):
        found = re.search(pattern, text, re.I)
        if found:
            return found.group()
    return text.strip().splitlines()[-1] if text.strip() else "nothing said"


def same_kind(text):
    """A message without what differs from statement to statement."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "'…'", text.split("\n")[0])
    text = re.sub(r"\(?0x[0-9a-f]+\)?|\d+", "#", text)
    return text[:140]


WRAPPERS = (
    ("a subquery", "SELECT * FROM ({sql}) AS w"),
    ("a common table expression", "WITH w AS ({sql}) SELECT * FROM w"),
    ("a union with nothing", "SELECT * FROM ({sql}) UNION ALL SELECT * FROM ({sql}) WHERE false"),
)


class Check:
    """Runs a statement and says what is wrong with it: (kind, what was said), or None."""

    def __init__(self, program):
        self.program, self.outcomes = program, collections.Counter()

    def one(self, sql):
        answer = self.program.ask("run", sql)
        if answer.code in INTERNAL:
            return answer, ("INTERNAL_ERROR " + same_kind(answer.text), answer.text)
        if answer.code != "HR_OK" and ENGINE_WORDS.search(answer.text):
            return answer, (
                "the engine's words " + same_kind(answer.text),
                f"{answer.code} {answer.condition}: {answer.text}",
            )
        return answer, None

    def again(self, sql, answer, how):
        other, wrong = self.one(sql)
        if wrong:
            return wrong
        if (answer.code == "HR_OK") != (other.code == "HR_OK"):
            return (
                f"differs through {how}",
                f"{answer.code} {answer.condition} {answer.text}\n  through {how}: {other.code} {other.condition} {other.text}",
            )
        if answer.code == "HR_OK" and (answer.rows, answer.digest, answer.text) != (
            other.rows,
            other.digest,
            other.text,
        ):
            return (
                f"differs through {how}",
                f"{answer.rows} rows, {answer.digest} {answer.text}\n  through {how}: "
                f"{other.rows} rows, {other.digest} {other.text}",
            )
        return None

    def all(self, sql):
        answer, wrong = self.one(sql)
        self.outcomes["answered" if answer.code == "HR_OK" else "refused"] += 1
        if wrong or answer.code != "HR_OK" or VOLATILE_WORDS.search(sql):
            return wrong
        wrong = self.again(sql, answer, "a second run")
        if wrong or UNSURE.search(sql):
            return wrong
        how, form = WRAPPERS[len(sql) % (len(WRAPPERS) + 1) - 1] if len(sql) % (len(WRAPPERS) + 1) else ("a view", None)
        if form:
            return self.again(form.replace("{sql}", sql), answer, how)
        made = self.program.ask("view w", sql)
        if made.code != "HR_OK":
            return "a view is refused " + same_kind(made.text), made.text
        return self.again("SELECT * FROM w", answer, how)

    def finding(self, sql):
        try:
            self.program.refresh()
            return self.all(sql)
        except Died as error:
            return "death: " + same_kind(told(str(error))), str(error)
        except Hung as error:
            return "hang", str(error)
        except Ended as error:
            return AT_END + same_kind(told(str(error))), str(error)


def shrink(check, tree, kind):
    """The smallest statement found that fails in the same way, and what is said of it."""
    until, tries, said = time.monotonic() + SHRINK_SECONDS, 0, ""
    progress = True
    while progress:
        progress = False
        for candidate in smaller(tree):
            tries += 1
            if tries > SHRINK_TRIES or time.monotonic() > until:
                return tree, said
            wrong = check.finding(candidate.text)
            if wrong and wrong[0] == kind:
                tree, said, progress = candidate, wrong[1], True
                break
    return tree, said


def known_kinds(path):
    if not path:
        return []
    return [
        re.compile(line) for line in pathlib.Path(path).read_text().splitlines() if line and not line.startswith("#")
    ]


def setup(ansi):
    views = [(f"view {name}", table_sql(types)) for name, types in TABLES.items()] + [("view large", LARGE_SQL)]
    return [(f"conf spark.sql.ansi.enabled {ansi}", None), *views]


def run(options):
    began, deadline = time.monotonic(), time.monotonic() + options.minutes * 60
    program = Program(options.program)
    program.setup = setup("true")
    forms = Forms(program, options.seed)
    print(f"seed {options.seed}: {forms.count} forms, {time.monotonic() - began:.1f} s", flush=True)
    check, known, found, seen = Check(program), known_kinds(options.known), collections.Counter(), collections.Counter()
    for sql, said in forms.wrong:
        found["while forms were looked for"] += 1
        print(f"\n# while forms were looked for\n{sql}\n{told(said)}", flush=True)
    number = options.first - 1
    while time.monotonic() < deadline and (not options.statements or number < options.first - 1 + options.statements):
        number += 1
        if number % 1000 == 0:
            wish = "true" if number % 3000 else "false"
            program.setup = setup(wish)
            program.ask(f"conf spark.sql.ansi.enabled {wish}")
            print(
                f"{number} statements, {time.monotonic() - began:.0f} s, {dict(check.outcomes)}, {sum(found.values())} found",
                flush=True,
            )
        try:
            tree = Maker(forms, f"{options.seed}/{number}").statement()
        except (Died, Hung) as error:
            print(f"\n# while statement {number} was made: {told(str(error))}", flush=True)
            found["while it was made"] += 1
            continue
        wrong = check.finding(tree.text)
        if not wrong:
            continue
        kind, said = wrong
        if any(pattern.search(kind) for pattern in known):
            seen[kind] += 1
            continue
        found[kind] += 1
        if found[kind] > options.each:
            continue
        small, later = (tree, "") if kind.startswith(AT_END) else shrink(check, tree, kind)
        print(
            f"\n# {kind}\n# statement {number}, shrunk from {len(tree.text)} to {len(small.text)}; ansi {number // 1000 % 3 != 0 or number < 1000}\n{small.text}\n"
            f"{told(later or said) if kind.startswith('death') else (later or said)[:600]}\n",
            flush=True,
        )
        if options.keep:
            with open(options.keep, "a", encoding="utf-8") as out:
                out.write(f"# {kind}\n{small.text}\n{(later or said)[:6000]}\n\n")
    try:
        program.stop()
    except Ended as error:
        found[AT_END + same_kind(told(str(error)))] += 1
        print(f"\n# {AT_END}{error}")
    rest = f", {sum(seen.values())} of kinds that are known" if seen else ""
    print(
        f"{number} statements in {time.monotonic() - began:.0f} s: {dict(check.outcomes)}; {sum(found.values())} found{rest}"
    )
    for kind, count in found.most_common():
        print(f"  {count} {kind}")
    return 1 if found else 0


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--program", default=ROOT / "build-asan/fuzz/statements", help="what runs them")
    arguments.add_argument("--minutes", type=float, default=1)
    arguments.add_argument("--statements", type=int, default=0, help="no more than so many")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--first", type=int, default=1, help="begin with this one: to see again what a seed gave")
    arguments.add_argument("--each", type=int, default=1, help="how many of one kind are shrunk and printed")
    arguments.add_argument("--known", help="a file of regular expressions, one a line: kinds that do not count")
    arguments.add_argument("--keep", help="a file for what is found, with all that a dead process said")
    return run(arguments.parse_args())


if __name__ == "__main__":
    sys.exit(main())
