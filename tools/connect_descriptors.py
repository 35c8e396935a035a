"""Writes Spark Connect's messages, as pyspark-client's modules describe them, to one FileDescriptorSet, and the files' names beside it.

protoc-c refuses `proto3 optional`; clearing the flag keeps the bytes on the wire the same (a synthetic oneof of one field), and
presence stays visible through that oneof's case.
"""

import pathlib
import sys

from google.protobuf import descriptor_pb2

MODULES = [
    "base",
    "catalog",
    "commands",
    "common",
    "example_plugins",
    "expressions",
    "ml",
    "ml_common",
    "pipelines",
    "relations",
    "types",
]


def add(file, seen, out):
    """Appends file's descriptor after those that it imports."""
    if file.name in seen:
        return
    seen.add(file.name)
    for dependency in file.dependencies:
        add(dependency, seen, out)
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    clear_optional(proto.message_type)
    out.file.append(proto)


def clear_optional(messages):
    for message in messages:
        for field in message.field:
            field.proto3_optional = False
        clear_optional(message.nested_type)


def main(path):
    out, seen = descriptor_pb2.FileDescriptorSet(), set()
    # pyspark.sql.connect.__init__ needs pandas; the message modules alone do not, so they are found by path
    import importlib.util
    import types

    root = pathlib.Path(importlib.util.find_spec("pyspark").submodule_search_locations[0])
    for name in ("pyspark", "pyspark.sql", "pyspark.sql.connect", "pyspark.sql.connect.proto"):
        package = types.ModuleType(name)
        package.__path__ = [str(root.parent / name.replace(".", "/"))]
        sys.modules[name] = package
    for name in MODULES:
        if not (root / f"sql/connect/proto/{name}_pb2.py").exists():
            continue
        add(importlib.import_module(f"pyspark.sql.connect.proto.{name}_pb2").DESCRIPTOR, seen, out)
    from google.rpc import error_details_pb2, status_pb2

    add(status_pb2.DESCRIPTOR, seen, out)
    add(error_details_pb2.DESCRIPTOR, seen, out)
    pathlib.Path(path).write_bytes(out.SerializeToString())
    pathlib.Path(path + ".files").write_text("\n".join(file.name for file in out.file) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
