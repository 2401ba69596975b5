"""Runs pytest under `sys.monitoring` and records which project function each executed call site called. Python 3.12 or newer.

    python3.12 trace.py --root TREE --out edges.json -- -q tests

Every CALL event whose code lies under --root counts; the called object is followed through bound methods, partials, classes (to `__init__`) and
`__wrapped__` (decorators) to functions defined under --root. A site is (file, line, column, end line, end column) of the call expression, columns as
`co_positions` has them: UTF-8 bytes from 0. A location is switched off after 200 events, so late targets of very hot sites can be missed.
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
            init = getattr(called, "__init__", None)
            if isinstance(init, types.FunctionType):
                yield from functions(init, depth + 1)
        elif isinstance(called, types.FunctionType):
            if inside(called.__code__.co_filename):
                yield called.__code__
            wrapped = called.__dict__.get("__wrapped__")
            if wrapped is not None:
                yield from functions(wrapped, depth + 1)
        elif hasattr(type(called), "__call__") and isinstance(type(called).__call__, types.FunctionType):
            yield from functions(type(called).__call__, depth + 1)

    def on_call(code, offset, called, _):
        if not inside(code.co_filename):
            return monitoring.DISABLE
        key = code, offset
        hits[key] = hits.get(key, 0) + 1
        for target in functions(called):
            sites.setdefault(key, set()).add((target.co_filename, target.co_qualname, target.co_firstlineno))
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
            "targets": sorted([name.removeprefix(root), qualname.replace(".<locals>", ""), first] for name, qualname, first in targets)})
    found.sort(key=lambda site: (site["file"], site["line"], site["column"], site["end_line"], site["end_column"]))
    with open(options.out, "w") as out:
        json.dump(found, out, indent=0)
    print(f"{len(found)} executed call sites with project targets, {sum(len(site['targets']) for site in found)} edges; pytest ended with {int(status)}")


if __name__ == "__main__":
    main()
