#!/usr/bin/env python3
"""Differential execution: random programs, run before and after `awaitify apply`.

    cargo build --release --locked --example fuzz_migrate
    python3 benches/fuzz/run.py --server target/release/examples/fuzz_migrate --seeds 0:2000 [--jobs 2] [--shrink]
    python3 benches/fuzz/run.py --bin target/release/awaitify --seeds 0:200    the same with the command itself, three times as slow
    python3 benches/fuzz/run.py --before --seeds 0:2000        the programs alone: valid, quick and deterministic?
    python3 benches/fuzz/run.py --bin ... --seeds 17 --keep /tmp/f     one seed; before/ and after/ stay in /tmp/f/17

Python 3.11 or newer, standard library only; run it with another interpreter to test on that one. Files: `generate.py` makes a program from a
seed, `layer.py` is the blocking layer that records its calls, `driver.py` runs a program and books output and calls per task (`python3
driver.py FOLDER` for one kept program, STRICT=1 to make a blocking call on the loop raise), `tool.py` and `migrate.rs` migrate it, `shrink.py`
makes failures small.

Each program runs in a forked child, once as generated and once after `apply --allow-dirty`. Compared: printed lines and layer calls per task (in
order), the exception that ends the program, exceptions of threads, asyncio's own log. A failure has one of these kinds, the first that holds:

    panic          the tool crashed                    exit            it ended with another code than 0
    refused        exit 2: its own verification said no (nothing wrong was written, but a bug)
    foreign        layer.py or another kept file changed       syntax  a file does not compile
    never-awaited  a coroutine was not awaited         hang            the migrated program does not end
    exception      it ends with another exception      output, calls, threads, log     they differ
    second-run     a second `diff` plans something     blocked         a layer call ran on the loop's thread
    unsaid         the same, and no line on the way from the coroutine to the layer is listed as left or uncertain

`unsaid` breaks the promise, in every program. `blocked` is a failure in programs of the profile `hard` (annotated, only constructs that the tool promises to move) and `flow` (the same
without annotations, kind `blocked-flow`); in `soft` programs such calls are by design (properties, sort keys, tables) and only counted.
The summary also says how many of the sync functions that were seen between the event loop and a blocking call became async, and how many
programs no longer block the loop at all: a tool that converts nothing passes no `hard` seed and shows 0% there.
"""
from __future__ import annotations

import argparse
import ast
import asyncio  # noqa: F401  imported before the fork, so that children start quickly
import collections
import difflib
import json
import multiprocessing
import os
import pathlib
import runpy  # noqa: F401
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor  # noqa: F401

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import driver
from generate import generate
from tool import Command, Server

sys.path.remove(str(HERE))
LAYER = (HERE / "layer.py").read_text()
TOOL = None  # of this process: the command, or a server of its own
OWN = {"Oops", "LayerError"}  # the exceptions that a generated program may end with


def write(files, root):
    shutil.rmtree(root, ignore_errors=True)
    for path, text in {**files, "layer.py": LAYER}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")


def execute(root, strict, timeout=20):
    """Run a program in a forked child: what `driver.run` saw, or {"crash": why}."""
    handle, result = tempfile.mkstemp(prefix="awaitify-fuzz-")
    os.close(handle)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.environ.pop("STRICT", None)
            if strict:
                os.environ["STRICT"] = strict
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            seen = driver.run(root)
            with open(result, "w") as out:
                json.dump(seen, out)
            code = 0
        except BaseException:
            with open(result, "w") as out:
                json.dump({"crash": traceback.format_exc()}, out)
        finally:
            os._exit(code)
    watch = os.pidfd_open(pid)
    ready, _, _ = select.select([watch], [], [], timeout)
    os.close(watch)
    if not ready:
        os.kill(pid, signal.SIGKILL)
    _, _, usage = os.wait4(pid, 0)
    text = pathlib.Path(result).read_text()
    os.unlink(result)
    if not ready:
        return {"crash": f"still running after {timeout} s", "hang": True}
    return {**json.loads(text), "seconds": usage.ru_utime + usage.ru_stime} if text else {"crash": "the child died"}


def colors(root):
    """{(file, qualified name): is async} of every function of a tree, named as `co_qualname` names them."""
    found = {}

    def walk(node, path, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[path, prefix + child.name] = isinstance(child, ast.AsyncFunctionDef)
                walk(child, path, f"{prefix}{child.name}.<locals>.")
            elif isinstance(child, ast.ClassDef):
                walk(child, path, f"{prefix}{child.name}.")
            else:
                walk(child, path, prefix)

    for path in sorted(root.rglob("*.py")):
        if path.name not in ("layer.py", "driver.py"):
            walk(ast.parse(path.read_bytes()), str(path.relative_to(root)), "")
    return found


def first_difference(one, two):
    for tag in sorted({*one, *two}):
        a, b = one.get(tag, []), two.get(tag, [])
        if a != b:
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            return f"[{tag}] entry {at}: before {a[at:at + 3]} after {b[at:at + 3]}"
    return ""


def compare(before, after, profile):
    """(kind, detail) of the first difference that counts, or None."""
    if "crash" in after:
        return ("hang" if after.get("hang") else "crash"), after["crash"]
    lost = [text for text in after["warnings"] if "never awaited" in text]
    if lost:
        return "never-awaited", "; ".join(sorted(set(lost))[:5]) + (f"\nended with {after['error']}" if after["error"] else "")
    if before["error"] != after["error"]:
        return "exception", f"before {before['error']}, after {after['error']}\n{after['trace']}"
    for name in ("output", "calls"):
        difference = first_difference(before[name], after[name])
        if difference:
            return name, difference
    for name in ("threads", "log"):
        if before[name] != after[name]:
            return name, f"before {before[name]}, after {after[name]}"
    if after["blocked"] and profile != "soft":
        name, stack = after["blocked"][0]
        stack = [f"{file}:{line} {qualname}" for file, line, qualname, _ in stack]
        return ("blocked" if profile == "hard" else "blocked-flow"), f"{len(after['blocked'])} calls on the loop, first {name} <- " + " <- ".join(stack)
    return None


def statements(text):
    """Line -> the lines of the simple statement, or of the head of the compound one, that stands there."""
    found = {}
    for node in ast.walk(ast.parse(text.removeprefix("\ufeff"))):
        if isinstance(node, (ast.stmt, ast.match_case, ast.ExceptHandler)):
            start = min([one.lineno for one in getattr(node, "decorator_list", ())], default=getattr(node, "lineno", 0)) or node.pattern.lineno
            body = getattr(node, "body", None)
            leaves = isinstance(node, (ast.With, ast.AsyncWith))  # its head runs what was entered in its body, too
            end = max(start, body[0].lineno - 1) if body and not leaves else node.end_lineno
            for line in range(start, end + 1):
                if line not in found or end - start < len(found[line]):
                    found[line] = range(start, end + 1)
    return found


LISTED = {"escapes", "lambda", "looked-up", "passed-on", "computed", "iterated-unseen", "called-in-text", "run-unseen", "overrides-external", "called-by-base"}  # with the place, at the function


def unsaid(after, files, root, told):
    """The first call on the loop of which nothing on the way is in the report, or None."""
    maps = {}
    sites = [site for site in told.get("sites", ()) if site["verdict"] == "left" or site.get("undecided")]
    said = {(site["file"], site["line"]) for site in sites}
    names = {name.split(".")[-1] for site in sites for name in [site["name"], *site["targets"]]}
    listed = {(one["file"], one["name"]) for one in told.get("functions", ()) if one["verdict"] == "stays" and one["cause"] in LISTED}
    listed |= {(one["file"], what) for site in sites if site.get("cause") == "takes-both" for what in site["targets"] for one in told["functions"] if one["name"] == what}
    listed = {(file, what.replace(".__next__", ".__iter__")) for file, what in listed}  # one is told of both
    for name, stack in after.get("blocked", ()):
        inner, closes = None, False
        for file, line, qualname, is_generator in stack:
            if file not in files:
                continue
            short = qualname.replace(".<locals>", "").replace(".__next__", ".__iter__")
            if any(one == file and what.endswith("." + short) for one, what in listed):
                break
            # A generator that is given up is closed anywhere.
            if closes and inner in names:
                break
            inner, closes = short.split(".")[-1], is_generator
            if file not in maps:
                old, new = files[file], (root / file).read_text(encoding="utf-8")
                matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
                lines = {}
                for _, a, a_end, b, b_end in matcher.get_opcodes():
                    for at in range(b, b_end):
                        lines[at + 1] = range(a + 1, a_end + 1) if b_end - b != a_end - a else [a + at - b + 1]
                maps[file] = lines, statements(old)
            lines, spans = maps[file]
            if any((file, row) in said for one in lines.get(line, ()) for row in spans.get(one, [one])):
                break
        else:
            return "unsaid", f"{name} <- " + " <- ".join(f"{file}:{line} {qualname}" for file, line, qualname, _ in stack)
    return None


def migrate(tool, files, root, profile, before):
    """Apply the tool to `root` and judge the result: (kind or None, detail, statistics)."""
    done = tool.migrate(root)
    stats = {"report": done.report}
    if "panicked at" in done.report or done.exit in (101, 124, 134, 139) or done.exit < 0:
        return "panic", f"exit {done.exit}\n{done.report[-3000:]}", stats
    if done.exit == 2:
        return "refused", done.report[-3000:], stats
    if done.exit != 0:
        return "exit", f"exit {done.exit}\n{done.report[-3000:]}", stats
    for path, text in {**files, "layer.py": LAYER}.items():
        now = (root / path).read_text(encoding="utf-8")
        if path.endswith((".toml", "layer.py")) and now != text:
            return "foreign", path, stats
        if path.endswith(".py"):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    compile((root / path).read_bytes(), path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                return "syntax", f"{path}: {error}", stats
    now = colors(root)
    wanted = [(file, name) for file, name in before["demand"] if (file, name) in now]
    stats["demand"] = len(wanted)
    stats["converted"] = sum(now[key] for key in wanted)
    after = execute(root, "record")
    stats["blocked"] = len(after.get("blocked", ()))
    found = compare(before, after, profile)
    silent = unsaid(after, files, root, done.told) if not found or found[0].startswith("blocked") else None
    if silent:
        late = silent
    elif found and found[0] in ("blocked", "blocked-flow"):
        late = found
    elif found:
        return *found, stats
    else:
        late = None
    again = tool.again(root, done)
    if again:
        return "second-run", again[:4000], stats
    return (*late, stats) if late else (None, "", stats)


def check(tool, files, profile, folder):
    """One program, before and after, in `folder`."""
    before_root, after_root = folder / "before", folder / "after"  # the server keeps its database for one path
    write(files, before_root)
    before = execute(before_root, "")
    if "crash" in before:
        return "invalid", before["crash"], {}
    if before["error"] and before["error"].split(":")[0] not in OWN:
        return "invalid", before["trace"], {}
    write(files, after_root)
    kind, detail, stats = migrate(tool, files, after_root, profile, before)
    stats["before_blocked"] = bool(before["demand"])
    return kind, detail, stats


def check_before(files, folder):
    """The program alone: it must end by itself, quickly, with its own exceptions only, and twice the same."""
    write(files, folder / "before")
    one = execute(folder / "before", "")
    two = execute(folder / "before", "")
    seconds = min(one.get("seconds", 0), two.get("seconds", 0))  # of the processor: the machine is shared
    stats = {"seconds": seconds, "demand": len(one.get("demand", ())), "calls": sum(map(len, one.get("calls", {}).values()))}
    if "crash" in one:
        return "invalid", one["crash"], stats
    if one["error"] and one["error"].split(":")[0] not in OWN:
        return "invalid", one["error"] + "\n" + one["trace"][-900:], stats
    if one["warnings"] or one["log"] or one["threads"]:
        return "noisy", f"{one['warnings']} {one['log']} {one['threads']}", stats
    for name in ("output", "calls", "error"):
        if one[name] != two[name]:
            return "unstable", f"{name}: {first_difference(one[name], two[name]) if name != 'error' else two['error']}", stats
    if seconds > 0.3:
        return "slow", f"{seconds:.2f} s", stats
    return None, "", stats


def one_seed(job):
    seed, options = job
    files, program = generate(seed)
    folder = pathlib.Path(tempfile.gettempdir()) / f"awaitify-fuzz-{os.getpid()}"
    try:
        if options.before:
            kind, detail, stats = check_before(files, folder)
        else:
            kind, detail, stats = check(TOOL, files, program.profile, folder)
        if options.keep and kind:
            kept = options.keep / str(seed)
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder, kept, ignore=shutil.ignore_patterns(".git", "__pycache__"))
            (kept / "why.txt").write_text(f"{kind}\n{detail}\n\n{stats.get('report', '')}")
        return seed, kind, detail, stats, program.profile, sorted(program.features), sum(text.count("\n") for text in files.values())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seeds_of(text):
    for part in text.split(","):
        if ":" in part:
            low, high = part.split(":")
            yield from range(int(low or 0), int(high))
        else:
            yield int(part)


def share(part, whole):
    return f"{part}/{whole} ({100 * part / whole:.1f}%)" if whole else "0/0"


def summary(results, options, seconds):
    """The closing table, and whether everything passed."""
    by_kind, by_feature, seen = collections.Counter(), collections.Counter(), collections.Counter()
    totals = collections.defaultdict(collections.Counter)
    for _, kind, _, stats, profile, features, lines in results:
        by_kind[kind or "same"] += 1
        for feature in features:
            seen[feature] += 1
            by_feature[feature] += bool(kind)
        total = totals[profile]
        total.update(programs=1, lines=lines, demand=stats.get("demand", 0), converted=stats.get("converted", 0), calls=stats.get("calls", 0))
        total.update(failed=bool(kind), blocks=bool(stats.get("before_blocked")), still=bool(stats.get("blocked")))
    print(f"\n{len(results)} programs in {seconds:.0f} s: " + ", ".join(f"{count} {kind}" for kind, count in by_kind.most_common()))
    for profile, total in sorted(totals.items()):
        line = f"  {profile:5} {total['programs']} programs, {total['lines'] // total['programs']} lines each, {total['failed']} failed"
        if options.before:
            line += f", {total['calls'] / total['programs']:.0f} layer calls and {total['demand'] / total['programs']:.1f} sync functions above them each"
        else:
            line += f", sync functions above a blocking call that became async {share(total['converted'], total['demand'])}"
            line += f", programs that still block the loop {share(total['still'], total['programs'])}"
        print(line)
    if options.before:
        times = sorted(result[3].get("seconds", 0) for result in results)
        print(f"  run time median {times[len(times) // 2] * 1000:.0f} ms, largest {times[-1] * 1000:.0f} ms")
        print("  features: " + ", ".join(f"{name} {count}" for name, count in sorted(seen.items())))
    else:
        rates = sorted(((by_feature[name] / count, name) for name, count in seen.items() if by_feature[name]), reverse=True)[:12]
        if rates:
            print("  failing share by feature: " + ", ".join(f"{name} {100 * rate:.0f}%" for rate, name in rates))
    return not (set(by_kind) - {"same"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", help="the awaitify binary")
    parser.add_argument("--server", help="the built example fuzz_migrate")
    parser.add_argument("--before", action="store_true", help="only validate the programs")
    parser.add_argument("--seeds", default="0:200", help="ranges and numbers: 0:200, 7, 5,9,100:110")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for failing programs, one subfolder a seed")
    parser.add_argument("--shrink", action="store_true", help="shrink the first failure of each kind, print it")
    parser.add_argument("--shrink-budget", type=int, default=400, help="tool runs for one shrink")
    parser.add_argument("--max-seconds", type=float, help="stop starting new programs after this long (CI)")
    parser.add_argument("--allow", default="", help="comma list of kinds that do not fail the run, as blocked-flow")
    parser.add_argument("--json", type=pathlib.Path, help="write one JSON line a program")
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    if bool(options.bin) + bool(options.server) + options.before != 1:
        parser.error("one of --server, --bin and --before is needed")
    global TOOL
    TOOL = Command(options.bin) if options.bin else Server(options.server) if options.server else None
    started, results, shown = time.time(), [], collections.Counter()
    jobs = ((seed, options) for seed in seeds_of(options.seeds))
    pool = multiprocessing.get_context("fork").Pool(options.jobs) if options.jobs > 1 else None
    stream = pool.imap_unordered(one_seed, jobs) if pool else map(one_seed, jobs)
    log = options.json.open("w") if options.json else None
    for result in stream:
        seed, kind, detail, stats, profile, features, _ = result
        results.append(result)
        if log:
            log.write(json.dumps({"seed": seed, "kind": kind, "profile": profile, "detail": detail, "features": features, **{k: v for k, v in stats.items() if k != "report"}}) + "\n")
        if kind:
            shown[kind] += 1
            if not options.quiet and shown[kind] <= 20:
                print(f"seed {seed} ({profile}) {kind}: {detail.strip()[:600 if shown[kind] <= 3 else 160]}", flush=True)
        if options.max_seconds and time.time() - started > options.max_seconds:
            break
    if pool:
        pool.terminate()
    if log:
        log.close()
    passed = summary(results, options, time.time() - started)
    if options.shrink and TOOL:
        sys.path.append(str(HERE))
        sys.modules["run"] = sys.modules["__main__"]
        from shrink import shrink  # the folder is not on sys.path while programs run

        sys.path.remove(str(HERE))
        first = {}
        for seed, kind, _, _, profile, _, _ in sorted(results):
            if kind and kind != "invalid":
                first.setdefault(kind, (seed, profile))
        for kind, (seed, profile) in first.items():
            files, detail, runs = shrink(TOOL, generate(seed)[0], profile, kind, options.shrink_budget)
            print(f"\n===== seed {seed} {kind}, shrunk with {runs} runs: {detail.strip()[:1500]}")
            for path, text in files.items():
                print(f"#- {path}\n{text}", end="" if text.endswith("\n") else "\n")
    allowed = set(options.allow.split(","))
    sys.exit(0 if passed or all(not result[1] or result[1] in allowed for result in results) else 1)


if __name__ == "__main__":
    main()
