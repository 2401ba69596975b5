#!/usr/bin/env python3
"""awaitify's call targets on PyCG's micro-benchmark (Salis et al., ICSE 2021; its repository is not part of this one).

    python3 benches/resolution/pycg.py --bin target/release/awaitify --benchmark PyCG/micro-benchmark/snippets [--misses]

Each case is a small program with the call graph that a reader expects. Every function gets a call that blocks (`harsh.py`), so that every call of the
program is resolved, and the edges from function to function are compared. Left out of both graphs: what the program does not define (builtins,
libraries), and lambdas, which have no name here. As in the paper, a case is *complete* when no edge is said that is not there, and *sound* when none is
missing. *Safe* counts a case as well when the missing edges are sites that the report lists as uncertain: what they may call stays sync.
"""
import argparse
import ast
import json
import pathlib
import shutil
import tempfile

import harsh


# Sites that name a function and call nothing.
NAMED = {"value", "carried", "mention", "accepted", "made"}


def functions(tree):
    """{file: [(first line, last line, name)]} of every `def`, innermost last, and all their names."""
    found, names = {}, set()
    for path in sorted(tree.rglob("*.py")):
        file = path.relative_to(tree).as_posix()
        spans = found[file] = []

        def visit(node, prefix):
            for child in ast.iter_child_nodes(node):
                name = prefix
                if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    name = f"{prefix}.{child.name}"
                    if not isinstance(child, ast.ClassDef):
                        names.add(name)
                        spans.append((child.body[0].lineno, child.end_lineno, name))
                visit(child, name)

        visit(ast.parse(path.read_text()), harsh.module_name(file))
    return found, names


def unnamed_calls(tree):
    """{(file, line)}: where naming something calls it, a decorator or what is raised."""
    found = set()
    for path in sorted(tree.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for value in [*getattr(node, "decorator_list", ()), *([node.exc] if isinstance(node, ast.Raise) else ())]:
                found.add((path.relative_to(tree).as_posix(), getattr(value, "lineno", 0)))
    return found


def expected(case, names):
    graph = json.loads((case / "callgraph.json").read_text())
    return {(caller, target) for caller, targets in graph.items() for target in targets if target in names and "<lambda" not in caller}


def run(binary, case):
    with tempfile.TemporaryDirectory(prefix="awaitify-pycg-") as work:
        tree = pathlib.Path(work) / "tree"
        shutil.copytree(case, tree, ignore=shutil.ignore_patterns("callgraph.json", "README.md"))
        spans, names = functions(tree)
        called = unnamed_calls(tree)
        done = harsh.instrument(tree, stubs=True)
        said, open_calls = set(), set()
        for (file, line, _, _), found in harsh.ask(binary, tree, done, "").items():
            if found.kind in NAMED and (file, line) not in called:
                continue
            around = [name for first, last, name in spans[file] if first <= line <= last]
            caller = around[-1] if around else harsh.module_name(file)
            targets = found.candidates | found.targets if found.uncertain else found.targets
            # A folder without `__init__.py` is a source root here, and a package there.
            edges = {(caller, name) for target in targets for name in names if name == target or name.endswith("." + target)}
            (open_calls if found.uncertain else said).update(edges)
    return said, open_calls, names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--benchmark", type=pathlib.Path, required=True)
    parser.add_argument("--misses", action="store_true", help="print the edges that are missing or too many")
    options = parser.parse_args()
    print("| category | cases | complete | sound | safe | edges | recall | precision |\n|---|---|---|---|---|---|---|---|")
    total = dict(cases=0, complete=0, sound=0, safe=0, edges=0, hit=0, said=0)

    def show(name, row):
        recall, precision = row["hit"] / max(row["edges"], 1), row["hit"] / max(row["said"], 1)
        print(f"| {name} | {row['cases']} | {row['complete']} | {row['sound']} | {row['safe']} | {row['edges']} | {recall:.3f} | {precision:.3f} |", flush=True)

    for category in sorted(path for path in options.benchmark.iterdir() if path.is_dir()):
        row = dict.fromkeys(total, 0)
        for case in sorted(path.parent for path in category.rglob("callgraph.json")):
            said, open_calls, names = run(options.bin, case)
            wanted = expected(case, names)
            missing, extra = wanted - said, said - wanted
            row["cases"] += 1
            row["complete"] += not extra
            row["sound"] += not missing
            row["safe"] += missing <= open_calls
            row["edges"] += len(wanted)
            row["hit"] += len(wanted & said)
            row["said"] += len(said)
            if options.misses and (missing or extra):
                print(f"  {case.relative_to(options.benchmark)}: missing {sorted(missing - open_calls)}, uncertain {sorted(missing & open_calls)}, too many {sorted(extra)}")
        show(category.name, row)
        for key, value in row.items():
            total[key] += value
    show("all", total)


if __name__ == "__main__":
    main()
