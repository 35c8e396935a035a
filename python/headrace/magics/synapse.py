"""`%synapse` and `%%synapse`: a Spark session for the cells that say so."""

import argparse
import atexit
import difflib
import json
import shlex
import sys
import time
import uuid

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.display import display

from headrace.azureml import exceptions
from headrace.magics import livy

SUBCOMMANDS = ("start", "meta", "stop", "list", "run", "help")
MEANT = {  # what people type for a sub-command
    "status": "meta",
    "info": "meta",
    "show": "meta",
    "sessions": "list",
    "ls": "list",
    "end": "stop",
    "close": "stop",
    "kill": "stop",
    "pyspark": "run pyspark",
    "scala": "run scala",
    "sql": "run sql",
}
KINDS = {"pyspark": "pyspark", "spark": "spark", "scala": "spark", "sql": "sql"}

HELP = """%synapse start -c COMPUTE [options]    start a Spark session on an attached pool
%%synapse start -c COMPUTE             the same, with Spark's configuration as JSON in the cell
%synapse CODE    %%synapse             run a line, a cell in the session: spark, sc and ws are defined there
%synapse run pyspark|spark|scala|sql CODE
%synapse meta                          what the session is, as JSON
%synapse list                          the pool's sessions
%synapse stop                          end the session
%synapse help                          this, and the options of start
"""


class MagicError(Exception):
    """An error that is shown as its message, without the stack of the magic."""

    def _render_traceback_(self):
        return ["%s: %s" % (type(self).__name__, self)]


class SynapseError(MagicError):
    """A session that cannot be started or used."""


class StatementError(MagicError):
    """A statement that failed in the session. Subclasses are named as the session's error."""

    def __init__(self, evalue, traceback):
        super().__init__(evalue)
        self.traceback = traceback

    def _render_traceback_(self):
        lines = "".join(self.traceback).rstrip("\n").split("\n") if self.traceback else []
        if lines and lines[-1].startswith(type(self).__name__ + ":"):
            lines.pop()  # it says the first line again
        lines = lines if any(line.strip() for line in lines) else []
        return ["%s: %s" % (type(self).__name__, self)] + ([""] + lines if lines else [])


def meant(line):
    """The sub-command that a line's first word may have been meant for, or None."""
    word = line.split(None, 1)[0] if line.strip() else ""
    close = difflib.get_close_matches(word, SUBCOMMANDS, 1, 0.7)
    return MEANT.get(word) or (close[0] if close else None)


def did_you_mean(line):
    sub_command = meant(line)
    return ": did you mean `%%synapse %s`?" % sub_command if sub_command else ""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise SynapseError("%s. `%%synapse help` lists the options" % message)


def start_parser():
    parser = _Parser(prog="%synapse start", add_help=False)
    add = parser.add_argument
    add(
        "-c",
        "--compute-target",
        "--compute",
        dest="compute",
        required=True,
        metavar="NAME",
        help="the attached pool's name in the workspace",
    )
    add("-s", "--subscription-id", dest="subscription", metavar="ID", help="the workspace's subscription")
    add("-r", "--resource-group", dest="resource_group", metavar="NAME", help="the workspace's resource group")
    add("-w", "--workspace-name", dest="workspace", metavar="NAME", help="the workspace")
    add("-f", "--config-file", dest="config_file", metavar="PATH", help="a config.json that names the three")
    add("-e", "--environment", dest="environment", metavar="NAME", help="an environment of the workspace")
    add("--environment-version", dest="environment_version", metavar="VERSION")
    add("--driver-memory", metavar="SIZE")
    add("--driver-cores", type=int, metavar="N")
    add("--executor-memory", metavar="SIZE")
    add("--executor-cores", type=int, metavar="N")
    add("-n", "--num-executors", dest="num_executors", type=int, metavar="N")
    add(
        "-t",
        "--timeout",
        dest="timeout",
        type=int,
        default=30,
        metavar="MINUTES",
        help="idle minutes after which the session ends (30)",
    )
    add("--start-timeout", type=int, default=600, metavar="SECONDS", help="how long to wait for the session (600)")
    return parser


@magics_class
class SynapseMagics(Magics):
    def __init__(self, shell):
        super().__init__(shell)
        self.session = None
        self.meta_fields = {}
        atexit.register(self._at_exit)

    def _at_exit(self):
        if self.session is not None:
            self.session.stop(quiet=True)

    @no_var_expand
    @line_cell_magic
    def synapse(self, line, cell=None):
        """Data preparation in a Spark session: `%synapse help`."""
        word, _, rest = line.strip().partition(" ")
        try:
            if word in SUBCOMMANDS:
                return getattr(self, "do_" + word)(rest.strip(), cell)
            if cell is not None and line.strip():
                raise SynapseError(
                    "'%s' is not a sub-command of %%%%synapse%s"
                    % (word, did_you_mean(line) or ": there are " + ", ".join(SUBCOMMANDS))
                )
            if cell is None and not line.strip():
                return self.do_help("", None)
            return self.execute_line(line) if cell is None else self.execute(cell, "pyspark")
        except (exceptions.AzureMLException, livy.SessionError) as err:
            raise SynapseError(str(err)) from None

    # the sub-commands

    def do_help(self, rest, cell):
        print(HELP)
        print(start_parser().format_help().partition("\n\n")[2])

    def do_start(self, rest, cell):
        if self.session is not None:
            self.session.refresh()
            if self.session.state in livy.USABLE:
                raise SynapseError("session %s is running: `%%synapse stop` ends it" % self.session.id)
            self.session = None
        options = start_parser().parse_args(shlex.split(self.shell.var_expand(rest, depth=2)))
        conf = self._conf(cell)
        if options.environment or options.environment_version:
            raise SynapseError("-e is not supported: a workspace of this server has no environments")
        began = time.monotonic()
        workspace = self._workspace(options)
        compute = workspace._endpoint.get(
            "%s/computes/%s" % (workspace._id, livy.segment(options.compute)), "2020-02-02"
        )["properties"]
        if compute.get("computeType") != "SynapseSpark":
            raise SynapseError(
                "compute '%s' is of type %s: a session needs an attached Synapse Spark pool"
                % (options.compute, compute.get("computeType"))
            )
        if compute.get("provisioningState") != "Succeeded":
            raise SynapseError(
                "compute '%s' is not attached yet: its state is '%s'"
                % (options.compute, compute.get("provisioningState"))
            )
        pool = livy.Pool(workspace, compute["resourceId"])
        body = {
            "name": "%s-%s" % (workspace.name, options.compute),
            "kind": "pyspark",
            "conf": conf,
            "idleTimeout": "%dm" % options.timeout,
            "artifactId": str(uuid.uuid4()),
            "tags": {"workspace": workspace._id},
            "driverMemory": options.driver_memory,
            "driverCores": options.driver_cores,
            "executorMemory": options.executor_memory,
            "executorCores": options.executor_cores,
            "numExecutors": options.num_executors,
        }
        self.session = livy.Session.start(
            pool, {name: value for name, value in body.items() if value not in (None, {})}, options.start_timeout
        )
        self.meta_fields = {
            "subscription_id": workspace.subscription_id,
            "resource_group": workspace.resource_group,
            "workspace_name": workspace.name,
            "environment_name": options.environment,
            "environment_version": options.environment_version,
            "start_timeout_seconds": options.start_timeout,
            "timeout_minutes": options.timeout,
            "spark_conf": conf,
        }
        print(
            "Spark session %s on pool '%s' of Synapse workspace '%s' is ready (%.2f s). Cells that begin with %%%%synapse run in it."
            % (self.session.id, pool.name, pool.synapse, time.monotonic() - began)
        )

    @staticmethod
    def _conf(cell):
        if not cell or not cell.strip():
            return {}
        try:
            conf = json.loads(cell)
        except ValueError as err:
            raise SynapseError("the body of %%%%synapse start is not JSON: %s" % err) from None
        if isinstance(conf, dict) and "conf" in conf:
            beside = [key for key in conf if key != "conf"]
            if beside:
                raise SynapseError(
                    '"%s" is not known beside "conf": sizes are options, see `%%synapse help`' % beside[0]
                )
            conf = conf["conf"]
        if not isinstance(conf, dict):
            raise SynapseError("the body of %%synapse start must be a JSON object of Spark configuration")
        for key, value in conf.items():
            if isinstance(value, (dict, list)):
                raise SynapseError('"%s" is no setting of Spark\'s: write {"conf": {"KEY": "VALUE"}}' % key)
        return {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in conf.items()}

    @staticmethod
    def _workspace(options):
        from headrace.azureml.client import Endpoint
        from headrace.azureml.workspace import Workspace

        named = (options.subscription, options.resource_group, options.workspace)
        if all(named):
            return Workspace._known(Endpoint.find(), *named)
        if any(named):
            raise SynapseError("-s, -r and -w belong together: they name the workspace")
        return Workspace.from_config(options.config_file)

    def do_meta(self, rest, cell):
        session = self._current()
        session.refresh()
        view = session.view
        info = view.get("appInfo") or {}
        job = (view.get("livyInfo") or {}).get("jobCreationRequest") or {}
        pick = lambda name: view.get(name) if view.get(name) is not None else job.get(name)  # noqa: E731
        fields = dict(
            self.meta_fields,
            session_id=session.id,
            synapse_session_guid=view.get("artifactId"),
            application_id=view.get("appId"),
            application_name=view.get("name"),
            application_state=view["state"],
            application_url=info.get("driverLogUrl"),
            spark_ui_url=info.get("sparkUiUrl"),
            driver_cores=pick("driverCores"),
            driver_memory=pick("driverMemory"),
            executor_cores=pick("executorCores"),
            executor_memory=pick("executorMemory"),
            num_executors=pick("numExecutors"),
        )
        print(json.dumps(fields, indent=2, sort_keys=True))

    def do_list(self, rest, cell):
        pools = [self.session.pool] if self.session else self._attached_pools()
        rows = [("", "session", "name", "state", "pool", "submitted by")]
        for pool in pools:
            for view in pool.request("GET", params={"detailed": "true", "size": 100}).json().get("sessions") or ():
                mine = self.session is not None and view["id"] == self.session.id
                rows.append(
                    (
                        "*" if mine else "",
                        str(view["id"]),
                        view.get("name") or "",
                        view["state"],
                        pool.name,
                        view.get("submitterName") or view.get("owner") or "",
                    )
                )
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())

    @staticmethod
    def _attached_pools():
        from headrace.azureml.workspace import Workspace

        workspace = Workspace.from_config()
        ids = {
            c.cluster_resource_id: c
            for c in workspace.compute_targets.values()
            if c.type == "SynapseSpark" and c.provisioning_state == "Succeeded"
        }
        return [livy.Pool(workspace, resource_id) for resource_id in ids]

    def do_stop(self, rest, cell):
        session = self._current()
        self.session = None
        session.stop()
        print("Spark session %s is stopped." % session.id)

    def do_run(self, rest, cell):
        word, _, code = rest.partition(" ")
        if word not in KINDS:
            raise SynapseError("%%synapse run takes one of %s, not '%s'" % (", ".join(KINDS), word))
        return self.execute(code if cell is None else cell, KINDS[word])

    # statements

    def _current(self):
        if self.session is None:
            raise SynapseError("there is no Spark session: start one with `%synapse start -c COMPUTE`")
        return self.session

    def execute_line(self, line):
        """A line of Python, unless it fails as a mistyped sub-command would."""
        if self.session is None and meant(line):
            raise SynapseError("'%s' is not a sub-command of %%synapse%s" % (line.split()[0], did_you_mean(line)))
        try:
            return self.execute(line, "pyspark")
        except StatementError as error:
            if type(error).__name__ in ("NameError", "SyntaxError"):
                error.args = (str(error) + did_you_mean(line),)
            raise

    def _cell_name(self):
        """In[n] of the cell that runs: its place in the history. IPython's counter goes on before a cell runs, or after it, by version."""
        return "In[%d]" % (len(self.shell.history_manager.input_hist_parsed) - 1)

    def execute(self, code, kind):
        printed = _Printer()
        statement = self._current().execute(code, kind, self._cell_name(), printed.follow)
        output = statement.get("output")
        if output and output["status"] != "ok" and output.get("data"):  # what it showed before it ended
            printed.show(output["data"])
        caught = output and output["status"] == "ok"  # the cell's code caught the interrupt, and ended by itself
        if statement["state"] == "cancelled" and not caught:
            raise type("KeyboardInterrupt", (StatementError,), {})("the statement was cancelled", [])
        if statement["state"] in livy.WAITING:
            raise SynapseError("the statement was cancelled, but has not ended: `%synapse stop` ends the session")
        if not output:
            raise SynapseError("statement %s ended as '%s' without a result" % (statement["id"], statement["state"]))
        if output["status"] != "ok":
            raise type(output.get("ename") or "Error", (StatementError,), {})(
                output.get("evalue") or "", (output.get("traceback") or [])[output.get("printed", 0) :]
            )
        printed.show(output["data"])


class _Printer:
    """Shows a statement's output, its text while it runs where the server sends that."""

    def __init__(self):
        self.printed = ""

    def follow(self, output):
        self._text((output.get("data") or {}).get("text/plain") or "")

    def show(self, data):
        rich = {
            mime: value
            for mime, value in data.items()
            if mime != "text/plain" and mime in ("text/html", "image/png", "image/svg+xml")
        }
        if not rich:
            self._end(data.get("text/plain") or "")
            return
        display(dict(rich, **{"text/plain": data.get("text/plain") or ""}), raw=True)

    def _end(self, text):
        """A finished statement's text comes without its last line's end; what was shown of it already may have that."""
        if text:
            self._text(self.printed if self.printed.rstrip() == text and self.printed.endswith("\n") else text + "\n")

    def _text(self, text):
        fresh = text[len(self.printed) :] if text.startswith(self.printed) else text
        self.printed = text
        if fresh:
            sys.stdout.write(fresh)
            sys.stdout.flush()
