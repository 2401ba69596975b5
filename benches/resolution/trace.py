"""Runs pytest under `sys.monitoring` and records which project function each executed call site called. Python 3.12 or newer.

    python3.12 trace.py --root TREE --out edges.json -- -q tests

Every CALL event whose code lies under --root counts; the called object is followed through bound methods, partials, classes (to `__new__`, `__init__`,
and the `__call__` of their metaclass) and objects (to `__call__`) to a function defined under --root. A function that a decorator wrapped (`__wrapped__`)
is the function that its name stands for. Each target has the functions of the package that it overrides, by the MRO of the object it was called on: a
call that is known to run `Base.load` runs the `load` of a child. A site is (file, line, column, end line, end column) of the call expression, columns as `co_positions` has them:
UTF-8 bytes from 0. A location is switched off after 200 events, so late targets of very hot sites can be missed.
"""
import argparse
import functools
import json
import os
import sys
import types


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("pytest", nargs="*")
    options = parser.parse_args()
    root = os.path.realpath(options.root) + os.sep
    monitoring = sys.monitoring
    sites, hits, positions = {}, {}, {}

    def inside(filename):
        return filename.startswith(root) and "site-packages" not in filename

    def functions(called, depth=0):
        """Code objects of the project functions that calling `called` starts."""
        if depth > 8:
            return
        if isinstance(called, types.MethodType):
            yield from functions(called.__func__, depth + 1)
        elif isinstance(called, functools.partial):
            yield from functions(called.func, depth + 1)
        elif isinstance(called, type):
            made_by = type(called).__dict__.get("__call__")
            for maker in (made_by, called.__new__, called.__init__):
                if isinstance(maker, types.FunctionType):
                    yield from functions(maker, depth + 1)
        elif isinstance(getattr(called, "__wrapped__", None), types.FunctionType) and hasattr(called, "__name__"):
            inner = list(functions(called.__wrapped__, depth + 1))
            if inner:
                yield from inner
            elif isinstance(called, types.FunctionType) and inside(called.__code__.co_filename):
                yield called.__code__
        elif isinstance(called, types.FunctionType):
            if inside(called.__code__.co_filename):
                yield called.__code__
        elif isinstance(type(called).__dict__.get("__call__", getattr(type(called), "__call__", None)), types.FunctionType):
            yield from functions(type(called).__call__, depth + 1)

    def overridden(called, first, target):
        """Code objects of the methods that the called one overrides. `first` is the object, where the interpreter took the method apart."""
        owner = called if isinstance(called, type) else getattr(called, "__self__", None)
        if owner is None:
            owner = first if isinstance(called, types.FunctionType) else called
        found = []
        for above in (owner if isinstance(owner, type) else type(owner)).__mro__:
            method = above.__dict__.get(target.co_name)
            method = getattr(method, "__func__", method)
            while isinstance(getattr(method, "__wrapped__", None), types.FunctionType):
                method = method.__wrapped__
            if isinstance(method, types.FunctionType) and inside(method.__code__.co_filename):
                found.append(method.__code__)
        return found if target in found else []

    def on_call(code, offset, called, first):
        if not inside(code.co_filename):
            return monitoring.DISABLE
        key = code, offset
        hits[key] = hits.get(key, 0) + 1
        for target in functions(called):
            found = sites.setdefault(key, {}).setdefault((target.co_filename, target.co_qualname, target.co_firstlineno), set())
            found.update((above.co_filename, above.co_qualname) for above in overridden(called, first, target) if above is not target)
        return monitoring.DISABLE if hits[key] > 200 else None

    tool = monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "awaitify-edges")
    monitoring.register_callback(tool, monitoring.events.CALL, on_call)
    monitoring.set_events(tool, monitoring.events.CALL)
    import pytest

    status = pytest.main(options.pytest)
    monitoring.set_events(tool, 0)
    found = []
    for (code, offset), targets in sites.items():
        if code not in positions:
            positions[code] = list(code.co_positions())
        line, end_line, column, end_column = positions[code][offset // 2]
        if line is None or column is None:
            continue
        found.append({
            "file": code.co_filename.removeprefix(root), "line": line, "column": column, "end_line": end_line, "end_column": end_column, "caller": code.co_qualname,
            "targets": sorted(
                [name.removeprefix(root), qualname.replace(".<locals>", ""), first, sorted([file.removeprefix(root), above.replace(".<locals>", "")] for file, above in overrides)]
                for (name, qualname, first), overrides in targets.items())})
    found.sort(key=lambda site: (site["file"], site["line"], site["column"], site["end_line"], site["end_column"]))
    with open(options.out, "w") as out:
        json.dump(found, out, indent=0)
    print(f"{len(found)} executed call sites with project targets, {sum(len(site['targets']) for site in found)} edges; pytest ended with {int(status)}")


if __name__ == "__main__":
    main()
