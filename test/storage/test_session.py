"""A Spark session of `headrace serve` on its storage account: what works, and what a client reads when it does not."""

import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from pyspark.errors import AnalysisException, PySparkException, UnsupportedOperationException
from pyspark.sql import SparkSession

HOST = "dprepdata.blob.core.windows.net"
KEY = f"fs.azure.account.key.{HOST}"
WASB, ABFS = f"wasbs://demo@{HOST}", "abfss://demo@dprepdata.dfs.core.windows.net"


@pytest.fixture(scope="module")
def spark(serve):
    session = SparkSession.builder.remote(serve.endpoint["connect"]).create()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def container(serve):
    url, ca = serve.endpoint["storage_url"], serve.endpoint["ca_file"]
    client = BlobServiceClient(
        f"{url}/dprepdata", credential=serve.endpoint["account_key"], connection_verify=ca
    ).get_container_client("demo")
    client.upload_blob("people.csv", b"name,age\nada,36\ngrace,85\n", overwrite=True)
    return client


@pytest.fixture
def key(spark, serve):
    spark.conf.set(KEY, serve.endpoint["account_key"])
    yield
    spark.conf.unset(KEY)


def read(spark, path):
    return spark.read.option("header", True).csv(path).count()


def test_credentials_that_do_not_fit(spark, serve, container):
    assert read(spark, f"{WASB}/people.csv") == 2  # by the owner's storage role, which a key that is set goes before
    spark.conf.set(KEY, "d3Jvbmc=")
    with pytest.raises(PySparkException) as error:
        read(spark, f"{WASB}/people.csv")
    assert "authentication failed for account 'dprepdata': the account key was not accepted" in str(error.value)
    spark.conf.unset(KEY)
    sas = f"fs.azure.sas.demo.{HOST}"
    spark.conf.set(
        sas,
        generate_container_sas(
            "dprepdata",
            "demo",
            serve.endpoint["account_key"],
            permission=ContainerSasPermissions(read=True),
            expiry="2020-01-01",
        ),
    )
    with pytest.raises(PySparkException) as error:
        read(spark, f"{WASB}/people.csv")
    assert "the SAS for 'demo' expired at 2020-01-01" in str(error.value) and "sig=" not in str(error.value)
    spark.conf.unset(sas)


@pytest.mark.parametrize("root", [WASB, ABFS])
def test_round_trip(spark, container, key, root):
    assert read(spark, f"{root}/people.csv") == 2
    frame = spark.range(1000).selectExpr("id", "id % 3 AS k")
    frame.write.mode("overwrite").partitionBy("k").parquet(f"{root}/session")
    assert spark.read.parquet(f"{root}/session").filter("k = 1").count() == 333
    with pytest.raises(AnalysisException) as error:
        frame.write.parquet(f"{root}/session")
    assert error.value.getCondition() == "PATH_ALREADY_EXISTS"
    frame.limit(5).write.mode("overwrite").parquet(f"{root}/session")
    assert spark.read.parquet(f"{root}/session").count() == 5
    assert not [
        b.name
        for b in container.list_blobs(name_starts_with="session/")
        if "_temporary" in b.name or ".headrace-" in b.name
    ]


def test_what_is_missing_or_not_done(spark, container, key):
    for path in (f"{WASB}/none.csv", f"wasbs://nowhere@{HOST}/x.csv"):
        with pytest.raises(AnalysisException) as error:
            read(spark, path)
        assert error.value.getCondition() == "PATH_NOT_FOUND"
    for attempt, says in [
        (lambda: read(spark, "adl://x.azuredatalakestore.net/y"), "retired"),
        (lambda: read(spark, "s3a://bucket/x"), "S3 is not done"),
        (lambda: spark.conf.set("fs.azure.block.size", "1"), "fs.azure.block.size"),
    ]:
        with pytest.raises((AnalysisException, UnsupportedOperationException)) as error:
            attempt()
        assert says in str(error.value)


def test_a_changed_object_is_read_anew(spark, container, key):
    container.upload_blob("versions.csv", b"n\n1\n2\n", overwrite=True)
    frame = spark.read.option("header", True).csv(f"{WASB}/versions.csv")
    assert [r.n for r in frame.collect()] == ["1", "2"]
    container.upload_blob("versions.csv", b"n\n3\n", overwrite=True)
    fresh = spark.read.option("header", True).csv(f"{WASB}/versions.csv")
    assert [r.n for r in fresh.collect()] == ["3"]


@pytest.mark.parametrize("scheme, host", [("wasbs", HOST), ("abfss", "dprepdata.dfs.core.windows.net")])
def test_the_root_of_a_container_is_overwritten_and_appended_to(spark, serve, key, scheme, host):
    name = f"root-{scheme}"
    client = BlobServiceClient(
        f"{serve.endpoint['storage_url']}/dprepdata",
        credential=serve.endpoint["account_key"],
        connection_verify=serve.endpoint["ca_file"],
    ).create_container(name)
    client.upload_blob("old/a.csv", b"1\n")
    root = f"{scheme}://{name}@{host}"
    frame = spark.range(10).selectExpr("id", "id % 2 AS k")
    for target in (root, f"{root}/"):
        frame.write.mode("overwrite").partitionBy("k").csv(target)
        assert spark.read.csv(target).count() == 10
        frame.write.mode("append").partitionBy("k").csv(target)
        assert spark.read.csv(target).count() == 20
    frame.limit(3).write.mode("overwrite").csv(root)
    assert [blob.name[:5] for blob in client.list_blobs()] == ["_SUCC", "part-"]
    with pytest.raises(PySparkException, match="container.*nowhere"):
        frame.write.mode("overwrite").csv(f"{scheme}://nowhere@{host}")
