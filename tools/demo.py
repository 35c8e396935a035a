"""The demo: a server on a fresh home, the article's notebook in Jupyter, what each step did and how long it took.

Leaves the executed notebook as build/demo/article.ipynb and as HTML beside it, and stops everything it started.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import article
import pictures

ROOT = article.ROOT
BUILD = pathlib.Path(os.environ.get("HEADRACE_BUILD", ROOT / "build"))
OUT = ROOT / "build/demo"

STUDIO = {"studio": "/datasets/blob_dset", "studio-link": "/linked-services/synapselink1"}  # what --pictures shows

TITLES = {
    "link": "link the Synapse workspace",
    "get-link": "get the linked service",
    "role": "grant its identity a role",
    "attach": "attach the Spark pool",
    "compute-targets": "find it among the computes",
    "start": "start a Spark session",
    "meta": "the session's metadata",
    "read": "read the CSV from Blob storage",
    "prepare": "filter, group, sort, show",
    "save": "write the data back",
    "dataset-to-spark": "read a registered dataset",
    "stop": "stop the session",
    "dataset": "make a dataset of the prepared files",
    "train": "mount it and train on it",
    "unlink": "unlink",
}


def say(text, seconds=None):
    print(f"{f'{seconds:7.2f} s' if seconds is not None else '         '}  {text}", flush=True)


def start(home):
    began = time.monotonic()
    log = open(OUT / "server.log", "wb")
    server = subprocess.Popen(
        [str(BUILD / "headrace"), "serve", "--home", str(home), "--port", "0"],
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env={"HEADRACE_PYTHON": sys.executable, **os.environ},
    )
    log.close()
    path = home / "run/endpoint.json"
    while not path.exists():
        if server.poll() is not None or time.monotonic() - began > 30:
            raise SystemExit(
                f"headrace serve did not start:\n{(OUT / 'server.log').read_text(errors='replace')[-2000:]}"
            )
        time.sleep(0.005)
    return server, json.loads(path.read_text()), time.monotonic() - began


def stop(server):
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        raise SystemExit("the server did not end on SIGTERM and was killed") from None


def excerpt(cell, lines=14):
    """The first lines of what a cell showed, indented, without colours and keys."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", article.text_of(cell)).rstrip().split("\n")
    shown = text if len(text) <= lines else text[:lines] + [f"… {len(text) - lines} more lines"]
    return "\n".join("             " + line for line in shown if line or len(shown) > 1)


def main():
    began = time.monotonic()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    import nbconvert
    import nbformat

    server, endpoint, seconds = start(OUT / "home")
    try:
        say(f"server on {endpoint['url']}", seconds)
        data = article.titanic()
        at = time.monotonic()
        article.upload(endpoint, data)
        say(
            f"Titanic.csv ({len(data)} bytes) uploaded to container 'demo' of account 'dprepdata'",
            time.monotonic() - at,
        )
        notebook = article.fill(nbformat.read(article.NOTEBOOK, as_version=4), endpoint)
        at = time.monotonic()
        with article.Kernel(OUT / "work", OUT / "home", BUILD) as kernel:
            say("Jupyter kernel", time.monotonic() - at)
            at = time.monotonic()
            assumed = article.assume(kernel, endpoint)
            say("what the article assumes: datastore 'mydatastore', dataset 'blob_dset'", time.monotonic() - at)
            broken = assumed if article.failed(assumed) else run(notebook, kernel, endpoint)
    finally:
        at = time.monotonic()
        stop(server)
        say("server stopped", time.monotonic() - at)
    nbformat.write(notebook, OUT / "article.ipynb")
    (OUT / "article.html").write_text(nbconvert.HTMLExporter().from_notebook_node(notebook)[0])
    if "--pictures" in sys.argv:
        with pictures.Camera() as camera:
            camera.notebook(OUT / "article.html", "Prepare")
    say(
        f"{(OUT / 'article.ipynb').relative_to(ROOT)} and article.html written; everything took",
        time.monotonic() - began,
    )
    return 1 if broken else 0


def unlink(cell, kernel):
    """A link with computes is not removed: that is shown. Then the compute is detached, beside the notebook, and the cell runs again."""
    if not article.failed(cell):
        raise SystemExit("the link was removed under an attached compute")
    article.detach(kernel)
    say(f"beside the notebook: headrace compute detach {article.ALIAS}")
    seconds = kernel.execute(cell)
    say("[unlink] again", seconds)


def run(notebook, kernel, endpoint):
    """Executes the notebook's cells up to the first that fails; returns that one or None."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        tag = cell.metadata.tags[0]
        if tag == "unlink" and "--pictures" in sys.argv:
            with pictures.Camera() as camera:
                camera.studio(endpoint, STUDIO)
        seconds = kernel.execute(cell)
        say(f"[{tag}] {TITLES.get(tag, tag)}", seconds)
        print(excerpt(cell), flush=True)
        if tag == "unlink":
            unlink(cell, kernel)
        if article.failed(cell):
            say(f"cell '{tag}' failed: the rest is not run")
            return cell
    return None


if __name__ == "__main__":
    sys.exit(main())
