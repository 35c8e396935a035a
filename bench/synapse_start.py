"""Times `%synapse start` to the result of a first statement, in a stock IPython shell, over and over; prints seconds, a line each.

With --hold: starts that many sessions at once, runs one count in each, prints `held` and keeps them until standard input closes.
"""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import time

ENDPOINT = json.loads(pathlib.Path(os.environ["HEADRACE_HOME"], "run/endpoint.json").read_text())
ALIAS = "benchpool"


def prepare():
    """Links, grants and attaches, as the article does."""
    import headrace.dropin

    headrace.dropin.install()
    from azureml.core import LinkedService, SynapseWorkspaceLinkedServiceConfiguration, Workspace
    from azureml.core.compute import ComputeTarget, SynapseCompute

    ws = Workspace.get(
        ENDPOINT["workspace"], subscription_id=ENDPOINT["subscription_id"], resource_group=ENDPOINT["resource_group"]
    )
    link = LinkedService.register(
        ws,
        "benchlink",
        SynapseWorkspaceLinkedServiceConfiguration(
            subscription_id=ws.subscription_id,
            resource_group=ENDPOINT["resource_group"],
            name=ENDPOINT["synapse_workspace"],
        ),
    )
    compute = ComputeTarget.attach(
        ws, ALIAS, SynapseCompute.attach_configuration(link, type="SynapseSpark", pool_name=ENDPOINT["pool"])
    )
    compute.wait_for_completion()


def shell():
    from IPython.core.interactiveshell import InteractiveShell

    made = InteractiveShell.instance()
    import headrace.magics

    if "synapse" not in made.magics_manager.magics["line"]:
        headrace.magics.load_ipython_extension(made)
    return made


START = "-c {alias} -s {subscription_id} -r {resource_group} -w {workspace}"


def hold(count):
    """Each session in a Python of its own, as each notebook is."""
    here = [sys.executable, __file__, "1", "--one"]
    holders = [subprocess.Popen(here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    for holder in holders:
        while (line := holder.stdout.readline().strip()) != "held":
            if not line and holder.poll() is not None:
                raise SystemExit("a session did not start")
    print("held", flush=True)
    sys.stdin.read()
    for holder in holders:
        holder.stdin.close()
        holder.wait(30)


def main():
    runs, mode = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    if mode != "--one":
        prepare()
    if mode == "--hold":
        hold(runs)
        return
    python = shell()
    line = START.format(alias=ALIAS, **ENDPOINT)
    for _ in range(runs):
        shown = io.StringIO()
        begin = time.perf_counter()
        with contextlib.redirect_stdout(shown):
            python.run_line_magic("synapse", "start " + line)
            python.run_line_magic("synapse", "spark.range(1).count()")
        spent = time.perf_counter() - begin
        if "1" not in shown.getvalue():
            raise SystemExit(f"no result: {shown.getvalue()}")
        if mode == "--one":
            print("held", flush=True)
            sys.stdin.read()
        else:
            print(f"{spent:.4f}", flush=True)
        with contextlib.redirect_stdout(shown):
            python.run_line_magic("synapse", "stop")


if __name__ == "__main__":
    main()
