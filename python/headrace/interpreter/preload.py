"""What the fork server imports before it forks, and how it gives back the memory that importing used."""

import ctypes
import importlib
import sys

# Importing is the slow part of a session's start (0.6 s); the second group is imported by pyspark at first use, so by every
# session
MODULES = (
    "numpy",
    "pandas",
    "pyarrow",
    "grpc",
    "pyspark.sql.connect.session",
    "pyspark.sql.functions",
    "pyspark.sql.types",
    "pyspark.sql.window",
    "grpc._channel",
    "pyarrow.pandas_compat",
    "pyarrow.vendored.version",
    "numpy.rec",
    "pyspark.sql.connect.shell.progress",
    "pyspark.sql.connect.catalog",
    "pyspark.sql.connect.udf",
    "pyspark.sql.connect.window",
    "uuid",
    "html",
    "base64",
    "ast",
    "linecache",
    "headrace.interpreter.session",
    "headrace.azureml.core",
)

# What those import only to see whether they run in a notebook
HIDDEN = ("IPython",)

MADV_DONTNEED = 4


def run():
    hidden = [name for name in HIDDEN if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # `import` of a None raises ImportError
    for name in MODULES:
        importlib.import_module(name)
    for name in hidden:
        del sys.modules[name]
    from headrace import dropin
    from headrace.interpreter import names

    dropin.install()
    names.patch_pyspark()


def trim():
    """Gives unused heap back and drops the pages of program text that only the imports touched.

    The text stays in the page cache and comes back by a cheap fault where a session needs it. Only mappings that cannot hold
    changes of ours are dropped: file-backed, not writable, executable.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    if not hasattr(libc, "madvise"):
        return
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with open("/proc/self/maps") as maps:
        mappings = [line.split(None, 5) for line in maps]
    for fields in mappings:
        if len(fields) == 6 and fields[1] == "r-xp" and fields[5].startswith("/"):
            start, end = (int(part, 16) for part in fields[0].split("-"))
            libc.madvise(start, end - start, MADV_DONTNEED)
