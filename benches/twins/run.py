#!/usr/bin/env python3
"""Migrates the sync half of libraries that ship a sync and an async version, and scores the result against the real async half.

    python3 benches/twins/run.py --bin target/release/awaitify --facts ../shared/twins --score ../shared/tools/twin_score.py
                                 [--cache /tmp/twins-cache] [--only httpcore] [--misses 30] [--suite] [--keep DIR]
    python3 benches/twins/run.py --download          only fill the cache

Facts that nobody else keeps stand in facts/.

One TOML a library: a `[bench]` table (sources of PyPI, packages that types need, files of the copy to drop, the ceiling and the goal of issue 3), and
after the line `# codemod` the codemod, verbatim: at most ten `[[blocking]]` entries, all leaves, and `[[rename]]` entries, which name a definition by its
dotted path where its plain name would be ambiguous (`httpcore._backends.base.NetworkStream.close`). `native = "{name}"` on a class of the library itself
(an abstract interface, a lock) says that the method becomes async under its own name.

For each library: unpack the sdist (`pip download`, pinned, never committed), copy the package without the async halves and without the
files under `drop` (re-exports and sync consumers that a port does not touch: their calls would hold the sync half back), write awaitify.toml
(exported = "convert", tests = "ignore"), `awaitify apply` on the sync files, score with twin_score.py (`--pairs`, `--sync`), once per renamed module
path. Checked besides the score: every generated file compiles. With --venv the packages under `requires` are installed into one venv in the cache, and
`python` in the config points there, so that receivers of third-party types are known. --suite runs the library's own async tests against the generated
package, where the TOML names them (httpcore: 124 tests).

Prints a Markdown table: F1 over all four kinds, its share of the ceiling, precision and recall, counts by kind, files that do not compile, sync
functions untouched, seconds. Exit 1 when a library misses its goal (share of the ceiling).
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import venv

HERE = pathlib.Path(__file__).resolve().parent


def fetch(requirement, cache):
    """The unpacked sdist's folder."""
    name, version = requirement.split("==")
    stem = f"{name.replace('-', '_')}-{version}"
    target = cache / "src" / stem
    if not target.exists():
        archive = cache / f"{stem}.tar.gz"
        if not archive.exists():
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", str(cache), requirement], check=True)
        with tarfile.open(archive) as opened:
            opened.extractall(cache / "src", filter="data")
    return target


def interpreter(cache, requirements):
    """A venv with what the libraries import, for types."""
    folder = cache / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    have = folder / ".installed"
    installed = set(have.read_text().split()) if have.exists() else set()
    missing = [name for name in requirements if name not in installed]
    if missing:
        subprocess.run([str(python), "-m", "pip", "install", "-q", *missing], check=True)
        have.write_text("\n".join(sorted(installed | set(missing))))
    return python


def package_root(cache, root):
    """The folder that the facts' pairs are relative to; sdists differ in whether they have src/."""
    first, _, rest = root.partition("/")
    for candidate in (cache / "src" / root, cache / "src" / first / "src" / rest, cache / "src" / first.replace("-", "_") / rest):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no {root} under {cache}/src")


def run_suite(bench, facts, source, generated, options, work):
    """The library's async tests against a copy of the sdist whose async files are the generated ones: (passed, failed)."""
    python = options.cache / "suite-venv" / "bin" / "python"
    if not python.exists():
        venv.create(options.cache / "suite-venv", with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *bench["suite_requires"], *bench["requires"]], check=True)
    top = source
    while top.parent != options.cache / "src":
        top = top.parent
    tree = work / "suite"
    shutil.copytree(top, tree)
    for sync, real in facts["pairs"]:
        shutil.copy(generated / sync, tree / source.relative_to(top) / real)
    command = [str(python), "-m", *shlex.split(bench["suite"])]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=bench.get("suite_timeout", 300), env={**os.environ, "PYTHONPATH": str((tree / source.relative_to(top)).parent)})
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace") + "\ntimeout"
    (work / "suite.txt").write_text(output)
    count = lambda word: int((re.search(rf"(\d+) {word}", output) or [0, 0])[1])
    return count("passed"), count("failed") + count("error")


def prepare(name, options, work):
    """The sync half of a library in a tree of its own, with the codemod: what `one` migrates."""
    text = (HERE / f"{name}.toml").read_text()
    bench = tomllib.loads(text)["bench"]
    own = HERE / "facts" / bench["facts"]
    facts = json.loads((own if own.exists() else options.facts / bench["facts"]).read_text())
    for requirement in bench["sources"]:
        fetch(requirement, options.cache)
    source = package_root(options.cache, facts["root"]) if facts["root"] != "." else options.cache / "src"
    pairs = facts["pairs"]
    # The tree is named as the package, so that dotted names in the codemod resolve. A root of "." holds several distributions: copy the sync one.
    tree = work / "tree"
    if facts["root"] == ".":
        first = pairs[0][0].split("/")[0]
        prefix, base = first + "/", tree
        shutil.copytree(source / first, tree)
    else:
        prefix, base = "", tree / source.name
        shutil.copytree(source, base)
    for _, real in pairs:
        (base / real).unlink(missing_ok=True)
    for dropped in bench["drop"]:
        path = base / dropped
        if path.name == "__init__.py":
            path.write_text("")  # without it the modules would go by other names
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    config = 'codemods = ["./twin.toml"]\nexported = "convert"\ntests = "ignore"\n'
    if options.venv:
        config += f'python = "{interpreter(options.cache, bench["requires"]).parents[1]}"\n'
    (tree / "twin.toml").write_text(text.split("# codemod\n", 1)[1])
    (tree / "awaitify.toml").write_text(config)
    generated = {sync: base / sync.removeprefix(prefix) for sync, _ in pairs}
    generated = {sync: path for sync, path in generated.items() if path.is_file()}
    return bench, facts, source, tree, generated


def one(name, options, work):
    """One library: a row of the table."""
    bench, facts, source, tree, generated = prepare(name, options, work)
    pairs = facts["pairs"]
    sync_files = [str(path.relative_to(tree)) for path in generated.values()]
    start = time.perf_counter()
    done = subprocess.run([options.bin, "apply", "--allow-dirty", *(sync_files if options.only_sync else ["."])], cwd=tree, capture_output=True, text=True, timeout=600)
    seconds = time.perf_counter() - start
    row = {"library": name, "exit": done.returncode, "seconds": seconds, "goal": bench["goal"], "ceiling": bench["ceiling"], "stderr": done.stderr[-2000:]}
    (work / "stderr.txt").write_text(done.stderr)
    # Lay the generated files out under the sync names, beside the real ones, for the scorer.
    layout = work / "generated"
    bad = []
    for sync, path in generated.items():
        target = layout / sync
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        try:
            compile(path.read_bytes(), sync, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            bad.append(f"{sync}: {error}")
    pair_file = work / "pairs.tsv"
    pair_file.write_text("".join(f"{a}\t{b}\n" for a, b in pairs))
    command = [sys.executable, str(options.score), str(layout), str(source), "--pairs", str(pair_file), "--sync", str(source)]
    if options.misses:
        command += ["--misses", str(options.misses)]
    scored = subprocess.run(command, capture_output=True, text=True)
    row["score"] = json.JSONDecoder().raw_decode(scored.stdout)[0] if scored.stdout.startswith("{") else {}
    row["text"], row["bad"] = scored.stdout + scored.stderr, bad
    if options.suite and "suite" in bench:
        row["suite"] = run_suite(bench, facts, source, layout, options, work)
        row["suite_tests"] = bench["suite_tests"]
    if options.keep:
        shutil.copytree(work, options.keep / name, dirs_exist_ok=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin")
    parser.add_argument("--facts", type=pathlib.Path, default=HERE / "../../../shared/twins")
    parser.add_argument("--score", type=pathlib.Path, default=HERE / "../../../shared/tools/twin_score.py")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/tmp/twins-cache"))
    parser.add_argument("--only")
    parser.add_argument("--venv", action="store_true", help="install what the libraries import, for types")
    parser.add_argument("--only-sync", action="store_true", help="pass the sync files instead of the whole tree as PATHS")
    parser.add_argument("--suite", action="store_true", help="run the library's async tests against the generated package")
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--download", action="store_true")
    options = parser.parse_args()
    names = sorted(path.stem for path in HERE.glob("*.toml"))
    if options.only:
        names = [name for name in names if name in options.only.split(",")]
    options.cache.mkdir(parents=True, exist_ok=True)
    if options.download:
        for name in names:
            bench = tomllib.loads((HERE / f"{name}.toml").read_text())["bench"]
            for requirement in bench["sources"]:
                print(fetch(requirement, options.cache))
            if options.venv:
                interpreter(options.cache, bench["requires"])
        return
    if not options.bin:
        parser.error("--bin is needed")
    options.bin = os.path.abspath(options.bin)
    missed = 0
    print("| library | F1 | of ceiling | goal | P | R | async def | await | async with | async for | bad files | sync untouched | suite | s |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="awaitify-twins-") as work:
            row = one(name, options, pathlib.Path(work))
        score = row["score"]
        if not score:
            print(f"| {name} | the scorer failed: {row['text'][:200]!r} |")
            missed += 1
            continue
        share = score["all"]["f1"] / row["ceiling"]
        missed += share < row["goal"] or bool(row["bad"])
        kinds = " | ".join(f"{score[kind]['f1']:.3f} ({score[kind]['tp'] + score[kind]['fn']})" for kind in ("async_def", "await", "async_with", "async_for"))
        suite = f"{row['suite'][0]}/{row['suite_tests']}" if "suite" in row else "-"
        print(f"| {name} | {score['all']['f1']:.3f} | {share:.3f} | {row['goal']} | {score['all']['p']} | {score['all']['r']} | {kinds} | {len(row['bad'])} | {score['untouched_sync_functions']} | {suite} | {row['seconds']:.1f} |", flush=True)
        if row["exit"] not in (0, 1):
            print(f"  exit {row['exit']}: {row['stderr']}", file=sys.stderr)
        if options.misses:
            print(row["text"], file=sys.stderr)
        for line in row["bad"]:
            print(f"  does not compile: {line}", file=sys.stderr)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
