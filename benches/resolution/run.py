#!/usr/bin/env python3
"""Precision and recall of awaitify's call targets against a dynamic trace of the packages' own test suites.

    python3.12 benches/resolution/run.py --python python3.12 --bin target/release/awaitify [--only tinydb] [--cache /tmp/suites-cache]
    python3.12 benches/resolution/run.py --python python3.12 --trace-only        only record and count the edges

Packages are those of benches/suites (sdist, venv, test command). `trace.py` runs the suite on Python 3.12 or newer and records, for each executed call
site in the package (not in its tests), the project functions that it called: that is the truth. Then `awaitify diff --format json` with a codemod that
calls everything blocking (codemod.toml) says what it thinks each site calls, and by which evidence; `predictions` below is the only place that knows
its JSON. Compared, over executed sites only, for types alone, types and flow, types, flow and agreement:

    recall        executed edges (site, target) that are among the site's predicted targets / executed edges
    wrong sites   sites whose prediction misses an observed target, or says "not ours" / sites with a prediction
    open          executed sites without a prediction

A method is named by the class that defines it; a call of a class by its `__init__`, when the project defines one.
"""
from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
SUITES = HERE.parent / "suites"
RUNGS = ["type", "flow", "agreement"]

spec = importlib.util.spec_from_file_location("suites", SUITES / "run.py")
suites = importlib.util.module_from_spec(spec)
spec.loader.exec_module(suites)


def predictions(text):
    """awaitify's JSON to {(file, line, column): (evidence, [target, ...])}: lines from 1, columns in UTF-8 bytes from 0 of the call expression's start,
    targets as `file:line` of the `def` or as dotted names, an empty list for "proved not ours". Adapt this function when the JSON changes."""
    found = {}
    for site in json.loads(text).get("sites", ()):
        place = site["file"], site["line"], site["column"]
        found[place] = site["evidence"], [target if isinstance(target, str) else target["name"] for target in site.get("targets", ())]
    return found


def names_of(target):
    """The names under which a traced target may be predicted."""
    file, qualname, line = target
    module = file.removesuffix(".py").removeprefix("src/").replace("/", ".").removesuffix(".__init__")
    return {f"{module}.{qualname}", f"{file}:{line}", f"{module}.{qualname.removesuffix('.__init__')}"}


def trace(python, bench, tree, out, options):
    command = [str(python), str(HERE / "trace.py"), "--root", str(tree), "--out", str(out), "--", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "asyncio_default_fixture_loop_scope=function", *bench.get("pytest", []), *bench["tests"]]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree)]), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=options.timeout, errors="replace")
    print("  " + (done.stdout.strip().splitlines() or [done.stderr[-300:]])[-1], file=sys.stderr)
    edges = json.loads(out.read_text())
    tests = tuple(path.rstrip("/") + "/" for path in bench["tests"])
    return [edge for edge in edges if not edge["file"].startswith(tests)]


def judge(edges, predicted, rungs):
    """Counts over executed sites, with the evidence of `rungs` only."""
    total = hit = judged = wrong = 0
    for site in edges:
        total += len(site["targets"])
        found = predicted.get((site["file"], site["line"], site["column"]))
        if found is None or found[0] not in rungs:
            continue
        judged += 1
        names = set(found[1])
        right = [bool(names_of(target) & names) for target in site["targets"]]
        hit += sum(right)
        wrong += not all(right)
    return {"sites": len(edges), "edges": total, "recall": hit / total if total else 1.0, "wrong": wrong / judged if judged else 0.0, "open": len(edges) - judged}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin")
    parser.add_argument("--trace-only", action="store_true")
    parser.add_argument("--python", default="python3.12")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/suites-cache"))
    parser.add_argument("--only")
    parser.add_argument("--timeout", type=float, default=600)
    options = parser.parse_args()
    names = [path.stem for path in sorted(SUITES.glob("*.toml")) if not options.only or path.stem in options.only.split(",")]
    print("| package | sites | edges | evidence | recall | wrong sites | open |\n|---|---|---|---|---|---|---|")
    sums = {}
    for name in names:
        bench = tomllib.loads((SUITES / f"{name}.toml").read_text())["bench"]
        with tempfile.TemporaryDirectory(prefix="awaitify-resolution-") as work:
            tree = pathlib.Path(work).resolve() / "tree"
            suites.unpack(bench["source"], options.cache, tree)
            python = suites.environment(options.python, bench, name, options.cache)
            edges = trace(python, bench, tree, pathlib.Path(work) / "edges.json", options)
            if options.trace_only:
                print(f"| {bench['source']} | {len(edges)} | {sum(len(site['targets']) for site in edges)} | - | - | - | - |", flush=True)
                continue
            shutil.copy(HERE / "codemod.toml", tree / "everything.toml")
            (tree / "awaitify.toml").write_text(f'codemods = ["./everything.toml"]\npython = "{python}"\n')
            done = subprocess.run([os.path.abspath(options.bin), "diff", "--format", "json", "."], cwd=tree, capture_output=True, text=True, timeout=options.timeout)
            predicted = predictions(done.stdout)
        for upto in range(1, len(RUNGS) + 1):
            row = judge(edges, predicted, RUNGS[:upto])
            label = " + ".join(RUNGS[:upto])
            print(f"| {bench['source']} | {row['sites']} | {row['edges']} | {label} | {row['recall']:.3f} | {row['wrong']:.3f} | {row['open']} |", flush=True)
            sums.setdefault(label, []).append(row)
    for label, rows in sums.items():
        edges = sum(row["edges"] for row in rows)
        recall = sum(row["recall"] * row["edges"] for row in rows) / edges if edges else 1.0
        judged = sum(row["sites"] - row["open"] for row in rows)
        wrong = sum(row["wrong"] * (row["sites"] - row["open"]) for row in rows) / judged if judged else 0.0
        print(f"| all | {sum(row['sites'] for row in rows)} | {edges} | {label} | {recall:.3f} | {wrong:.3f} | {sum(row['open'] for row in rows)} |")


if __name__ == "__main__":
    main()
