#!/usr/bin/env python3
"""Runs published packages' own test suites before and after a migration.

    python3 benches/suites/run.py --bin target/release/awaitify [--cache /tmp/suites-cache] [--only tinydb] [--before] [--keep DIR] [--json out.json]
    --python python3.12    interpreter for the venvs (they are kept per version)       --offline    run the suites without a network (unshare -n)

One TOML a package: `[bench]` (sdist name and version, what to install, test paths, the paths that awaitify edits, extra pytest arguments), and after the
line `# codemod` the codemod, verbatim. For each: unpack the sdist (`pip download`, pinned, never committed), a venv with the requirements and the
package's own dependencies (not the package: the copy is on PYTHONPATH), then

    before        pytest with --junitxml on the untouched copy, twice: a test that does not pass both times does not count
    apply         `awaitify apply --allow-dirty`; a second `diff` must be empty
    after         the same tests again: every test that passed before must pass after (same file, class and name)
    after -W      the same with -W error::RuntimeWarning and unraisable exceptions as errors: no coroutine that was never awaited. Tests that fail with
                  these flags before the migration do not count

The table: tests that passed before and after, lost (passed before, not after), of these named in the tool's report ("this test may break"), skipped
anew, lost under -W, functions that are async now. Exit 1 when a test is lost that the report does not name.
"""
from __future__ import annotations

import argparse
import ast
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).resolve().parent
STRICT = ["-W", "error::RuntimeWarning", "-W", "error::pytest.PytestUnraisableExceptionWarning"]


def unpack(source, cache, target):
    name, version = source.split("==")
    found = [path for path in cache.glob("*.tar.gz") if path.name.lower().replace("_", "-").replace(".", "-").startswith(f"{name}-{version}".lower().replace("_", "-").replace(".", "-") + "-tar")]
    if not found:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", str(cache), source], check=True)
        return unpack(source, cache, target)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(found[0]) as opened:
            opened.extractall(folder, filter="data")
        shutil.move(next(pathlib.Path(folder).iterdir()), target)


def environment(python, bench, name, cache):
    version = subprocess.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True).stdout.strip()
    folder = cache / f"venv-{name}-{version}"
    if not (folder / ".done").exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin/pip"), "install", "-q", *bench["requires"]], check=True)
        (folder / ".done").write_text("")
    return folder / "bin" / "python"


def run_tests(python, tree, bench, options, strict=False):
    """{test: outcome} and pytest's last line."""
    report = tree.parent / "report.xml"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "asyncio_default_fixture_loop_scope=function", f"--junitxml={report}", *bench.get("pytest", []), *(STRICT if strict else []), *bench["tests"]]
    if options.offline:
        command = ["unshare", "-rn", *command]
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")} | {"PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree)]), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=options.timeout, errors="replace")
        output = done.stdout + done.stderr
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace") + "\ntimed out"
    outcomes = {}
    if report.exists():
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            kinds = {child.tag for child in case}
            outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
            key = f"{case.get('classname')}::{case.get('name')}"
            if outcomes.get(key) != "failed":
                outcomes[key] = outcome
    return outcomes, output


def coroutines(tree):
    count = 0
    for path in tree.rglob("*.py"):
        try:
            count += sum(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_bytes())))
        except SyntaxError:
            pass
    return count


def passed(outcomes):
    return {name for name, outcome in outcomes.items() if outcome == "passed"}


def named(test, report):
    """True when the tool's report names the test (its function, without parameters)."""
    return test.split("::")[-1].split("[")[0] in report


def one(name, options, work):
    text = (HERE / f"{name}.toml").read_text()
    bench = tomllib.loads(text)["bench"]
    tree = work / "tree"
    unpack(bench["source"], options.cache, tree)
    python = environment(options.python, bench, name, options.cache)
    before, output = run_tests(python, tree, bench, options)
    again, _ = run_tests(python, tree, bench, options)
    strict_before, _ = run_tests(python, tree, bench, options, strict=True)
    row = {"package": bench["source"], "before": len(passed(before) & passed(again)), "strict_before": len(passed(strict_before)), "tail": output.strip().splitlines()[-1:]}
    if options.before:
        row["failures"] = sorted(set(before) - passed(before))[:10]
        return row
    config = f'codemods = ["./suite.toml", "asyncio-run", "pytest", "unittest"]\nexported = "convert"\npython = "{python}"\n'
    (tree / "suite.toml").write_text(text.split("# codemod\n", 1)[1])
    (tree / "awaitify.toml").write_text(config)
    had = coroutines(tree)
    applied = subprocess.run([options.bin, "apply", "--allow-dirty", *bench["edit"]], cwd=tree, capture_output=True, text=True, timeout=600)
    second = subprocess.run([options.bin, "diff", *bench["edit"]], cwd=tree, capture_output=True, text=True, timeout=600)
    row.update(exit=applied.returncode, second_empty=not second.stdout, async_functions=coroutines(tree) - had, report=applied.stderr)
    after, output = run_tests(python, tree, bench, options)
    strict_after, strict_output = run_tests(python, tree, bench, options, strict=True)
    lost = sorted(passed(before) & passed(again) - passed(after))
    row.update(
        after=len(passed(after)), lost=lost, unnamed=[test for test in lost if not named(test, applied.stderr)],
        skipped=sorted(test for test, outcome in after.items() if outcome == "skipped" and before.get(test) == "passed"),
        strict_lost=sorted(passed(strict_before) - passed(strict_after)), never_awaited=strict_output.count("was never awaited"))
    if options.keep:
        shutil.copytree(tree, options.keep / name, dirs_exist_ok=True)
        (options.keep / f"{name}.after.txt").write_text(output)
        (options.keep / f"{name}.strict.txt").write_text(strict_output)
        (options.keep / f"{name}.report.txt").write_text(applied.stderr)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/suites-cache"))
    parser.add_argument("--only")
    parser.add_argument("--before", action="store_true", help="only run the untouched suites")
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if bool(options.bin) == options.before:
        parser.error("one of --bin and --before is needed")
    options.bin = options.bin and os.path.abspath(options.bin)
    options.cache.mkdir(parents=True, exist_ok=True)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    names = [path.stem for path in sorted(HERE.glob("*.toml"))]
    if options.only:
        names = [name for name in names if name in options.only.split(",")]
    rows, bad = [], 0
    if not options.before:
        print("| package | async now | passed before | after | lost | lost and unnamed | skipped anew | lost under -W | never awaited | exit |\n|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="awaitify-suites-") as work:
            row = one(name, options, pathlib.Path(work))
        rows.append(row)
        if options.before:
            print(f"{row['package']}: {row['before']} pass, {row['strict_before']} under -W error; {row['tail']} {row['failures']}", flush=True)
            continue
        bad += bool(row["unnamed"] or row["skipped"] or row["strict_lost"] or row["never_awaited"] or row["exit"] != 0 or not row["second_empty"])
        print(f"| {row['package']} | {row['async_functions']} | {row['before']} | {row['after']} | {len(row['lost'])} | {len(row['unnamed'])} | {len(row['skipped'])} | {len(row['strict_lost'])} | {row['never_awaited']} | {row['exit']} |", flush=True)
        for test in row["unnamed"][:10]:
            print(f"  lost: {test}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
