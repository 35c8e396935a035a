"""An interrupt ends a statement wherever it is, and the session answers the next one. Alone each takes a second or less to end."""

import os
import threading
import time

import grpc
import pytest
from pyspark.errors import PySparkException
from pyspark.sql.connect import proto
from pyspark.sql.connect.proto import base_pb2_grpc

LONG = "repeat('{}', 200000000 + cast(id AS INT))"
TERMS = 100000
ONES = "concat('[', repeat('1,', 100000000 + cast(id AS INT)), '1]')"

VALUES = [  # of one row, for whose value alone some seconds are too few
    "repeat('a', 100000 + cast(id AS INT)) LIKE concat('%', repeat('a_', 20000), 'b%')",
    "repeat('a', 1000000 + cast(id AS INT)) ILIKE concat('%', repeat('a_', 20000), 'b%')",
    "repeat('a', 100000 + cast(id AS INT)) LIKE ANY ('x', '%" + "a_" * 5000 + "b%')",
    "length(upper(" + LONG.format("é") + "))",
    "length(lower(" + LONG.format("É") + "))",
    "length(initcap(" + LONG.format("é") + "))",
    "length(url_encode(" + LONG.format("é") + "))",
    "length(translate(" + LONG.format("a") + ", 'bcdefghijklmnop', 'x'))",
    "length(translate(repeat('a', 1000000 + cast(id AS INT)), repeat('b', 1000000), 'x'))",
    "substring_index(repeat('a', 10000000 + cast(id AS INT)), concat(repeat('a', 1000000), 'b'), -1)",
    "levenshtein(repeat('a', 300000 + cast(id AS INT)), repeat('b', 300000))",
    "length(mask(" + LONG.format("é") + "))",
    "size(sentences(repeat('a b. ', 100000000 + cast(id AS INT))))",
    "aggregate(sequence(1, 30000000 + id), 0L, (a, x) -> a + x)",
    "size(transform(sequence(1, 20000000 + id), x -> hash(sqrt(x), sqrt(x + 1))))",
    "exists(sequence(1, 200000 + id), x -> exists(sequence(1, 200000L), y -> y < 0))",
    "size(from_json(" + ONES + ", 'array<int>'))",
    "size(from_json(concat('[', repeat('\"\\\\n\",', 40000000 + cast(id AS INT)), '1]'), 'array<string>'))",
    "length(get_json_object(" + ONES + ", '$'))",
    "json_array_length(" + ONES + ")",
    "length(to_json(sequence(1, 50000000 + id)))",
    "length(schema_of_json(concat('[', repeat('{\"a\":1},', 25000000), '{}]')))",
    "from_csv(repeat('1,', 100000000 + cast(id AS INT)), 'a INT, b INT', map('maxColumns', '-1')).a",
]
STATEMENTS = [f"SELECT {value} FROM range(1)" for value in VALUES] + [
    "SELECT count(*) FROM range(10) WHERE " + " OR ".join(f"(id = {i} AND id <> {i + 1})" for i in range(TERMS)),
    "SELECT count(*) FROM range(10000000000) WHERE hash(id) = id",
    "SELECT sum(a.id + b.id) FROM range(10000000) a JOIN range(10000000) b ON a.id < b.id",
    "SELECT max(x) FROM (SELECT row_number() OVER (ORDER BY hash(id)) x FROM range(100000000))",
    "SELECT count(DISTINCT hash(id, 1)) FROM range(1000000000)",
]


@pytest.fixture(scope="module")
def patient(host):
    session = host.session()
    session.sql("SELECT 1").collect()
    return session


def ends(session, action):
    """Interrupted until it ends, which it does as cancelled; the session answers then."""
    ended = threading.Event()

    def interrupt():
        while not ended.wait(1):  # again: the first may come before the statement
            session.interruptAll()

    thread = threading.Thread(target=interrupt)
    began = time.monotonic()
    thread.start()
    try:
        with pytest.raises(PySparkException, match="OPERATION_CANCELED"):
            action()
    finally:
        ended.set()
        thread.join()
    assert time.monotonic() - began < 60  # a loaded machine takes its time, what does not listen takes minutes
    assert session.sql("SELECT sum(id) FROM range(1000)").first()[0] == 499500


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda text: text[7:60])
def test_an_interrupt_ends_it(patient, statement):
    ends(patient, lambda: patient.sql(statement).collect())


IN_A_VECTOR = {  # of so many rows, all of which the engine has made before it looks
    "size(array_distinct(sequence(1, 2000000 + id)))": 20,
    "size(array_union(sequence(1, 2000000 + id), sequence(1000000L, 3000000L)))": 20,
    "size(array_except(sequence(1, 2000000 + id), sequence(-2000000L, 0L)))": 20,
    "size(array_intersect(sequence(1, 2000000 + id), sequence(-2000000L, 0L)))": 20,
    "arrays_overlap(sequence(1, 2000000 + id), sequence(-2000000L, 0L))": 20,
    "size(map_from_arrays(sequence(1, 1000000 + id), sequence(1, 1000000 + id)))": 20,
    "size(sort_array(sequence(30000000 + id, 1, -1)))": 1,
    "size(array_sort(split(repeat('abcdefghijklm,abcdefghijkl,', 2000000 + cast(id AS INT)), ',')))": 3,
}


@pytest.mark.parametrize("value", IN_A_VECTOR, ids=lambda text: text[:30])
def test_an_interrupt_is_heard_within_a_value(host, patient, value):
    """Processor time tells, however loaded the machine is: after the interrupt there is a second of it at most."""
    asked = []

    def interrupt():
        asked.append(work_done(host))
        patient.interruptAll()

    timer = threading.Timer(1, interrupt)
    timer.start()
    try:
        with pytest.raises(PySparkException, match="OPERATION_CANCELED"):
            patient.sql(f"SELECT {value} FROM range({IN_A_VECTOR[value]})").collect()
    finally:
        timer.join()
    assert work_done(host) - asked[0] < 1
    assert patient.sql("SELECT sum(id) FROM range(1000)").first()[0] == 499500


FILES = {  # of one line each: head, what is repeated to 120 MB, tail
    "object.json": ('{"a":[', "1,", "1]}"),
    "array.json": ("[", '{"a":"x\\n"},', "{}]"),
    "plain.csv": ("", "1,", "1"),
    "quoted.csv": ("", '"a\\"b",', "1"),
    "open.csv": ('"', 'a\\"b ', '"'),
}
READS = [
    ("object.json", "json", {"schema": "a array<int>"}),
    ("object.json", "json", {}),
    ("array.json", "json", {"schema": "a string"}),
    ("array.json", "json", {"multiLine": True}),
    ("plain.csv", "csv", {"schema": "a int, b int", "maxColumns": -1}),
    ("quoted.csv", "csv", {"schema": "a string, b string", "maxColumns": -1, "multiLine": True}),
    ("open.csv", "csv", {"schema": "a string, b string", "maxCharsPerColumn": -1}),
]


@pytest.fixture(scope="module")
def giants(tmp_path_factory):
    folder = tmp_path_factory.mktemp("giants")
    for name, (head, body, tail) in FILES.items():
        many = body * 10000
        with open(folder / name, "w") as file:
            file.write(head)
            for _ in range(120000000 // len(many)):
                file.write(many)
            file.write(tail)
    yield folder
    for name in FILES:
        (folder / name).unlink()


@pytest.mark.parametrize("name,form,options", READS, ids=lambda value: str(value)[:40])
def test_an_interrupt_ends_the_reading_of_one_line(patient, giants, name, form, options):
    def read():
        for _ in range(100):  # one reading may be quicker than the interrupt
            patient.read.load(str(giants / name), form, **options).selectExpr(
                "count(a)" if options else "count(*)"
            ).collect()

    ends(patient, read)


@pytest.mark.parametrize(
    "form,value",
    [
        ("json", "sequence(1, 50000000 + id)"),
        ("json", "transform(sequence(1, 3000000 + id), x -> named_struct('a', 'é', 'b', x))"),
        ("csv", "repeat('\"a', 100000000 + cast(id AS INT))"),
        ("text", "repeat('abcdefgh', 20000000 + cast(id AS INT))"),
        ("parquet", "repeat('abcdefgh', 20000000 + cast(id AS INT))"),
    ],
)
def test_an_interrupt_ends_the_writing_of_one_line(patient, tmp_path, form, value):
    def write():
        for _ in range(100):
            patient.sql(f"SELECT {value} a FROM range(1)").write.mode("overwrite").option("compression", "gzip").format(
                form
            ).save(str(tmp_path / "out"))

    ends(patient, write)


def work_done(host):
    """Seconds of processor time that the host has taken."""
    fields = open(f"/proc/{host.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rests(host):
    """Whether the host works no longer, within some seconds."""
    for _ in range(10):
        before = work_done(host)
        time.sleep(1)
        if work_done(host) - before < 0.3:
            return True
    return False


ENDLESS = f"SELECT size(from_json({ONES}, 'array<int>')) + size(from_json({ONES}, 'array<bigint>')) FROM range(20)"


def test_the_end_of_a_session_ends_its_statement(make_host):
    host = make_host()
    session, other = host.session(), host.session()

    def run():
        with pytest.raises(PySparkException):
            session.sql(ENDLESS).collect()

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(2)
    assert work_done(host) > 0.5
    session.client.release_session()
    assert rests(host)
    thread.join(30)
    assert not thread.is_alive()
    assert other.sql("SELECT 1").first()[0] == 1


def test_a_deadline_ends_a_statement_that_nobody_can_fetch(make_host):
    host = make_host()
    session = host.session()
    session.sql("SELECT 1").collect()
    with grpc.insecure_channel(f"localhost:{host.port}") as channel:
        option = proto.ExecutePlanRequest.RequestOption(reattach_options=proto.ReattachOptions(reattachable=False))
        request = proto.ExecutePlanRequest(
            session_id=session.session_id,
            user_context=proto.UserContext(user_id=session.client._user_id),
            plan=proto.Plan(root=proto.Relation(sql=proto.SQL(query=ENDLESS))),
            request_options=[option],
        )
        with pytest.raises(grpc.RpcError) as caught:
            list(base_pb2_grpc.SparkConnectServiceStub(channel).ExecutePlan(request, timeout=2))
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert work_done(host) > 0.5
    assert rests(host)
    assert session.sql("SELECT 1").first()[0] == 1
