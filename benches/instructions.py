#!/usr/bin/env python3
"""Instructions that one `diff` of a fixed program takes, counted by valgrind's callgrind: a guard against slow changes that no clock can blur.

    python3 benches/instructions.py --bin target/debug/awaitify            exit 1 when the count is more than 10% above or below the one kept
    python3 benches/instructions.py --bin target/debug/awaitify --write    keeps the count

The program has 40 modules, each with a class that blocks, one that holds an object of it, and async code that calls both; one thread works. The count is
that of a debug build, as CI has it at hand, and stands in `benches/instructions.txt`. Without valgrind, it says that it was skipped.
"""
from __future__ import annotations

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

KEPT = pathlib.Path(__file__).resolve().with_suffix(".txt")
MODULES = 40
TOLERANCE = 0.10

MODULE = '''\
"""Module {at}."""
import time

{import_before}

class Store{at}:
    """Keeps rows."""

    def __init__(self, path):
        self.path = path
        self.rows = {{}}

    def fetch{at}(self, key, default=None):
        time.sleep(0.1)  # the driver blocks
        return self.rows.get(key, default)

    def save{at}(self, key, value):
        with open(self.path) as file:
            file.write(value)
        for name, row in self.rows.items():
            if name == key:
                time.sleep(0.2)
        self.rows[key] = value


class Service{at}:
    def __init__(self, store: Store{at}, other=None):
        self.store = store
        self.other = other

    def total{at}(self, keys):
        return sum([self.store.fetch{at}(key) for key in keys])

    def rename{at}(self, old, new):
        value = self.store.fetch{at}(old)
        try:
            self.store.save{at}(new, value)
        finally:
            self.store.save{at}(old, None)
        {call_before}
        return value


async def handle{at}(request):
    service = Service{at}(Store{at}("a"))
    await request.read()
    first = service.total{at}(["a", "b"])
    return [first, service.rename{at}("a", request.name), request.data.get("x")]
'''

CONFIG = '[[blocking]]\nfunction = "time.sleep"\nreplace = "asyncio.sleep"\n'


def write(folder):
    package = folder / "program"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for at in range(MODULES):
        import_before = f"from program.module{at - 1} import Service{at - 1}, Store{at - 1}" if at else ""
        call_before = f'Service{at - 1}(Store{at - 1}("b")).rename{at - 1}(old, new)' if at else "pass"
        (package / f"module{at}.py").write_text(MODULE.format(at=at, import_before=import_before, call_before=call_before))
    (folder / "awaitify.toml").write_text(CONFIG)


def count(bin):
    """Instructions of one `diff`, and how many functions it made async."""
    with tempfile.TemporaryDirectory(prefix="awaitify-instructions-") as temporary:
        folder = pathlib.Path(temporary).resolve()
        write(folder)
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'callgrind.out'}",
                   bin, "diff", "--exit-zero", "--jobs", "1", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"`{' '.join(map(str, command))}` failed:\n{done.stderr[-2000:]}")
        converted = len(re.findall(r"^\+ *async def ", done.stdout, re.MULTILINE))
        return int(re.search(r"Collected : (\d+)", done.stderr)[1]), converted


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("SKIPPED: there is no valgrind, so no instructions were counted")
        return 0
    instructions, converted = count(options.bin)
    if converted != 4 * MODULES:
        sys.exit(f"{converted} functions became async, not {4 * MODULES}: the program is not migrated as it should be")
    if options.write:
        KEPT.write_text(f"{instructions}\n")
        print(f"{instructions:,} instructions, kept in {KEPT.name}")
        return 0
    kept = int(KEPT.read_text())
    change = instructions / kept - 1
    print(f"{instructions:,} instructions, {change:+.1%} of the {kept:,} in {KEPT.name}")
    if abs(change) > TOLERANCE:
        print(f"that is more than {TOLERANCE:.0%}: find what made it slower, or keep the new count with --write and say why in the commit")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
