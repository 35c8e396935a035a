"""The drop-in `azureml` import. A finder that stands last in `sys.meta_path` answers for `azureml.…` only where nothing
else does, so an installed azureml-core wins. It is installed at the start of Python by a `.pth` file: this module must
stay small and import nothing."""

import sys

PREFIX = "azureml"


class Finder:
    """Makes `azureml.core…` from `headrace.azureml`. The modules have an empty `__path__`, so that no second copy is ever
    loaded from files."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != PREFIX and not name.startswith(PREFIX + "."):
            return None
        from importlib.machinery import ModuleSpec

        from headrace.azureml import MODULES

        above = name.rpartition(".")[0]
        if name not in MODULES or above not in ("", PREFIX) and not ours(sys.modules.get(above)):
            return None
        return ModuleSpec(name, Finder, origin="headrace", is_package=True)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        from importlib import import_module

        from headrace.azureml import MODULES

        for name, value in vars(import_module(MODULES[module.__name__])).items():
            if not name.startswith("__"):
                module.__dict__[name] = value
        module.__doc__ = "Headrace's drop-in for %s" % module.__name__
        module.__path__ = []


def ours(module):
    return getattr(getattr(module, "__spec__", None), "loader", None) is Finder


def install():
    if Finder not in sys.meta_path:
        sys.meta_path.append(Finder)
