"""Mounting a file dataset: `headrace mount` as a process of its own, or, where FUSE cannot be had, a download that says so."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings

from headrace.azureml import exceptions
from headrace.azureml.client import segment

NO_FUSE = 3  # the command's exit status
END_SECONDS = 20


class MountFallbackWarning(UserWarning):
    """FUSE cannot be had, so the files were downloaded."""


def mount(dataset, mount_point=None, **options):
    """The dataset's files as a read-only folder: a MountContext. Nothing is mounted until start(), or the `with` statement."""
    unknown = [name for name, value in options.items() if value is not None]
    if unknown:
        raise exceptions.unsupported("FileDataset.mount(%s=…)" % unknown[0])
    return MountContext(dataset, mount_point)


class MountContext:
    """A dataset's version under `mount_point`, from start() to stop(), or within `with`. It also ends with this process, however that ends.

    Reading fetches what is read. A file that changed or vanished since the version was made fails with OSError EIO, and its extended attribute
    `user.headrace.error` (and standard error) says why.
    """

    def __init__(self, dataset, mount_point=None):
        self._dataset = dataset
        self._given = os.path.abspath(os.fspath(mount_point)) if mount_point else None
        self._folder = self._given
        self._process = None
        self._downloaded = None
        self._made = []  # folders of ours, outermost first

    @property
    def mount_point(self):
        """The folder, as an absolute path."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="headrace-mount-")
            self._made = [self._folder]
        return self._folder

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def __repr__(self):
        how = "downloaded" if self._downloaded is not None else "mounted" if self._process else "not mounted"
        return "MountContext(mount_point='%s', %s)" % (self.mount_point, how)

    def start(self):
        """Mounts. Raises UserErrorException for a mount point that is in use, not empty or not a folder, or a missing role."""
        if self._process or self._downloaded is not None:
            return
        self._make_folder()
        try:
            why = self._mount()
            if why:
                warnings.warn(
                    "%s: the files of the dataset are downloaded to '%s' instead of mounted" % (why, self.mount_point),
                    MountFallbackWarning,
                    stacklevel=2,
                )
                self._download()
        except BaseException:
            self._remove_folders()
            raise
        atexit.register(self.stop)

    def stop(self):
        """Takes the mount away. What was downloaded in its stead is removed."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._downloaded is not None:
            self._downloaded = None
            for name in os.listdir(self.mount_point):
                path = os.path.join(self.mount_point, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self._remove_folders()

    # how

    def _make_folder(self):
        missing, folder = [], self.mount_point
        while not os.path.lexists(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for folder in reversed(missing):
            os.mkdir(folder)
            self._made.append(folder)

    def _remove_folders(self):
        for folder in reversed(self._made):
            try:
                os.rmdir(folder)
            except OSError:
                break  # somebody else's files are in it
        self._made = []
        self._folder = self._given

    def _mount(self):
        """None when it is mounted, else why it cannot be here."""
        program = find_program()
        if program is None:
            return "the command `headrace`, which mounts, is not installed here"
        workspace, dataset, version = self._dataset._locate()
        endpoint = workspace._endpoint
        env = {
            **os.environ,
            "HEADRACE_URL": endpoint.url,
            "HEADRACE_TOKEN": endpoint.token or "",
            "HEADRACE_CA_FILE": endpoint.ca_file or "",
        }
        path = "/dataset/v1.0%s/datasets/%s/versions/%s" % (workspace._id, segment(dataset), version)
        process = subprocess.Popen(
            [program, "mount", "--path", path, "--with-pid", str(os.getpid()), self.mount_point],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            text=True,
            start_new_session=True,  # Ctrl-C in a notebook is the cell's, not the mount's
        )
        if process.stdout.readline().startswith("mounted "):
            self._process = process
            threading.Thread(target=_tell, args=(process.stderr,), daemon=True, name="headrace-mount").start()
            return None
        said = process.communicate()[1].strip().removeprefix("headrace: ")
        if process.returncode == NO_FUSE:
            return said
        raise exceptions.UserErrorException(
            said or "the mount ended with status %d before it was there" % process.returncode
        )

    def _download(self):
        if os.listdir(self.mount_point):
            raise exceptions.UserErrorException(
                "the mount point '%s' is not empty: a mount would hide what is in it" % self.mount_point
            )
        self._downloaded = self._dataset.download(target_path=self.mount_point)


def _tell(stream):
    """What the mount says while files are read: its errors belong beside the reader's."""
    with stream:
        for line in stream:
            if " error mount." in line:
                print("headrace mount: " + line.split(" error mount.", 1)[1].strip(), file=sys.stderr)


def find_program(name="headrace"):
    """The command: beside this Python, in PATH, or in the build folder of who develops it. None: it is not here."""
    for folder in (os.path.dirname(sys.executable), os.environ.get("HEADRACE_BUILD")):
        path = os.path.join(folder or "/nonexistent", name)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return shutil.which(name)
