#!/usr/bin/env python3
"""Whole-process time and memory of awaitify beside what pip installs, on the same trees; a Markdown table.

    python3 benches/compare/run.py --bin target/release/awaitify --tree sparse=/tmp/ha/homeassistant:benches/compare/sparse.toml
        [--tree dense=/tmp/mealie/mealie:benches/compare/mealie.toml] [--copies 10] [--runs 5] [--only awaitify,ruff] [--output benches/RESULTS.md]

A tree is NAME=PATH[:CONFIG]; CONFIG is an awaitify.toml whose codemods stand beside it. `--copies N` adds, for each tree that is one package, N copies
of it as renamed packages under one root (NAME x N). The tools go into one venv in --cache, newest releases unless --pin ruff==0.17.6 (repeatable)
says otherwise; the table names the versions and the machine. The commands:

    awaitify      diff --exit-zero --config CONFIG PATH          ruff      check --select ASYNC --no-cache --exit-zero -q PATH
    ty            check --exit-zero PATH                         ast-grep  run -p 'requests.get($$$)' -l python PATH (one pattern)
    libcst        libcst_offload.py PATH (the offload alone, by name, two processes)             hydroid   PATH

Each runs once to warm the disk cache and then --runs times, in turn (a b c, a b c, ...), so that a slow minute hits all; medians, peak memory of the
largest process, and the ratio to ruff (or what --base names). An exit by signal or a time-out is a dash. A flame graph: `perf record -g --call-graph
dwarf target/release/awaitify diff ... && perf script | inferno-collapse-perf | inferno-flamegraph`, with `debug = "line-tables-only"` in a profile.
The table goes to stdout, and with --output between the markers `<!-- compare -->` of that file, which keep hand-written text around it.

Trees used for issue 8: Home Assistant 2024.3.3 (`pip download homeassistant==2024.3.3`), mealie from its repository.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import venv

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = {"ruff": "ruff", "ty": "ty", "ast-grep": "ast-grep-cli", "libcst": "libcst", "hydroid": "hydroid-cli"}


def tools(cache, pins):
    """{tool: version} and the venv's bin folder."""
    folder = cache / "venv"
    if not (folder / "bin/python").exists():
        venv.create(folder, with_pip=True)
    pip = [str(folder / "bin/python"), "-m", "pip"]
    have = dict(line.split("==") for line in subprocess.run([*pip, "list", "--format=freeze"], capture_output=True, text=True).stdout.splitlines() if "==" in line)
    wanted = [pins.get(package, package) for package in PACKAGES.values() if package not in have or package in pins]
    if wanted:
        subprocess.run([*pip, "install", "-q", *wanted], check=True)
        have = dict(line.split("==") for line in subprocess.run([*pip, "list", "--format=freeze"], capture_output=True, text=True).stdout.splitlines() if "==" in line)
    return {tool: have.get(package, "-") for tool, package in PACKAGES.items()}, folder / "bin"


def commands(options, path, config, folder):
    """{tool: command} for one tree. `folder`: where awaitify runs."""
    bin = options.tools
    names = sorted(re.findall(r'"([a-z_]+)"', " ".join(re.findall(r"receiver = (\[.*?\])", codemod_text(config)))))
    functions = ["requests.get", "requests.post", "time.sleep"]
    libcst = [bin / "python", HERE / "libcst_offload.py", path]
    for name in names:
        libcst += ["--receiver", name]
    for name in functions:
        libcst += ["--function", name]
    awaitify = [options.bin, "diff", "--exit-zero", *(["--config", config] if config else []), path]
    return {
        "awaitify": awaitify,
        "ruff": [bin / "ruff", "check", "--select", "ASYNC", "--no-cache", "--exit-zero", "-q", "--isolated", path],
        "ty": [bin / "ty", "check", "--exit-zero", "-q", path],
        "ast-grep": [bin / "ast-grep", "run", "-p", "requests.get($$$)", "-l", "python", path],
        "libcst": libcst,
        "hydroid": [bin / "hydroid", path],
    }


def codemod_text(config):
    """The text of a config and of the codemod files beside it."""
    if not config:
        return ""
    text = config.read_text()
    for name in tomllib.loads(text).get("codemods", []):
        if (config.parent / name).is_file():
            text += (config.parent / name).read_text()
    return text


def measure(command, folder, timeout):
    """(seconds, megabytes) of one run, or None."""
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.perf_counter() - start > timeout:
            process.kill()
            os.wait4(process.pid, 0)
            process.returncode = -9
            return None
        time.sleep(0.002)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0 or process.returncode > 2:
        return None
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def copies(path, count, folder):
    """`count` renamed copies of a package under one root."""
    name = path.name
    pattern = re.compile(rf"\b(from|import) {re.escape(name)}\b")
    for number in range(count):
        target = folder / f"{name}_{number}"
        shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__", ".git", "node_modules"))
        for file in target.rglob("*.py"):
            text = file.read_bytes().decode("utf-8", "surrogateescape")
            file.write_bytes(pattern.sub(rf"\1 {name}_{number}", text).encode("utf-8", "surrogateescape"))
    return folder


def size(path):
    files = [file for file in path.rglob("*.py") if file.is_file()]
    return len(files), sum(file.read_bytes().count(b"\n") for file in files)


def table(options, name, path, config):
    """Markdown for one tree."""
    with tempfile.TemporaryDirectory() as folder:
        todo = {tool: command for tool, command in commands(options, path, config, folder).items() if not options.only or tool in options.only.split(",")}
        if not options.bin:
            todo.pop("awaitify", None)
        times = {tool: [] for tool in todo}
        for turn in range(options.runs + 1):
            for tool, command in list(todo.items()):
                if times[tool] is None:
                    continue
                found = measure(command, folder, options.timeout)
                if found is None:
                    times[tool] = None
                elif turn:
                    times[tool].append(found)
    files, lines = size(path)
    base = times.get(options.base)
    reference = statistics.median(seconds for seconds, _ in base) if base else None
    rows = [f"### {name}: {files:,} files, {lines:,} lines", "", f"| tool | seconds (median of {options.runs}) | to {options.base} | peak MB |", "|---|---|---|---|"]
    for tool, found in times.items():
        version = options.versions.get(tool, "")
        if not found:
            rows.append(f"| {tool} {version} | - | - | - |")
            continue
        seconds = statistics.median(entry[0] for entry in found)
        ratio = f"{seconds / reference:.2f}x" if reference else "-"
        rows.append(f"| {tool} {version} | {seconds:.2f} | {ratio} | {max(entry[1] for entry in found):.0f} |")
    return "\n".join(rows) + "\n"


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), {int(memory[1]) // 1048576 if memory else '?'} GB, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", help="the awaitify binary; without it, only the others run")
    parser.add_argument("--tree", action="append", required=True, help="NAME=PATH[:CONFIG]")
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only")
    parser.add_argument("--base", default="ruff")
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--pin", action="append", default=[], help="ruff==0.17.6")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/compare-cache"))
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    options.bin = options.bin and os.path.abspath(options.bin)
    options.cache.mkdir(parents=True, exist_ok=True)
    options.versions, options.tools = tools(options.cache, {pin.split("==")[0]: pin for pin in options.pin})
    if options.bin:
        done = subprocess.run([options.bin, "--version"], capture_output=True, text=True)
        options.versions["awaitify"] = done.stdout.strip().removeprefix("awaitify ")
    parts = [f"Machine: {machine()}. {time.strftime('%Y-%m-%d')}.\n"]
    for tree in options.tree:
        name, _, rest = tree.partition("=")
        where, _, config = rest.partition(":")
        path, config = pathlib.Path(where).resolve(), pathlib.Path(config).resolve() if config else None
        parts.append(table(options, name, path, config))
        print(parts[-1], flush=True)
        if options.copies:
            with tempfile.TemporaryDirectory(prefix="awaitify-copies-") as folder:
                parts.append(table(options, f"{name} x {options.copies}", copies(path, options.copies, pathlib.Path(folder)), config))
            print(parts[-1], flush=True)
    if options.output:
        marker, text = "<!-- compare -->", "\n".join(parts)
        old = options.output.read_text() if options.output.exists() else f"# Results\n\n{marker}\n{marker}\n"
        pieces = old.split(marker)
        if len(pieces) != 3:
            sys.exit(f"`{options.output}` has no pair of `{marker}` lines")
        options.output.write_text(f"{pieces[0]}{marker}\n{text}{marker}{pieces[2]}")


if __name__ == "__main__":
    main()
