"""`azureml.core.Dataset` and `Datastore`: the names of the article's first cell. What they do is refused by name."""

from headrace.azureml.exceptions import unsupported


class _Refusing(type):
    _names = ()

    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise unsupported("%s.%s" % (cls.__qualname__, name))


class Dataset(metaclass=_Refusing):
    def __init__(self, *args, **kwargs):
        raise unsupported("Dataset(…)")

    class File(metaclass=_Refusing):
        pass

    class Tabular(metaclass=_Refusing):
        pass


class Datastore(metaclass=_Refusing):
    def __init__(self, workspace, name=None):
        raise unsupported("Datastore(…)")
