"""Helpers that a pool of Azure finds in every session and this one does not have: each of their functions is refused by its own name, with what
to use instead. A real package of the name, where one is installed, is the one that is imported."""

import importlib.abc
import importlib.machinery
import sys

INSTEAD = {
    "fs": "read and write files with spark.read and df.write, list and copy them with azure-storage-file-datalake",
    "credentials": "give the session what it needs in its configuration (%synapse start, with a JSON body) and read it with spark.conf.get",
    "notebook": "start the other notebook's cells in this session, or submit it as a run (Experiment.submit)",
    "env": "spark.conf and the object `ws` say where the session is",
    "widgets": "set Python variables in a cell of their own",
}
MODULES = ("notebookutils", "mssparkutils")
NAMES = ("mssparkutils", "notebookutils", "dbutils")


class Absent:
    """`mssparkutils`, `mssparkutils.fs`, `mssparkutils.fs.ls`: any of them may be looked at, and none called."""

    def __init__(self, name):
        self.__name = name

    def __getattr__(self, name):
        if name.startswith("_"):  # what inspection and completion look for is not there
            raise AttributeError(name)
        return Absent(f"{self.__name}.{name}")

    def __call__(self, *_arguments, **_options):
        parts = self.__name.split(".")
        remedy = next((INSTEAD[part] for part in parts if part in INSTEAD), None)
        raise NotImplementedError(f"{self.__name} is not supported on this pool" + (f": {remedy}" if remedy else ""))

    def __repr__(self):
        return f"<{self.__name}: not supported on this pool>"


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands last, so that it is asked for what nobody else has."""

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name in MODULES else None

    def exec_module(self, module):
        def attribute(name):
            if name.startswith("_"):
                raise AttributeError(name)
            return Absent(name if name in NAMES else f"{module.__name__}.{name}")

        module.__getattr__ = attribute


# parts of pyspark that work on RDDs, in a JVM: what is said of them, and what of them works without
REMEDY = "use DataFrames with pyspark.sql.functions, or a Python library on what toPandas() gives"
WITHOUT_JVM = ("pyspark.mllib.linalg",)


class RddFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands first: pyspark has these modules, and they end in "No module named 'py4j'"."""

    def find_spec(self, name, path=None, target=None):
        streaming = name == "pyspark.streaming"
        rdds = (
            name.startswith("pyspark.mllib.")
            and name not in WITHOUT_JVM
            and not name.rpartition(".")[2].startswith("_")
        )
        return importlib.machinery.ModuleSpec(name, self) if streaming or rdds else None

    def exec_module(self, module):
        name = module.__name__
        what = "DStreams" if name == "pyspark.streaming" else "RDDs"
        raise ImportError(
            "%s is not supported on this pool: it needs %s, in a JVM; %s" % (name, what, REMEDY), name=name
        )


def install(namespace):
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, RddFinder())
        sys.meta_path.append(Finder())
    for name in NAMES:
        namespace[name] = Absent(name)
