"""A session on a Synapse Spark pool, over Synapse's session and statement calls."""

import time

from headrace.azureml import exceptions
from headrace.azureml.client import Endpoint, parse_id, segment

ARM_API = "2021-03-01"
LIVY_API = "2019-11-01-preview"
STARTING = ("not_started", "starting", "recovering")
USABLE = ("idle", "busy", "running")
WAITING = ("waiting", "running", "cancelling")
PAUSE = (0.005, 0.25)  # seconds between two looks where the server did not hold the request: first, longest
CANCEL_WAIT = 10.0


class SessionError(Exception):
    """A session that cannot be had, or has ended."""


class Pool:
    """Where sessions of a pool are asked for."""

    def __init__(self, workspace, resource_id):
        names = parse_id(resource_id)
        self.synapse, self.name = names["workspaces"], names["bigdatapools"]
        arm = workspace._endpoint.get(
            "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Synapse/workspaces/%s"
            % (segment(names["subscriptions"]), segment(names["resourcegroups"]), segment(self.synapse)),
            ARM_API,
        )
        dev = ((arm.get("properties") or {}).get("connectivityEndpoints") or {}).get("dev")
        endpoint = workspace._endpoint
        self.endpoint = Endpoint(dev, endpoint.token, endpoint.ca_file) if dev else endpoint
        self.path = "/livyApi/versions/%s/sparkPools/%s/sessions" % (LIVY_API, segment(self.name))
        base = self.endpoint.url.split("://", 1)[1].partition("/")[2]
        if base:  # an address with a path of its own
            self.path = "/%s%s" % (base, self.path)
            self.endpoint.url = self.endpoint.url[: -len(base) - 1]

    def request(self, method, path="", body=None, params=None, accept=(200, 201)):
        return self.endpoint.request(method, self.path + path, None, body, params, accept)


class Session:
    def __init__(self, pool, view):
        self.pool = pool
        self.view = view
        self.id = view["id"]

    @classmethod
    def start(cls, pool, body, timeout):
        """Creates a session and waits, at most `timeout` seconds, until it can run statements."""
        session = cls(pool, pool.request("POST", body=body, params={"detailed": "true"}).json())
        deadline = time.monotonic() + timeout
        pause = PAUSE[0]
        try:
            while session.state in STARTING:
                if time.monotonic() > deadline:
                    raise SessionError(
                        "the session did not start within %d s: its state is '%s'" % (timeout, session.state)
                    )
                time.sleep(pause)
                pause = min(PAUSE[1], pause * 1.5)
                session.refresh()
            session.check()
        except BaseException:
            session.stop(quiet=True)
            raise
        return session

    @property
    def state(self):
        return self.view["state"]

    def refresh(self):
        self.view = self.pool.request("GET", "/%s" % self.id, params={"detailed": "true"}).json()

    def check(self):
        """Raises SessionError unless statements can run."""
        if self.state in USABLE:
            return
        reasons = [error.get("message") for error in self.view.get("errorInfo") or ()] or (self.view.get("log") or [])[
            -3:
        ]
        raise SessionError(
            "session %s is '%s'%s"
            % (self.id, self.state, ": " + "; ".join(filter(None, reasons)) if any(reasons) else "")
        )

    def stop(self, quiet=False):
        try:
            self.pool.request("DELETE", "/%s" % self.id, accept=(200, 204, 404))
        except exceptions.AzureMLException:
            if not quiet:
                raise

    def execute(self, code, kind, cell, on_output):
        """Runs a statement to its end and returns it. `cell` is its name in tracebacks; `on_output(output)` sees what a running one
        shows so far. Ctrl-C interrupts it; code that catches that goes on, and is waited for as a local cell is. A second Ctrl-C interrupts it once
        more and waits so long only: what is returned then may be running still."""
        body = {"code": code, "kind": kind, "cell": cell}
        try:
            statement = self.pool.request("POST", "/%s/statements" % self.id, body).json()
        except exceptions.AzureMLException as err:
            if err.status not in (400, 404):
                raise
            raise self._ended(err) from None
        path = "/%s/statements/%s" % (self.id, statement["id"])
        try:
            return self._wait(path, statement, on_output)
        except KeyboardInterrupt:
            self._cancel(path)
        try:
            return self._wait(path, statement, on_output)
        except KeyboardInterrupt:
            self._cancel(path)
        return self._wait(path, statement, on_output, time.monotonic() + CANCEL_WAIT)

    def _cancel(self, path):
        self.pool.request("POST", path + "/cancel", {}, accept=(200, 201))

    def _wait(self, path, statement, on_output, deadline=None):
        pause = PAUSE[0]
        while statement["state"] in WAITING and (deadline is None or time.monotonic() < deadline):
            asked = time.monotonic()
            statement = self.pool.request("GET", path).json()
            if statement["state"] not in WAITING:
                break
            if statement.get("output"):
                on_output(statement["output"])
            if time.monotonic() - asked < pause:
                time.sleep(pause)
                pause = min(PAUSE[1], pause * 1.5)
        return statement

    def _ended(self, error):
        """The exception for a statement that was refused: the session's own end, where that is the reason."""
        try:
            self.refresh()
            self.check()
        except (SessionError, exceptions.AzureMLException) as ended:
            return SessionError("%s. `%%synapse stop`, then `%%synapse start`" % ended)
        return error
