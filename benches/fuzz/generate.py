"""Random Python programs, one per seed: `python3 generate.py SEED [FOLDER]` prints one, or writes it.

A program is a few modules that call downwards only (later code calls earlier code), so it ends; every function carries the number of
layer calls that one call of it can make, and callees are chosen within a budget. Functions also carry whether they touch state that
outlives the call and whether they can raise: only stateless, non-raising ones run concurrently, because a migration does not promise
atomicity between awaits.

Profiles (by seed): `hard` is annotated throughout and uses only constructs that awaitify promises to keep off the loop, so a layer
call on the loop's thread is a failure. `flow` is the same without annotations. `soft` adds constructs that are boundaries by design
(properties, sort keys, tables of callables, app.state, ...): there a call on the loop is only counted.
"""
from __future__ import annotations

import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from program.base import Base
from program.calls import Calls
from program.classes import Classes
from program.entry import Entry
from program.expressions import Expressions
from program.fixed import CODEMOD, DECORATORS, ERRORS, HELPERS
from program.functions import Functions
from program.makers import Makers
from program.odds import Odds
from program.scenes import Scenes
from program.surface import Surface
from program.model import Module
from program.spread import spread
from program.statements import Statements

sys.path.remove(str(HERE))


# The first seed whose program may be spread over more files; those before keep theirs.
SPREAD_SINCE = 740_000


class Program(Base, Calls, Expressions, Statements, Functions, Classes, Makers, Odds, Scenes, Surface, Entry):
    def __init__(self, seed):
        self.seed = seed
        self.rng = random.Random(f"awaitify-{seed}")
        self.profile = self.rng.choices(["hard", "flow", "soft"], [4, 3, 4])[0]
        self.features = set()
        self.count = 0
        self.fns, self.hiers, self.modules = [], [], []
        self.layer = Module("layer")
        self.declare = self.rng.random() < 0.35  # a codemod of the program's own: by class and function
        self.sync_only = self.rng.random() < 0.1


    def build(self):
        package = "app" if self.chance(0.35) else ""
        names = ["store", "services", "jobs", "tools"][: self.rng.randint(2, 4)]
        self.decorator_module = Module("decorators")
        self.modules = [Module(name, package) for name in names]
        main = Module("main")
        for module in [*self.modules, main]:
            module.globals = []
            module.future = self.chance(0.3)
        for module in self.modules:
            if self.chance(0.25):
                module.globals.append("TOTAL")
                module.chunks.append(["TOTAL = 0"])
            for _ in range(self.rng.randint(2, 5)):
                if self.chance(0.15):
                    self.scene(module)
                    continue
                if self.chance(0.18):
                    self.rng.choice([self.maker, self.maker, self.either])(module)
                    continue
                pick = self.rng.random()
                if pick < 0.42:
                    self.hierarchy(module)
                elif pick < 0.88:
                    self.module_function(module)
                elif pick < 0.92:
                    self.iterator_class(module)
                elif pick < 0.96:
                    self.lease_class(module)
                elif self.profile == "soft" and self.chance(0.4):
                    self.features.add("thread_bound_or_returning")
                    self.rng.choice([self.returning_generator, self.thread_bound])(module)
                elif not self.sync_only:
                    self.rng.choice([self.coroutine_returner, self.spawner])(module)
        self.main_module(main)
        files = {module.path: module.text() for module in [*self.modules, main]}
        files["decorators.py"] = DECORATORS
        files["errors.py"] = ERRORS
        if "import helpers\n" in "".join(files.values()):
            files["helpers.py"] = HELPERS
        if not any("decorators" in text for path, text in files.items() if path != "decorators.py"):
            del files["decorators.py"]
        if self.seed >= SPREAD_SINCE and self.use("spread", 0.6):
            files = spread(files, self.rng)
        if package:
            files[f"{package}/__init__.py"] = ""
        if self.declare:
            files["fuzz.toml"] = CODEMOD
        files["awaitify.toml"] = self.config(files)
        return self.spelled(dict(sorted(files.items())))



def generate(seed):
    """(files, Program) of one seed; always the same."""
    program = Program(seed)
    return program.build(), program


if __name__ == "__main__":
    made, program = generate(int(sys.argv[1]))
    for path, text in made.items():
        if len(sys.argv) > 2:
            target = pathlib.Path(sys.argv[2]) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        else:
            print(f"#- {path}\n{text}")
    if len(sys.argv) > 2:
        target = pathlib.Path(sys.argv[2])
        (target / "layer.py").write_text(pathlib.Path(__file__).with_name("layer.py").read_text())
    print(f"# profile {program.profile}, features {sorted(program.features)}", file=sys.stderr)
