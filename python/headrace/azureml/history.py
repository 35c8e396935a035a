"""What the server keeps about one run, over Azure's run history, metric and artifact calls. Used by the SDK's `Run`, inside and
outside scripts, and by the process that executes runs."""

import atexit
import math
import os
import threading
import time
import uuid

from headrace.azureml import exceptions
from headrace.azureml.client import segment

BATCH = 500  # metric values in one request
PATIENCE = 60  # seconds for which a server that does not answer is asked again, before what was logged is given up
PAUSE = 0.2  # seconds in which what is logged gathers
UPLOAD_BATCH = 200

SCALAR, LIST, ROW, TABLE, IMAGE = ("azureml.v1." + kind for kind in ("scalar", "list", "row", "table", "image"))


class History:
    def __init__(self, endpoint, workspace_id, experiment, run_id):
        self.endpoint, self.workspace_id, self.experiment, self.run_id = endpoint, workspace_id, experiment, run_id
        self.path = "/history/v1.0%s/experiments/%s/runs/%s" % (workspace_id, segment(experiment), segment(run_id))
        self.metric_path = "/metric/v2.0%s/runs/%s" % (workspace_id, segment(run_id))
        self._waiting, self._lock, self._wake, self._thread, self._failed = (
            [],
            threading.Lock(),
            threading.Event(),
            None,
            None,
        )
        self._sending = threading.Lock()

    def get(self):
        return self.endpoint.get(self.path)

    def details(self):
        return self.endpoint.get(self.path + "/details")

    def patch(self, **body):
        return self.endpoint.request("PATCH", self.path, body=body).json()

    def cancel(self):
        return self.endpoint.request("POST", self.path + "/cancel", body={}).json()

    # ---- metrics: gathered, and sent in their order by a thread of their own ----

    def log(self, name, kind, columns, rows, step=None):
        values = [{"metricId": str(uuid.uuid4()), "step": step if step is not None else 0, "data": row} for row in rows]
        item = {"name": str(name), "columns": columns, "properties": {"uxMetricType": kind}, "value": values}
        with self._lock:
            self._raise_failure()
            self._waiting.append(item)
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_all, name="headrace-metrics", daemon=True)
                self._thread.start()
                atexit.register(self.flush)
        self._wake.set()

    def _raise_failure(self):
        failed, self._failed = self._failed, None
        if failed:
            raise failed

    def _send_all(self):
        while True:
            self._wake.wait()
            self._wake.clear()
            time.sleep(PAUSE)
            try:
                self._send_waiting()
            except exceptions.AzureMLException as err:
                with self._lock:
                    self._failed = err

    def _send_waiting(self):
        with self._sending:
            while True:
                with self._lock:
                    batch = self._waiting[:BATCH]
                if not batch:
                    return
                try:
                    self._send(batch)
                finally:  # refused as a whole: it is told of, and not sent again
                    with self._lock:
                        del self._waiting[: len(batch)]

    def _send(self, batch):
        body = {"values": batch, "reportErrors": True}
        self.endpoint.request("POST", self.metric_path + "/batch", body=body, patience=PATIENCE)

    def flush(self):
        """Waits until everything that was logged is with the server; raises what was refused."""
        self._send_waiting()
        with self._lock:
            self._raise_failure()

    def metrics(self):
        """{name: value} as `Run.get_metrics` returns it."""
        return {series["name"]: plain(series) for series in self.endpoint.get(self.metric_path + "/full")["value"]}

    # ---- artifacts ----

    def artifacts(self):
        return [item["path"] for item in self.endpoint.get(self.path + "/artifacts")["value"]]

    def upload(self, files):
        """Keeps files with the run: [(name in the run, path here)]."""
        from headrace.runner import storage

        for at in range(0, len(files), UPLOAD_BATCH):
            part = files[at : at + UPLOAD_BATCH]
            paths = [{"path": name, "contentLength": os.path.getsize(path)} for name, path in part]
            answer = self.endpoint.request(
                "POST", self.path + "/artifacts/batch/metadata", body={"paths": paths}
            ).json()
            for name, path in part:
                storage.put(self.endpoint.session(), answer["artifactContentInformation"][name]["contentUri"], path)

    def download(self, name, path):
        from headrace.runner import storage

        uri = self.endpoint.get(self.path + "/artifacts/contentinfo", params={"path": name})["contentUri"]
        try:
            storage.fetch(self.endpoint.session(), uri, path)
        except storage.StorageError as err:
            raise exceptions.ServiceException(
                "file '%s' of run '%s' cannot be read: %s" % (name, self.run_id, err)
            ) from None

    def log_text(self, url, offset):
        """What the script has printed behind `offset`, as bytes."""
        return self.endpoint.request("GET", url, params={"offset": offset}).content


def number(value, what):
    """(JSON value, column type) of something that is logged. Numbers of numpy are numbers."""
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, bool):
        return value, "Boolean"
    if isinstance(value, int):
        return value, "Int64"
    if isinstance(value, float):
        return (value, "Double") if math.isfinite(value) else (str(value), "Double")  # JSON has no nan
    if isinstance(value, str):
        return value, "String"
    raise exceptions.UserErrorException(
        "%s is a number, a text or a truth value, not %s" % (what, type(value).__name__)
    )


def _restored(value, kind):
    return float(value) if kind == "Double" and isinstance(value, (str, int)) and not isinstance(value, bool) else value


def plain(series):
    """One metric as azureml shows it: a value, a list, or a dictionary of columns."""
    kind, columns = series["properties"]["uxMetricType"], series["columns"]
    rows = [
        {name: _restored(item, columns.get(name)) for name, item in value["data"].items()} for value in series["value"]
    ]
    if kind in (ROW, TABLE):
        names = list(dict.fromkeys(name for row in rows for name in row))
        together = {name: [row[name] for row in rows if name in row] for name in names}
        return {name: values[0] if len(rows) == 1 else values for name, values in together.items()}
    values = [row.get(series["name"], next(iter(row.values()), None)) for row in rows]
    return values if kind == LIST or len(values) != 1 else values[0]
