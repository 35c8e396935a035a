"""The storage account's process is killed: the server goes on, the account is back on its port, and clients' retries carry them over."""

import os
import signal
import socket
import threading
import urllib.parse

from support.serve import processes_below, until


def accounts(server):
    return [pid for pid, command in processes_below(server.pid).items() if " account --home" in command]


def kill_account(server):
    [victim] = accounts(server)
    os.kill(victim, signal.SIGKILL)
    return victim


def with_storage(server):
    """A session that may use the account, and the account's container as a location."""
    spark = server.session()
    account = server.endpoint["account"]
    spark.conf.set(f"fs.azure.account.key.{account}.blob.core.windows.net", server.endpoint["account_key"])
    return spark, f"wasbs://{server.endpoint['container']}@{account}.blob.core.windows.net"


def test_a_killed_account_is_started_again_on_its_port(serve):
    spark, base = with_storage(serve)
    spark.range(1000).write.mode("overwrite").parquet(f"{base}/kept")
    for _ in range(3):
        victim = kill_account(serve)
        assert spark.read.parquet(f"{base}/kept").count() == 1000
        assert accounts(serve) != [victim]
    assert serve.log().count("serve.account-ended") == 3
    assert serve.process.poll() is None
    spark.stop()


def test_a_write_goes_on_over_the_accounts_death(serve):
    spark, base = with_storage(serve)
    rows, failure = 3_000_000, []

    def write():
        try:
            spark.range(rows).selectExpr("id", "id * 3 AS three", "cast(id AS string) AS text").write.mode(
                "overwrite"
            ).csv(f"{base}/while")
        except Exception as error:
            failure.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    uploads = serve.home / "storage" / serve.endpoint["account"]
    until(
        lambda: any(path.is_file() and path.stat().st_size > 1 << 20 for path in uploads.rglob("*")),
        30,
        "the first uploaded block",
    )
    kill_account(serve)
    thread.join(60)
    assert not thread.is_alive()
    assert not failure, failure
    assert spark.read.csv(f"{base}/while").count() == rows
    spark.stop()


def test_a_caller_waits_for_an_account_that_starts(serve):
    """The daemon holds the port, so nobody is refused between two accounts."""
    address = urllib.parse.urlsplit(serve.endpoint["storage_url"])
    kill_account(serve)
    with socket.create_connection((address.hostname, address.port), timeout=20) as caller:
        caller.sendall(b"GET /?comp=list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert caller.recv(64).startswith(b"HTTP/1.1 4")
