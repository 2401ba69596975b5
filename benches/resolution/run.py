#!/usr/bin/env python3
"""Precision and recall of awaitify's call targets against a dynamic trace of published packages' own test suites.

    python3.12 benches/resolution/run.py --python python3.12 --bin target/release/awaitify [--only tinydb,kombu] [--cache DIR] [--misses FILE]
    python3.12 benches/resolution/run.py --python python3.12 --trace-only        only record and count the edges

packages.toml names the packages (sdist, what to install, tests). `trace.py` runs the suite on Python 3.12 or newer and records, for each executed call
site in the package (not in its tests), the functions of the package that it called: that is the truth. `harsh.py` asks awaitify what each site calls. Left
out of the truth: calls of functions that are async already or stubs (nothing to resolve there), of lambdas, of what the tests bring along, and calls that
no call expression makes (decorators, whose own calls cannot be told from their use, `with`, operators). Compared, over executed sites only, for types alone, types and flow, types, flow and agreement:

    recall        executed edges (site, target) that are among the site's predicted targets / executed edges
    precision     predicted targets of executed sites that were seen to be called / predicted targets of executed sites (a target that no test gets to
                  counts against it, so it is a lower bound)
    wrong sites   sites whose prediction misses an observed target, or says that it is something else / sites with a prediction
    open          executed sites without a prediction; `uncertain` of them are reported as such

A method is named by the class that defines it, and a prediction of it takes in those that override it (or satisfy it, for a Protocol's); a call of a
class is named by its constructor, when the project defines one.
"""
from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

import harsh

HERE = pathlib.Path(__file__).resolve().parent
RUNGS = {"types": ["import", "type"], "+ flow": ["flow"], "+ agreement": ["agreement"]}

spec = importlib.util.spec_from_file_location("suites", HERE.parent / "suites" / "run.py")
suites = importlib.util.module_from_spec(spec)
spec.loader.exec_module(suites)


def trace(python, bench, tree, out, options):
    """The executed sites; kept in the cache."""
    kept = options.cache / f"edges-{bench['source']}.json"
    if not kept.exists():
        command = [str(python), str(HERE / "trace.py"), "--root", str(tree), "--out", str(out), "--", "-q", "-x" if bench.get("stop") else "-q", "-p", "no:cacheprovider", "-o", "addopts=", *bench.get("pytest", []), *bench["tests"]]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree)]), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=options.timeout, errors="replace")
        print("  " + (done.stdout.strip().splitlines() or [done.stderr[-300:]])[-1], file=sys.stderr)
        shutil.copy(out, kept)
    return json.loads(kept.read_text())


class Source:
    """What the text of a file says about its calls and functions."""

    def __init__(self, text):
        self.calls, self.skipped, self.decorators = {}, set(), set()
        self.visit(ast.parse(text), "")

    def visit(self, node, prefix):
        for child in ast.iter_child_nodes(node):
            for decorator in getattr(child, "decorator_list", ()):
                self.decorators.add(decorator)
            if isinstance(child, ast.Call) and child not in self.decorators:
                where = harsh.callee(child)
                self.calls[child.lineno, child.col_offset, child.end_lineno, child.end_col_offset] = where
                if isinstance(child.func, ast.Attribute) and child.lineno != child.func.end_lineno:
                    self.calls[where[:2]] = where       # a chain over several lines: the position starts at the method's name
            name = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{prefix}.{child.name}" if prefix else child.name
            if isinstance(child, ast.AsyncFunctionDef) or isinstance(child, ast.FunctionDef) and harsh.is_stub(child.body):
                self.skipped.add(name)
            self.visit(child, name)

    def callee(self, site):
        whole = site["line"], site["column"], site["end_line"], site["end_column"]
        return self.calls.get(whole) or self.calls.get(whole[:2])


def truth(edges, tree, tests):
    """{(file, line, column, name): {target: what it overrides, ...}}: the edges that count."""
    sources, found = {}, {}

    def source(file):
        if file not in sources:
            sources[file] = Source((tree / file).read_text(encoding="utf-8").replace("\r\n", "\n"))
        return sources[file]

    for site in edges:
        if site["file"].startswith(tests) or not (where := source(site["file"]).callee(site)):
            continue
        for file, qualname, _, above in site["targets"]:
            if file.startswith(tests) or "<" in qualname or qualname in source(file).skipped:
                continue
            names = found.setdefault((site["file"], *where), {}).setdefault(f"{harsh.module_name(file)}.{qualname}", set())
            names.update(f"{harsh.module_name(file)}.{name}" for file, name in above)
    return found


def judge(observed, predicted, evidence, protocols, misses=None):
    """Counts over executed sites, with the given evidence only."""
    row = dict(sites=len(observed), edges=0, hit=0, predicted=0, seen=0, judged=0, wrong=0, uncertain=0)
    for place, targets in observed.items():
        row["edges"] += len(targets)
        found = predicted.get(place)
        if found is None or found.uncertain or found.evidence not in evidence:
            row["uncertain"] += found is not None and found.uncertain
            if misses is not None:
                misses.append(("uncertain" if found and found.uncertain else "open", place, sorted(targets), sorted(found.candidates) if found else []))
            continue
        right = {target for target, above in targets.items() if ({target} | above | protocols.get(target, set())) & found.targets}
        seen = found.targets & set().union(*({target} | above | protocols.get(target, set()) for target, above in targets.items()))
        row["judged"] += 1
        row["hit"] += len(right)
        row["predicted"] += len(found.targets)
        row["seen"] += len(seen)
        if right != set(targets):
            row["wrong"] += 1
            if misses is not None:
                misses.append((f"wrong by {found.evidence} ({found.kind})", place, sorted(targets), sorted(found.targets)))
    return row


def ratio(part, whole):
    return part / whole if whole else 1.0


def show(name, label, row):
    print(f"| {name} | {row['sites']} | {row['edges']} | {label} | {ratio(row['hit'], row['edges']):.3f} | {ratio(row['seen'], row['predicted']):.3f} | {row['wrong']} ({ratio(row['wrong'], row['judged']):.2%}) | {row['sites'] - row['judged']} ({row['uncertain']}) |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin")
    parser.add_argument("--trace-only", action="store_true")
    parser.add_argument("--python", default="python3.12")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "suites-cache")
    parser.add_argument("--only")
    parser.add_argument("--misses", type=pathlib.Path, help="write the sites that are wrong or open, a line each")
    parser.add_argument("--timeout", type=float, default=1200)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    packages = tomllib.loads((HERE / "packages.toml").read_text())
    names = options.only.split(",") if options.only else packages
    print("| package | sites | edges | evidence | recall | precision | wrong sites | open (uncertain) |\n|---|---|---|---|---|---|---|---|")
    sums, misses = {}, []
    for name in names:
        bench = packages[name]
        with tempfile.TemporaryDirectory(prefix="awaitify-resolution-") as work:
            tree = pathlib.Path(work).resolve() / "tree"
            suites.unpack(bench, options, tree)
            python = suites.environment(options.python, bench, name, options.cache)
            edges = trace(python, bench, tree, pathlib.Path(work) / "edges.json", options)
            tests = tuple(path.rstrip("/") + "/" for path in [*bench["tests"], *bench.get("leave_out", [])]) + tuple(bench.get("leave_out", []))
            observed = truth(edges, tree, tests)
            if options.trace_only:
                print(f"| {bench['source']} | {len(observed)} | {sum(map(len, observed.values()))} | - | - | - | - | - |", flush=True)
                continue
            done = harsh.instrument(tree, tests)
            protocols = harsh.protocols(tree)
            predicted = harsh.ask(options.bin, tree, done, f'python = "{python.parent.parent}"\n', options.timeout)
        evidence = []
        for label, more in RUNGS.items():
            evidence += more
            last = label == list(RUNGS)[-1]
            own = [] if last else None
            row = judge(observed, predicted, evidence, protocols, own)
            show(bench["source"], label, row)
            misses.extend((bench["source"], *miss) for miss in own or ())
            total = sums.setdefault(label, dict.fromkeys(row, 0))
            for key, value in row.items():
                total[key] += value
    for label, row in sums.items():
        show("all", label, row)
    if options.misses:
        lines = [f"{package} {kind} {place[0]}:{place[1]} {place[3]}: called {', '.join(targets)}; said {', '.join(found)}" for package, kind, place, targets, found in misses]
        options.misses.write_text("\n".join(sorted(lines)) + "\n")


if __name__ == "__main__":
    main()
