#!/usr/bin/env python3
"""Runs `awaitify diff` over a corpus of published packages with a codemod that calls almost everything blocking.

    python3 benches/corpus/run.py --bin target/release/awaitify --cache /tmp/corpus-cache [--limit 20] [--only rich,flask] [--lib] [--json out.json]

Packages come from packages.txt through `pip download` (wheels, sdists where there is no pure wheel), are unpacked once into the cache folder, and
never committed; `--lib` adds the interpreter's own standard library without its tests, `--lib-tests` with them. For each package, on a fresh copy
without any .git:

    exit        `diff` ends with 0 or 1; 2 only with a message that names a file that cannot be parsed or decoded; no panic, no signal
    applies     `git apply` takes the diff                compiles    every file that compiled before compiles after, with this interpreter
                                                                      (files that only another Python compiles are tried with --python PATHS)
    untouched   files the diff does not name are byte-identical, and removed lines were really there (git apply checks them)
    again       a second `diff` on the result plans nothing (exit 0, or the same exit 2 with an empty diff)

The table has files, lines, edited files, seconds and peak memory of the first `diff` (wait4, so one process at a time), and the reason of each
failure. Exit 1 when a package fails. Files that the tool left alone with a reason are the tool's business: the count of lines it printed on stderr
is in the JSON.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import warnings
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
CONFIG = 'codemods = ["./harsh.toml", "asyncio-run"]\n'
PARSE = re.compile(r"pars|decod|encod|syntax|utf-?8|NUL", re.I)


def measured(command, cwd, timeout):
    """Run a command: (exit code, stdout bytes, stderr text, seconds, peak megabytes)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=err)
        deadline = start + timeout
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() > deadline:
                process.kill()
                _, status, usage = os.wait4(process.pid, 0)
                break
            time.sleep(0.005)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return process.returncode, out.read(), err.read().decode(errors="replace"), seconds, usage.ru_maxrss / 1024


def download(requirement, cache):
    """The folder of an unpacked package, downloading it when the cache has none."""
    folder = cache / re.sub(r"[^A-Za-z0-9.=_-]", "_", requirement)
    if (folder / ".done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as archive:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", archive, requirement]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        files = sorted(pathlib.Path(archive).iterdir())
        if done.returncode or not files:
            raise OSError((done.stderr.strip().splitlines() or ["pip found nothing"])[-1])
        (folder / ".version").write_text(files[0].name)
        if files[0].suffix in (".whl", ".zip"):
            with zipfile.ZipFile(files[0]) as opened:
                opened.extractall(folder / "src")
        else:
            with tarfile.open(files[0]) as opened:
                opened.extractall(folder / "src", filter="data")
    (folder / ".done").write_text("")
    return folder


def python_files(root):
    return sorted(path for path in root.rglob("*") if path.suffix in (".py", ".pyi") and path.is_file() and not path.is_symlink())


def compiles(path, pythons):
    data = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, str(path), "exec", dont_inherit=True)
        return True
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return any(subprocess.run([python, "-W", "ignore", "-c", "import sys; compile(open(sys.argv[1],'rb').read(), 'x', 'exec', dont_inherit=True)", str(path)], capture_output=True).returncode == 0 for python in pythons)


def named_in(diff):
    return {line[6:].decode(errors="replace").split("\t")[0] for line in diff.splitlines() if line.startswith(b"+++ b/")}


def check(options, name, source, work):
    """One package: a row of the table."""
    tree = work / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    skip = ["__pycache__", "*.so", "*.pyd"] + (["test", "tests", "idlelib", "lib2to3", "site-packages"] if name == "Lib" else ["site-packages"] if name == "Lib+tests" else [])
    shutil.copytree(source, tree, symlinks=True, ignore=shutil.ignore_patterns(*skip))
    (tree / "awaitify.toml").write_text(CONFIG)
    shutil.copy(HERE / "harsh.toml", tree / "harsh.toml")
    before = {path.relative_to(tree).as_posix(): path.read_bytes() for path in python_files(tree)}
    row = {"package": name, "files": len(before), "lines": sum(data.count(b"\n") for data in before.values()), "failures": []}
    code, diff, err, row["seconds"], row["megabytes"] = measured([options.bin, "diff", "."], tree, options.timeout)
    row["exit"], row["stderr_lines"] = code, err.count("\n")
    fail = row["failures"].append
    if code not in (0, 1, 2):
        fail(f"diff ended with {code}: {err[-400:]}")
    if "panicked at" in err:
        fail("panic: " + err[err.index("panicked at"):][:300])
    if code == 2 and not PARSE.search(err):
        fail("exit 2 without a file that does not parse: " + err[-300:])
    if code == 0 and diff or code == 1 and not diff:
        fail(f"exit {code} with a diff of {len(diff)} bytes")
    edited = named_in(diff)
    row["edited"] = len(edited)
    if diff:
        applied = subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=tree, input=diff, capture_output=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": str(work)})
        if applied.returncode:
            fail("git apply: " + applied.stderr.decode(errors="replace")[:300])
            return row
    for path in python_files(tree):
        relative = path.relative_to(tree).as_posix()
        if relative not in edited:
            if before.get(relative) != path.read_bytes():
                fail(f"{relative} changed but is not in the diff")
        elif path.suffix == ".py" and not compiles(path, options.python):
            old = work / "old.py"
            old.write_bytes(before.get(relative, b""))
            if compiles(old, options.python):
                fail(f"{relative} does not compile any more")
    if diff and not row["failures"]:
        code2, diff2, err2, _, _ = measured([options.bin, "diff", "."], tree, options.timeout)
        if diff2 or code2 != (2 if code == 2 else 0):
            fail(f"a second diff ended with {code2} and {len(diff2)} bytes: {diff2[:200]!r} {err2[-200:]}")
    if options.keep and row["failures"]:
        shutil.copytree(tree, options.keep / name, dirs_exist_ok=True, symlinks=True)
        (options.keep / f"{name}.diff").write_bytes(diff)
        (options.keep / f"{name}.stderr").write_text(err)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", help="the awaitify binary; without it, packages are only downloaded")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/corpus-cache"))
    parser.add_argument("--list", type=pathlib.Path, default=HERE / "packages.txt")
    parser.add_argument("--only", help="comma list of package names")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--lib", action="store_true", help="the interpreter's standard library too")
    parser.add_argument("--lib-tests", action="store_true", help="with its test folders")
    parser.add_argument("--python", action="append", default=[], help="another interpreter that may compile a file")
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the trees and diffs of failing packages")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    requirements = [line.strip() for line in options.list.read_text().splitlines() if line.strip() and not line.startswith("#")]
    if options.only:
        wanted = set(options.only.split(","))
        requirements = [line for line in requirements if re.split("[=<>]", line)[0] in wanted]
    sources, rows = [], []
    for requirement in requirements[: options.limit]:
        try:
            folder = download(requirement, options.cache)
            sources.append(((folder / ".version").read_text(), folder / "src"))
        except (OSError, subprocess.TimeoutExpired, tarfile.TarError, zipfile.BadZipFile) as error:
            print(f"skipped {requirement}: {error}", file=sys.stderr)
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    if options.lib:
        sources.append(("Lib", library))
    if options.lib_tests:
        sources.append(("Lib+tests", library))
    if not options.bin:
        total = sum(len(python_files(source)) for _, source in sources)
        print(f"{len(sources)} packages, {total} files")
        return
    options.bin = os.path.abspath(options.bin)
    print("| package | files | lines | edited | exit | seconds | MB | result |\n|---|---|---|---|---|---|---|---|")
    for name, source in sources:
        with tempfile.TemporaryDirectory(prefix="awaitify-corpus-") as work:
            row = check(options, name, source, pathlib.Path(work))
        rows.append(row)
        result = "; ".join(row["failures"]).replace("\n", " ").replace("|", "/")[:200] or "ok"
        print(f"| {name} | {row['files']} | {row['lines']} | {row['edited']} | {row['exit']} | {row['seconds']:.2f} | {row['megabytes']:.0f} | {result} |", flush=True)
    failed = sum(bool(row["failures"]) for row in rows)
    print(f"\n{len(rows)} packages, {sum(row['files'] for row in rows)} files, {sum(row['lines'] for row in rows)} lines, {sum(row['edited'] for row in rows)} files edited, {sum(row['seconds'] for row in rows):.1f} s in all, largest {max((row['megabytes'] for row in rows), default=0):.0f} MB, {failed} packages failed")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
