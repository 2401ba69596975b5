#!/usr/bin/env python3
"""Migrates published packages with awaitify and runs their own test suites before and after.

    run.py --bin PATH/TO/awaitify [--python PATH] [--work DIR] [SUITE.toml ...]

A suite is a TOML file beside this one: `package` and `version` (an sdist from PyPI), `needs` (what its tests import),
`runner` ("pytest" or "unittest"), `arguments`, `config` (the awaitify.toml to write) and `codemods` (texts of codemod files
by name). Prints a table: tests that pass before, after, those lost, and how many of the lost ones the report names. The
exit code is 1 when a lost test is not named. Needs Python 3.11 and pip; downloads are kept in the work folder.
"""
import argparse, json, os, pathlib, re, shutil, subprocess, sys, tarfile, tomllib

HERE = pathlib.Path(__file__).parent


def run(*command, cwd=None, **keywords):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(cwd or "")}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, **keywords)


def prepare(suite, work, python):
    """The unpacked source, and the interpreter of a virtual environment that has what the tests need."""
    home = work / f"{suite['package']}-{suite['version']}"
    interpreter = home / "venv/bin/python"
    if not interpreter.exists():
        run(python, "-m", "venv", home / "venv", check=True)
        needs = ["pytest", "pytest-asyncio", "setuptools", "wheel", *suite.get("build", []), *suite.get("needs", [])]
        run(interpreter, "-m", "pip", "install", "-q", *needs, check=True)
    if not list(home.glob("*.tar.gz")):
        requirement = f"{suite['package']}=={suite['version']}"
        options = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "-d", home]
        run(interpreter, "-m", "pip", "download", "-q", *options, requirement, check=True)
    source = home / "source"
    shutil.rmtree(source, ignore_errors=True)
    with tarfile.open(next(home.glob("*.tar.gz"))) as archive:
        archive.extractall(source, filter="data")
    return next(source.iterdir()), interpreter


def outcomes(suite, root, interpreter):
    """Test names by outcome: `passed`, `failed`. A test with several runs passes when all do."""
    arguments = suite.get("arguments", [])
    if suite["runner"] == "pytest":
        done = run(interpreter, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-W", "error::RuntimeWarning", *arguments, cwd=root)
        lines = re.findall(r"^(PASSED|FAILED|ERROR|XFAIL|XPASS) (\S+::\S+)", done.stdout, re.M)
        pairs = [(name, word in ("PASSED", "XFAIL")) for word, name in lines]
    else:
        done = run(interpreter, "-W", "error::RuntimeWarning", "-m", "unittest", *arguments, "-v", cwd=root)
        # "test_it (pkg.Class.test_it)", perhaps a line of its docstring, " ... ", perhaps output of the test, "ok".
        start = re.compile(r"^\w+ \(([\w.]+)[^\n]*\)", re.M)
        found = list(start.finditer(done.stderr.split("=" * 70)[0]))
        ends = [match.start() for match in found[1:]] + [None]
        words = [re.findall(r"\b(ok|FAIL|ERROR|expected failure|skipped)\b", done.stderr[match.end():end]) for match, end in zip(found, ends)]
        pairs = [(match[1], bool(word) and word[-1] in ("ok", "expected failure")) for match, word in zip(found, words)]
        if "Ran " in done.stderr:
            failed = {match[1] for match in re.finditer(r"^(?:FAIL|ERROR): \w+ \(([\w.]+)", done.stderr, re.M)}
            pairs = [(name, passed and name not in failed) for name, passed in pairs]
    result = {}
    for name, passed in pairs:
        result[name] = result.get(name, True) and passed
    never = len(re.findall(r"was never awaited", done.stdout + done.stderr))
    (root.parent / "log.txt").write_text(done.stdout + done.stderr)
    return result, never


def last_names(name):
    """`TestCase.test_it` of a node id or a dotted path."""
    parts = re.split(r"::|\.", name.split("[")[0])
    return parts[-1], parts[-2] if len(parts) > 1 else ""


def check(path, binary, python, work):
    suite = tomllib.loads(path.read_text())
    root, interpreter = prepare(suite, work, python)
    before, _ = outcomes(suite, root, interpreter)
    shutil.copy(root.parent / "log.txt", root.parent.parent / "before.txt")
    (root / "awaitify.toml").write_text(suite["config"])
    for name, text in suite.get("codemods", {}).items():
        (root / f"{name}.toml").write_text(text)
    report = run(binary, "diff", ".", "--format", "json", cwd=root)
    applied = run(binary, "apply", "--allow-dirty", ".", cwd=root)
    (root.parent.parent / "apply.txt").write_text(applied.stderr)
    if applied.returncode != 0:
        print(applied.stderr)
        return False
    after, never = outcomes(suite, root, interpreter)
    shutil.copy(root.parent / "log.txt", root.parent.parent / "after.txt")
    data = json.loads(report.stdout)
    named = {test["name"].split(".")[-1] for test in data["tests"]}
    lost = sorted(name for name, passed in before.items() if passed and not after.get(name))
    unnamed = [name for name in lost if last_names(name)[0] not in named]
    good = lambda results: sum(results.values())
    functions = [function for function in data["functions"] if function["verdict"] == "converts"]
    print(f"{suite['package']:20} {good(before):5} {good(after):5} {len(lost):5} {len(unnamed):5} {len(functions):6} {len(data['tests']):6} {never:6}")
    for name in unnamed:
        print(f"    lost, and not named: {name}")
    return not unnamed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/tmp/awaitify-suites"))
    parser.add_argument("suites", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    binary = options.bin.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    print(f"{'package':20} {'before':>5} {'after':>5} {'lost':>5} {'unnamed':>5} {'async':>6} {'named':>6} {'never awaited':>6}")
    results = [check(path, binary, options.python, options.work) for path in options.suites or sorted(HERE.glob("*.toml"))]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
