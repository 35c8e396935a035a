"""blob/ against the built-in account (wasb and abfs) and Azurite (wasb): the same tests."""

import pytest
from azure.storage.blob import BlobServiceClient

from conftest import tool_for

MB = 1024 * 1024


def pattern(size):
    return bytes(ord("a") + i * 7 % 26 for i in range(26)) * (size // 26) + bytes(
        ord("a") + i * 7 % 26 for i in range(size % 26)
    )


class Place:
    """One dialect of one account, and the SDK's view of its container."""

    def __init__(self, name, url, key, dialect):
        self.tool, self.dialect = tool_for(name, url, key), dialect
        self.container = BlobServiceClient(url, credential=key).get_container_client("demo")

    def at(self, path=""):
        return self.tool.wasb(path) if self.dialect == "wasb" else self.tool.abfs(path)


@pytest.fixture(scope="module", params=["wasb", "abfs", "azurite"])
def place(request):
    if request.param == "azurite":
        return Place(*request.getfixturevalue("azurite"), "wasb")
    account = request.getfixturevalue("account")
    return Place(account.name, account.url, account.key, request.param)


@pytest.mark.parametrize(
    "name",
    [
        "plain.csv",
        "a b.csv",
        "ünï/ß.csv",
        "50%.csv",
        "50%25.csv",
        "plus+and&=.csv",
        "question?.csv",
        "hash#.csv",
        "it's;@:,$!.csv",
        "emoji-😀",
    ],
)
def test_names(place, name):
    path = f"names-{place.dialect}/{name}"
    place.tool.ok("put", place.at(path), 100, 30)
    assert place.container.download_blob(path).readall() == pattern(100)
    kind, shown, size, etag = place.tool.lines("stat", place.at(path))[0]
    assert (kind, size) == ("file", "100") and etag == place.container.get_blob_client(path).get_blob_properties().etag
    assert name.split("/")[0] in [line[1] for line in place.tool.lines("ls", place.at(f"names-{place.dialect}"))]
    assert name in [line[1] for line in place.tool.lines("lsr", place.at(f"names-{place.dialect}"))]
    assert place.tool.ok("cat", place.at(path), 7, 0) == pattern(100)
    place.tool.ok("rm", place.at(path))
    assert "does not exist" in place.tool.fails("stat", place.at(path))


@pytest.mark.parametrize("size,step", [(0, 1), (1, 1), (8 * MB, MB), (8 * MB + 1, 3 * MB), (30 * MB, 7 * MB)])
def test_what_is_written_is_read(place, size, step):
    path = f"sizes-{place.dialect}/{size}"
    written = place.tool.lines("put", place.at(path), size, step)[0]
    assert written[2] == str(size) and written[3]
    assert place.container.get_blob_client(path).get_blob_properties().etag == written[3]
    assert place.container.download_blob(path).readall() == pattern(size)
    for read in (size // 3 + 1, 64 * 1024, 32_000_000):
        assert place.tool.ok("cat", place.at(path), read, 0) == pattern(size)
    if size:
        assert place.tool.ok("--" and "random", place.at(path), 40, 70_000) == b"same\n"


def test_small_windows_give_the_same_bytes(place):
    path = f"windows-{place.dialect}"
    place.tool.ok("put", place.at(path), 3 * MB + 11, MB)
    for ahead, chunk in ((1, 1000 * 1000), (300_000, 70_000), (1_000_000, 999_999), (64 * MB, 32 * MB)):
        options = ("--ahead", str(ahead), "--range", str(chunk))
        assert place.tool.ok("cat", place.at(path), 100_001, 0, options=options) == pattern(3 * MB + 11), (ahead, chunk)
        assert place.tool.ok("random", place.at(path), 30, 200_000, options=options) == b"same\n"


def test_nothing_shows_before_the_commit(place):
    place.tool.ok("abort", place.at(f"aborted-{place.dialect}/x"), 20 * MB, MB)
    assert "does not exist" in place.tool.fails("stat", place.at(f"aborted-{place.dialect}/x"))
    if place.dialect == "wasb":
        assert "does not exist" in place.tool.fails("ls", place.at(f"aborted-{place.dialect}"))
    else:
        assert place.tool.ok("ls", place.at(f"aborted-{place.dialect}")) == b""


def test_conditions(place):
    path = place.at(f"conditions-{place.dialect}")
    first = place.tool.lines("putnew", path, 10, 10)[0][3]
    assert "EXISTS" in place.tool.fails("putnew", path, 10, 10)
    assert "EXISTS" in place.tool.fails("putnew", path, 9 * MB, MB)
    second = place.tool.lines("putif", path, 20, 10, first)[0][3]
    assert second != first
    assert "CHANGED" in place.tool.fails("putif", path, 30, 10, first)
    assert place.tool.lines("stat", path)[0][2:] == ["20", second]


def test_a_stage(place):
    folder = f"stage-{place.dialect}"
    before, *after = place.tool.ok("stage", place.at(folder), 3).decode().splitlines()
    assert before in ("before nothing 0", "before listed 0")
    assert [line.split("\t")[1:3] for line in after] == [["part-0", "9000000"], ["part-1", "0"], ["part-2", "9000000"]]
    assert place.container.download_blob(f"{folder}/part-2").readall() == pattern(9_000_000)


def test_listing(place):
    root = f"listing-{place.dialect}"
    for name in ("1.csv", "2.csv", "year=2020/a.csv", "year=2020/b.csv", "year=2021/m=1/c.csv", "year.txt"):
        place.container.upload_blob(f"{root}/{name}", name.encode(), overwrite=True)
    assert [line[:2] for line in place.tool.lines("ls", place.at(root))] == [
        ["file", "1.csv"],
        ["file", "2.csv"],
        ["file", "year.txt"],
        ["dir", "year=2020"],
        ["dir", "year=2021"],
    ]
    files = ["1.csv", "2.csv", "year.txt", "year=2020/a.csv", "year=2020/b.csv", "year=2021/m=1/c.csv"]
    assert [line[1] for line in place.tool.lines("lsr", place.at(root)) if line[0] == "file"] == files
    assert sorted(line[1] for line in place.tool.lines("pages", place.at(root)) if line[0] == "file") == sorted(files)
    assert place.tool.lines("stat", place.at(root + "/year=2020"))[0][0] == "dir"
    assert place.tool.lines("stat", place.at())[0][0] == "dir"
    assert [line[1] for line in place.tool.lines("ls", place.at())].count(root) == 1
    assert "is a file" in place.tool.fails("ls", place.at(root + "/1.csv"))
    assert "does not exist" in place.tool.fails("ls", place.at(root + "/none"))
    assert [line[1] for line in place.tool.lines("glob", place.at(root + "/year=*/*.csv"))] == [
        place.at(root + "/year=2020/a.csv"),
        place.at(root + "/year=2020/b.csv"),
    ]
    assert [line[1] for line in place.tool.lines("glob", place.at(root + "/{1,2}.csv"))] == [
        place.at(root + "/1.csv"),
        place.at(root + "/2.csv"),
    ]
    assert place.tool.lines("glob", place.at(root + "/none*")) == []


def test_deleting_and_folders(place):
    root = f"deleting-{place.dialect}"
    for name in ["x"] + [f"deep/{i}" for i in range(20)] + ["deep/er/y"]:
        place.container.upload_blob(f"{root}/{name}", b"1", overwrite=True)
    place.tool.ok("mkdir", place.at(root + "/empty"))
    place.tool.ok("mkdir", place.at(root + "/empty"))
    assert place.tool.lines("stat", place.at(root + "/empty"))[0][0] == "dir"
    assert ["dir", "empty"] in [line[:2] for line in place.tool.lines("ls", place.at(root))]
    assert "is a file" in place.tool.fails("mkdir", place.at(root + "/x"))
    assert "not empty" in place.tool.fails("rm", place.at(root + "/deep"))
    place.tool.ok("rmr", place.at(root + "/deep"))
    assert "NOT_FOUND" in place.tool.fails("stat", place.at(root + "/deep"))
    place.tool.ok("rmr", place.at(root))
    assert "NOT_FOUND" in place.tool.fails("rm", place.at(root))
    assert "is a container" in place.tool.fails("rmr", place.at())


def test_rename(place):
    root = f"rename-{place.dialect}"
    place.container.upload_blob(f"{root}/a b/x", b"1", overwrite=True)
    if place.dialect == "wasb":
        assert "no atomic rename" in place.tool.fails("mv", place.at(root + "/a b"), place.at(root + "/c"))
        return
    place.tool.ok("mv", place.at(root + "/a b"), place.at(root + "/ü"))
    assert place.container.download_blob(f"{root}/ü/x").readall() == b"1"
    place.tool.ok("mv", place.at(root + "/ü/x"), place.at(root + "/y%20"))
    assert place.container.download_blob(f"{root}/y%20").readall() == b"1"
    place.container.upload_blob(f"{root}/z", b"2", overwrite=True)
    assert "EXISTS" in place.tool.fails("mv", place.at(root + "/y%20"), place.at(root + "/z"))
    assert "NOT_FOUND" in place.tool.fails("mv", place.at(root + "/none"), place.at(root + "/z2"))


def test_missing_container(place):
    error = place.tool.fails("stat", place.at("x").replace("demo@", "nowhere@"))
    assert f"the container 'nowhere' of account '{place.tool.account}' does not exist" in error
    assert "the container 'nowhere'" in place.tool.fails("put", place.at("x").replace("demo@", "nowhere@"), 1, 1)
    assert "the container 'nowhere'" in place.tool.fails("ls", place.at("").replace("demo@", "nowhere@"))


def test_engine_reads_and_writes(place):
    """DuckDB through the adapter: COPY, then scans, with pushdown, by glob; a failed COPY leaves nothing."""
    root = place.at(f"engine-{place.dialect}")
    rows = place.tool.lines(
        "sql",
        f"COPY (SELECT range AS id, range % 10 AS k, repeat('x', 20) || range AS s FROM range(200000)) TO '{root}/a b.parquet' (FORMAT parquet, USE_TMP_FILE false)",
        "sql",
        f"COPY (SELECT range AS id FROM range(10)) TO '{root}/b.csv' (FORMAT csv, HEADER, USE_TMP_FILE false)",
        "sql",
        f"COPY (SELECT range AS id FROM range(10)) TO '{root}/b.csv' (FORMAT csv, HEADER, USE_TMP_FILE false)",
        "sql",
        f"SELECT count(*), sum(id), min(s) FROM read_parquet('{root}/a b.parquet') WHERE k = 3",
        "sql",
        f"SELECT sum(id) FROM read_csv('{root}/b.csv')",
        "sql",
        f"SELECT count(*) FROM read_parquet('{root}/*.parquet')",
    )
    assert [r for r in rows if len(r) > 1 or r[0] in ("45", "200000")][-3:] == [
        ["20000", "1999960000", "xxxxxxxxxxxxxxxxxxxx100003"],
        ["45"],
        ["200000"],
    ]
    error = place.tool.fails(
        "sql",
        f"COPY (SELECT CASE WHEN range = 90000 THEN error('boom') ELSE range::VARCHAR END FROM range(100000)) TO '{root}/failed.parquet' "
        "(FORMAT parquet, USE_TMP_FILE false)",
    )
    assert "boom" in error
    assert "does not exist" in place.tool.fails("stat", f"{root}/failed.parquet")
    error = place.tool.fails("sql", f"SELECT * FROM read_parquet('{place.at('x').replace('demo@', 'nowhere@')}')")
    assert "error HR_E_NOT_FOUND: the container 'nowhere'" in error


def test_engine_reads_little_of_a_wide_file(account, tool):
    """A filtered column of a large Parquet file is a few ranged reads, never the whole."""
    path = tool.wasb("wide.parquet")
    columns = ", ".join(f"hash(range + {i}) AS c{i}" for i in range(20))
    tool.ok(
        "sql",
        f"COPY (SELECT range AS id, {columns} FROM range(300000)) TO '{path}' (FORMAT parquet, USE_TMP_FILE false, ROW_GROUP_SIZE 50000)",
    )
    size = int(tool.lines("stat", path)[0][2])
    before = account.stats()
    *_, counts = (
        tool.ok("sql", f"SELECT sum(id) FROM read_parquet('{path}') WHERE id < 1000", "counts").decode().split()
    )
    after = account.stats()
    assert size > 40 * MB and after["bytes_out"] - before["bytes_out"] < size / 10
    assert after["operations"]["Get Blob"] - before["operations"].get("Get Blob", 0) < 30
