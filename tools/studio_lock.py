"""studio_lock.py LOCK REGISTRY: gives every package of an npm lock file the address that it has on this registry. The lock file in the tree names no
registry, and `npm ci` takes an optional package without an address (a platform's binary) for missing."""

import json
import sys


def main(path, registry):
    with open(path) as file:
        lock = json.load(file)
    for place, package in lock["packages"].items():
        if place:
            name = place.rpartition("node_modules/")[2]
            package["resolved"] = f"{registry.rstrip('/')}/{name}/-/{name.rpartition('/')[2]}-{package['version']}.tgz"
    with open(path, "w") as file:
        json.dump(lock, file, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
