"""The command `headrace` as a person and as a program use it: links, computes, sessions."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from support.serve import BUILD
from wire.test_arm import new_user, run_printed
from wire.test_livy import Livy


def refused(server, *words, token=None):
    """What a refused command says; it must end with an error."""
    done = server.cli(*words, token=token, check=False)
    assert done.returncode in (1, 2) and not done.stdout, done.stdout
    return done.stderr


@pytest.fixture(scope="module")
def link(serve):
    return json.loads(serve.cli("link", "create", "cli-link", "--json").stdout)


def test_every_command_explains_itself(serve):
    shown = serve.cli("help").stdout
    commands = re.findall(r"^  ([a-z]+(?: [a-z-]+)?) (?:[A-Z:\[\]]+ )* *\S", shown, re.M)
    assert {"serve", "link create", "compute attach", "session stop", "role assign"} <= set(commands)
    assert re.search(r"^  dataset download NAME\[:VERSION\] DIR\n {29}the files of a version", shown, re.M)
    for command in set(commands) - {"version"}:
        assert serve.cli(*command.split(), "--help").stdout.startswith(f"usage: headrace {command}"), command


def test_elsewhere_the_server_says_what_is_its_own(serve, link, tmp_path):
    """A colleague on another home, or machine, who has an address, a token and the authority's certificate."""
    ann, _ = new_user(serve)
    point = serve.endpoint
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HEADRACE_URL": point["https_url"],
        "HEADRACE_TOKEN": ann["token"],
        "HEADRACE_CA_FILE": point["ca_file"],
    }

    def there(*words):
        return subprocess.run(
            [BUILD / "headrace", *words], env=env, capture_output=True, text=True, cwd=tmp_path, timeout=60
        )

    names = {"workspace": point["workspace"], "synapse": point["synapse_workspace"], "pool": point["pool"]}
    for kind, name in names.items():
        done = there(kind, "list", "--json")
        assert name in [row["name"] for row in json.loads(done.stdout)], (kind, done.stderr)
    for kind in ("compute", "dataset", "datastore", "run"):
        assert there(kind, "list").returncode == 0, kind
    made = there("link", "create", "anns")
    assert (
        f"/resourceGroups/{point['resource_group']}/providers/Microsoft.MachineLearningServices/workspaces/{point['workspace']}"
        in made.stderr
    )


def test_a_reader_of_one_workspace_lists_its_roles(serve):
    """Who may not ask at the subscription sees the assignments of what they may see."""
    ann, _ = new_user(serve)
    point = serve.endpoint
    scope = f"/subscriptions/{point['subscription_id']}/resourceGroups/{point['resource_group']}/providers/Microsoft.MachineLearningServices/workspaces/{point['workspace']}"
    serve.cli("role", "assign", "Reader", "--assignee", ann["name"], "--scope", scope)
    rows = json.loads(serve.cli("role", "list", "--json", token=ann["token"]).stdout)
    assert (ann["name"], scope.lower()) in [(row["name"], row["scope"].lower()) for row in rows]


def test_elsewhere_env_is_what_a_shell_exports(serve, tmp_path):
    """Plain Spark and Azure's credentials of that colleague: nothing of them is in a folder of the server's."""
    ann, _ = new_user(serve)
    serve.cli(
        "role",
        "assign",
        "Synapse Apache Spark Administrator",
        "--assignee",
        ann["name"],
        "--scope",
        f"workspaces/{serve.endpoint['synapse_workspace']}",
    )
    ca = tmp_path / "ca.pem"
    ca.write_bytes(pathlib.Path(serve.endpoint["ca_file"]).read_bytes())
    code = """import os
from azure.identity import DefaultAzureCredential
from pyspark.sql import SparkSession
print(SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).getOrCreate().range(5).count())
print(len(DefaultAzureCredential().get_token("https://management.azure.com/.default").token) > 20)
print([name for name in ("HEADRACE_HOME", "AZURE_STORAGE_CONNECTION_STRING") if name in os.environ], os.environ["REQUESTS_CA_BUNDLE"])
"""
    (tmp_path / "ask.py").write_text(code)
    shell = f'exports=$("{BUILD}/headrace" env) && eval "$exports" && exec {sys.executable} ask.py'
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HEADRACE_URL": serve.endpoint["https_url"],
        "HEADRACE_TOKEN": ann["token"],
        "HEADRACE_CA_FILE": str(ca),
    }
    done = subprocess.run(["sh", "-c", shell], env=env, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    port = serve.endpoint["https_url"].rsplit(":", 1)[1]
    assert done.stdout.splitlines() == ["5", "True", f"[] {tmp_path}/.cache/headrace/localhost:{port}.pem"], done.stderr


def test_link(serve, link):
    identity = link["identity"]["principalId"]
    assert [row["name"] for row in json.loads(serve.cli("link", "list", "--json").stdout)] == ["cli-link"]
    header, row = serve.cli("link", "show", "CLI-LINK").stdout.splitlines()
    assert header.split("  ")[0] == "NAME" and row.split()[:2] == ["cli-link", identity]
    assert 'there is no linked service "nix"' in refused(serve, "link", "remove", "nix")


def test_what_is_not_there_is_listed_next(serve):
    point = serve.endpoint
    for words, next_one in (
        (["compute", "show", "nix"], f"compute list --workspace {point['workspace']}"),
        (["link", "show", "nix"], f"link list --workspace {point['workspace']}"),
        (["pool", "show", "nix"], f"pool list --synapse {point['synapse_workspace']}"),
        (["compute", "list", "--workspace", "nix"], "workspace list"),
        (["synapse", "show", "nix"], "synapse list"),
    ):
        said = refused(serve, *words)
        assert '"nix" does not exist in "/subscriptions/' in said and said.endswith(f"\ntry: headrace {next_one}\n"), (
            said
        )
        serve.cli(*next_one.split())


def test_a_refusal_says_what_to_look_at(serve):
    for words, next_one in (
        (["session", "show", "99"], "session list"),
        (["session", "stop", "99"], "session list"),
        (["role", "explain"], "role explain --help"),
        (["role", "list", "--assignee", "nix"], "user list"),
        (["role", "assign", "Reader", "--assignee", "nix", "--scope", "/subscriptions/x"], "user list"),
    ):
        said = refused(serve, *words)
        assert said.endswith(f"\ntry: headrace {next_one}\n"), said


def test_attach_and_unlink(serve, link):
    attached = json.loads(serve.cli("compute", "attach", "cli-pool", "--json").stdout)
    assert (attached["properties"]["provisioningState"], attached["properties"]["computeType"]) == (
        "Succeeded",
        "SynapseSpark",
    )
    failed = refused(serve, "compute", "attach", "cli-bad", "--pool", "nix")
    assert 'Spark pool "nix" does not exist' in failed
    assert 'Spark pool "nix" does not exist' in serve.cli("compute", "show", "cli-bad").stdout
    assert 'no linked service "other"' in refused(serve, "compute", "attach", "cli-3", "--link", "other")
    assert "cli-bad, cli-pool" in refused(serve, "link", "remove", "cli-link")
    assert serve.cli("compute", "detach", "cli-bad").stdout == 'compute "cli-bad" is detached\n'
    assert 'there is no compute "cli-bad"' in refused(serve, "compute", "detach", "cli-bad")
    serve.cli("link", "remove", "cli-link", "--detach-computes")
    assert json.loads(serve.cli("compute", "list", "--json").stdout) == []
    assert "headrace link create" in refused(serve, "compute", "attach", "cli-pool")


def test_a_second_user_is_refused_and_the_printed_command_helps(serve):
    ann, _ = new_user(serve)
    said = refused(serve, "link", "create", "anns-link", token=ann["token"])
    assert ann["name"] in said and "headrace role assign" in said
    for _ in range(3):  # Contributor of the workspace, then Owner of the Synapse workspace
        done = serve.cli("link", "create", "anns-link", token=ann["token"], check=False)
        if done.returncode == 0:
            break
        run_printed(serve, done.stderr)
    assert done.returncode == 0, done.stderr
    serve.cli("link", "remove", "anns-link")


def test_the_next_step_is_what_it_says_it_is(serve, tmp_path):
    """A command that can be run stands in a line `try:`; a sentence does not pose as one; status 1 is the server's no, 2 the words'."""
    assert refused(serve, "dataset", "show", "nosuch").endswith(
        '"nosuch" does not exist in workspace "headrace-ml"\ntry: headrace dataset list\n'
    )
    assert "try: headrace datastore list" in refused(
        serve, "dataset", "register", "x", "a.csv", "--datastore", "nosuch"
    )
    gone = refused(serve, "unmount", str(tmp_path / "gone"))
    assert "does not exist" in gone and "mkdir" not in gone
    own = serve.cli("user", "remove", "owner", check=False)
    assert own.returncode == 1 and "cannot remove itself" in own.stderr
    key = tmp_path / "key"
    key.write_text("c2VjcmV0")
    wrong = refused(
        serve,
        "datastore",
        "register",
        "far",
        "--account",
        "nosuchaccount",
        "--container",
        "con",
        "--key-file",
        str(key),
        "--endpoint",
        "http://127.0.0.1:9/nosuchaccount",
    )
    assert "--skip-validation" in wrong and "try:" not in wrong, wrong
    for words in re.findall("^try: headrace (.*)$", refused(serve, "dataset", "show", "nosuch"), re.M):
        assert serve.cli(*words.split()).returncode == 0


def test_sessions(serve):
    livy = Livy(serve)
    path = livy.start()
    number = path.rsplit("/", 1)[1]
    assert livy.run(path, "1 + 1\n# ünïcödé")["data"]["text/plain"] == "2"
    assert [str(row["id"]) for row in json.loads(serve.cli("session", "list", "--json").stdout)] == [number]
    table = serve.cli("session", "statements", number).stdout.splitlines()
    assert table[0].split() == ["ID", "STATE", "RESULT", "CODE"] and table[1].endswith("1 + 1 # ünïcödé")
    assert "available" in table[1] and " ok " in table[1]
    assert serve.cli("session", "log", number).returncode == 0
    ann, _ = new_user(serve)
    refused(serve, "session", "stop", number, token=ann["token"])
    assert serve.cli("session", "stop", number).stdout == f'session "{number}" is stopped\n'
    assert f"Session '{number}' not found" in refused(serve, "session", "show", number)
