"""The two ways to migrate a program: the command itself, or the server `migrate.rs`, which keeps its database from program to program."""
from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
from dataclasses import dataclass, field


@dataclass
class Migrated:
    exit: int
    report: str
    second: str  # what a second `diff` plans or complains of
    told: dict = field(default_factory=dict)  # `sites` and `functions` of the JSON report


class Command:
    """`awaitify apply`, then `awaitify diff`; a `diff --format json` before tells what is left."""

    def __init__(self, binary):
        self.binary = os.path.abspath(binary)

    def migrate(self, root):
        told = self.run(root, "diff", "--format", "json", ".").stdout
        done = self.run(root, "apply", "--allow-dirty", ".")
        return Migrated(done.returncode, done.stderr, "", json.loads(told) if told else {})

    def again(self, root, _):
        again = self.run(root, "diff", ".")
        return again.stdout or (again.stderr if again.returncode else "")

    def run(self, root, *arguments):
        try:
            return subprocess.run([self.binary, *arguments], cwd=root, capture_output=True, text=True, timeout=60, errors="replace")
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess([], 124, "", "the tool still ran after 60 s")


class Server:
    """`migrate.rs`. One a process; started when it is first needed, and anew after 400 programs or a crash."""

    def __init__(self, binary):
        self.binary, self.process, self.left, self.owner = os.path.abspath(binary), None, 0, 0

    def migrate(self, root):
        if self.owner != os.getpid():  # a fork: the pipes belong to the parent
            self.process, self.owner = None, os.getpid()
        if self.process is None or self.left == 0:
            self.stop()
            self.errors = tempfile.TemporaryFile()
            self.process = subprocess.Popen([self.binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
            self.left = 400
        self.left -= 1
        self.process.stdin.write(f"{root}\n".encode())
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            code = self.process.poll() if ready else 124
            report = f"the server ended with {code}\n{self.stderr()}" if ready else "the tool still ran after 60 s"
            self.stop()
            return Migrated(code or -1, report, "")
        answer = json.loads(line)
        if answer["exit"] == 101:
            answer["report"] += "\n" + self.stderr()
        return Migrated(answer["exit"], answer["report"], answer.get("second", ""), answer.get("told", {}))

    def again(self, root, migrated):
        return migrated.second

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")[-3000:]

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
