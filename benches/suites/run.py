#!/usr/bin/env python3
"""Runs published packages' and applications' own test suites before and after a migration.

    python3 benches/suites/run.py --bin target/release/awaitify [--cache /tmp/suites-cache] [--only tinydb] [--before] [--keep DIR] [--json out.json]
    --python python3.12    interpreter for the venvs (they are kept per version)       --offline    run the suites without a network (unshare -n)
    --trees DIR            checkouts of the applications (`tree = "name"`); those that are not there are left out
    --exported auto        instead of what the TOML says (`convert` when it says nothing)

One TOML a package: `[bench]` (sdist name and version, or the name of a tree; the folder in it (`root`) when it is not the whole; what to install, test paths,
the paths that awaitify edits, extra pytest arguments, environment, config; files that the sdist lacks (`touch`); `inline = true` for a layer whose handles belong to the thread that made them: the
offload wrapper runs what it gets in place), and after the line `# codemod` the codemod, verbatim. For each: unpack the sdist (`pip download`, pinned, never
committed), a venv with the requirements and the package's own dependencies (not the package: the copy is on PYTHONPATH), then

    before        pytest with --junitxml on the untouched copy, twice: a test that does not pass both times does not count. Kept in the cache
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
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import xml.etree.ElementTree

INLINE = "async def run(function, /, *args, **kwargs):\n    return function(*args, **kwargs)\n"
HERE = pathlib.Path(__file__).resolve().parent
STRICT = ["-W", "error::RuntimeWarning", "-W", "error::pytest.PytestUnraisableExceptionWarning"]


def unpack(bench, options, target):
    if "tree" in bench:
        shutil.copytree(options.trees / bench["tree"], target, symlinks=True, ignore=shutil.ignore_patterns(".git", "node_modules"))
        return
    source, cache = bench["source"], options.cache
    name, version = source.split("==")
    found = [path for path in cache.glob("*.tar.gz") if path.name.lower().replace("_", "-").replace(".", "-").startswith(f"{name}-{version}".lower().replace("_", "-").replace(".", "-") + "-tar")]
    if not found:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", str(cache), source], check=True)
        unpack(bench, options, target)
        return
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(found[0]) as opened:
            opened.extractall(folder, filter="data")
        shutil.move(next(pathlib.Path(folder).iterdir()) / bench.get("root", ""), target)


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
    paths = os.pathsep.join([str(tree / "src"), str(tree)])
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")} | bench.get("env", {}) | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
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


def runs_before(name, text, python, tree, bench, options):
    """Outcomes of the untouched suite: twice, and once with warnings as errors. They are kept until the TOML or the interpreter changes."""
    key = hashlib.sha256(f"{text}{python}{options.once}".encode()).hexdigest()[:16]
    kept = options.cache / f"before-{name}-{key}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    strict, output = run_tests(python, tree, bench, options, strict=True)
    first = again = strict
    if not options.once:
        first, output = run_tests(python, tree, bench, options)
        again, _ = run_tests(python, tree, bench, options)
    found = {"first": first, "again": again, "strict": strict, "tail": output.strip().splitlines()[-1:]}
    if passed(first):
        kept.write_text(json.dumps(found))
    return found


def measured(command, tree):
    """Runs the tool: its exit code, stdout, stderr, seconds, and megabytes at its peak."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, cwd=tree, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        texts = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    return process.returncode, *texts, round(time.monotonic() - start, 1), usage.ru_maxrss // 1024


def one(name, options, work):
    text = (HERE / f"{name}.toml").read_text()
    bench = tomllib.loads(text)["bench"]
    tree = work / "tree"
    unpack(bench, options, tree)
    for path in bench.get("touch", []):
        (tree / path).touch()
    python = environment(options.python, bench, name, options.cache)
    untouched = runs_before(name, text, python, tree, bench, options)
    before, again, strict_before = untouched["first"], untouched["again"], untouched["strict"]
    row = {"package": bench.get("source") or bench["tree"], "before": len(passed(before) & passed(again)), "strict_before": len(passed(strict_before)), "tail": untouched["tail"]}
    if options.before:
        row["failures"] = sorted(set(before) - passed(before))[:10]
        return row
    exported = options.exported or bench.get("exported", "convert")
    codemods = json.dumps(["./suite.toml", *bench.get("codemods", ["asyncio-run", "pytest", "unittest"])])
    version = subprocess.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True).stdout.strip()
    config = f'codemods = {codemods}\nexported = "{exported}"\npython = "{python}"\ntarget-version = "{version}"\n' + bench.get("config", "")
    if bench.get("inline"):
        (tree / "in_place.py").write_text(INLINE)
        config = 'offload = "in_place:run"\n' + config
    (tree / "suite.toml").write_text(text.split("# codemod\n", 1)[1])
    (tree / "awaitify.toml").write_text(config)
    had = coroutines(tree)
    code, _, report, seconds, megabytes = measured([options.bin, "apply", "--allow-dirty", *bench["edit"]], tree)
    _, second, _, _, _ = measured([options.bin, "diff", *bench["edit"]], tree)
    row.update(exit=code, second_empty=not second, async_functions=coroutines(tree) - had, report=report, seconds=seconds, megabytes=megabytes)
    strict_after, strict_output = run_tests(python, tree, bench, options, strict=True)
    after, output = (strict_after, strict_output) if options.once else run_tests(python, tree, bench, options)
    lost = sorted(passed(before) & passed(again) - passed(after))
    row.update(
        after=len(passed(after)), lost=lost, unnamed=[test for test in lost if not named(test, report)],
        skipped=sorted(test for test, outcome in after.items() if outcome == "skipped" and before.get(test) == "passed"),
        strict_lost=sorted(passed(strict_before) - passed(strict_after)), never_awaited=strict_output.count("was never awaited"))
    if options.keep:
        shutil.rmtree(options.keep / name, ignore_errors=True)
        shutil.copytree(tree, options.keep / name, symlinks=True)
        for kind, kept in {"after": output, "strict": strict_output, "report": report, "second": second}.items():
            (options.keep / f"{name}.{kind}.txt").write_text(kept)
    return row


def is_there(name, options):
    tree = tomllib.loads((HERE / f"{name}.toml").read_text())["bench"].get("tree")
    return tree is None or bool(options.trees and (options.trees / tree).is_dir())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/suites-cache"))
    parser.add_argument("--only")
    parser.add_argument("--before", action="store_true", help="only run the untouched suites")
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--once", action="store_true", help="one run before and one after, with warnings as errors")
    parser.add_argument("--trees", type=pathlib.Path)
    parser.add_argument("--exported", choices=["convert", "keep", "auto"])
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
    names = [name for name in names if is_there(name, options)]
    rows, bad = [], 0
    if not options.before:
        print("| package | async now | passed before | after | lost | lost and unnamed | skipped anew | lost under -W | never awaited | exit | seconds | MB |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="awaitify-suites-") as work:
            row = one(name, options, pathlib.Path(work))
        rows.append(row)
        if options.before:
            print(f"{row['package']}: {row['before']} pass, {row['strict_before']} under -W error; {row['tail']} {row['failures']}", flush=True)
            continue
        bad += bool(row["unnamed"] or row["skipped"] or row["strict_lost"] or row["never_awaited"] or row["exit"] != 0 or not row["second_empty"])
        print(f"| {row['package']} | {row['async_functions']} | {row['before']} | {row['after']} | {len(row['lost'])} | {len(row['unnamed'])} | {len(row['skipped'])} | {len(row['strict_lost'])} | {row['never_awaited']} | {row['exit']}{'' if row['second_empty'] else ', second diff not empty'} | {row['seconds']} | {row['megabytes']} |", flush=True)
        for test in row["unnamed"][:10]:
            print(f"  lost: {test}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
