"""`Run.get_context()` where no run executes the script."""

import uuid


class OfflineRun:
    """What a script logs to when no run executes it: standard output."""

    id = "OfflineRun_" + str(uuid.uuid4())
    experiment = None
    number = 0

    def __init__(self):
        self.input_datasets, self.tags, self.properties = {}, {}, {}

    def _say(self, kind, name, value):
        print("Attempted to log %s metric %s:\n%s" % (kind, name, value))

    def log(self, name, value, description="", step=None):
        self._say("scalar", name, value)

    def log_list(self, name, value, description=""):
        self._say("list", name, value)

    def log_row(self, name, description=None, **columns):
        self._say("row", name, columns)

    def log_table(self, name, value, description=""):
        self._say("table", name, value)

    def log_image(self, name, path=None, plot=None, description=""):
        self._say("image", name, path or plot)

    def tag(self, key, value=None):
        self.tags[key] = value

    def set_tags(self, tags):
        self.tags.update(tags)

    def get_tags(self):
        return dict(self.tags)

    def add_properties(self, properties):
        self.properties.update(properties)

    def get_metrics(self, *args, **options):
        return {}

    def upload_file(self, name, path_or_stream, datastore_name=None):
        print("Attempted to upload file %s: %s" % (name, path_or_stream))

    def upload_folder(self, name, path, datastore_name=None):
        print("Attempted to upload folder %s: %s" % (name, path))

    def get_status(self):
        return "Running"

    def get_details(self):
        return {"runId": self.id, "status": "Running"}

    def flush(self, timeout_seconds=300):
        pass

    def complete(self, _set_status=True):
        pass

    def fail(self, error_details=None, error_code=None, _set_status=True):
        print("Attempted to fail the run: %s" % (error_details,))

    def cancel(self):
        pass

    def get_file_names(self):
        return []

    def get_portal_url(self):
        return ""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        pass
