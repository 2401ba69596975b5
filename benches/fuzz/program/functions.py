"""Functions of a module: plain ones, generators, context managers, and the odd ones."""
from __future__ import annotations

from .model import HINT, KINDS, VERBS, Ctx, Fn


class Functions:
    def decorators(self, module, fn, method):
        """Decorator lines for a plain function; the function's cost may change."""
        if fn.kind not in HINT or not self.chance(0.22):
            return []
        name = self.rng.choice(["traced", "traced", "timed", "aware", "retry", "cached"])
        if name == "cached":
            if method:
                return []
            self.need(module, "import functools")
            fn.stateful = fn.stays = True
            if fn.needs:
                return []
            return [f"@functools.{self.rng.choice(['lru_cache(maxsize=None)', 'cache', 'lru_cache'])}"]
        self.features.add(name)
        fn.stays = name in ("timed", "retry")
        text = self.ref(module, self.decorator_module, name)
        if name == "retry":
            fn.factor = 3
            return [f"@{text}(2)"]
        return [f"@{text}"]

    def signature(self, fn, module, first=None):
        parts = [first] if first else []
        parts.append("k" + self.hint(module, "int"))
        for name, what in fn.needs:
            parts.append(name + self.hint(module, what))
        if fn.keyword:
            parts.append("*, extra" + self.hint(module, "int") + (" = 0"))
        return ", ".join(parts)

    def body(self, fn, module, indent, c):
        """Statements of a function of any kind."""
        if fn.kind == "gen":
            return self.gen_body(fn, indent, c)
        if fn.kind == "cm":
            lines = self.block(c, self.rng.randint(0, 1), indent, 1)
            value = self.expr(c, "int", 2)
            if self.chance(0.7):
                return lines + [f"{indent}{(n := self.fresh())} = {value}", f"{indent}try:", f"{indent}    yield {n}", f"{indent}finally:", f"{indent}    print('left', {self.expr(c.sub(quiet=True), 'int', 1)})"]
            return lines + [f"{indent}yield {value}"] + self.block(c, 1, indent, 1)
        if fn.kind == "coro":
            return self.block(c, self.rng.randint(0, 1), indent, 1) + [f"{indent}return {c.finish}({self.expr(c, 'int', 1)})"]
        if fn.keyword:
            c.ints.append("extra")
        if self.use("recursion", 0.07) and fn.kind == "int" and c.recurse:
            c.limit = c.fn.cost + 5
            base = self.expr(c.sub(), "int", 1)
            step = self.expr(c, "int", 2)
            needs = "".join(f", {name}={name}" for name, _ in fn.needs)
            fn.cost *= 3
            return [f"{indent}k = min(k, 2)", f"{indent}if k <= 0:", f"{indent}    return {base}", f"{indent}return {step} + {'await ' if c.is_async else ''}{c.recurse}(k - 1{needs})"]
        lines = self.block(c, self.rng.randint(0, 3), indent, 2)
        if c.lock and self.chance(0.8):
            inner = c.sub()
            if self.chance(0.7):
                lines += [f"{indent}with {c.lock}:"] + self.block(inner, 1, indent + "    ", 1)
            else:
                lines += [f"{indent}{c.lock}.acquire()", f"{indent}try:"] + self.block(inner, 1, indent + "    ", 1) + [f"{indent}finally:", f"{indent}    {c.lock}.release()"]
        if c.state and self.use("state", 0.12):
            fn.stateful = True
            c.ints.append(c.state)
            lines.append(f"{indent}{c.state} {self.rng.choice(['+=', '='])} {self.expr(c, 'int', 2)}")
        return lines + [f"{indent}return {self.expr(c, fn.kind, 3)}"]

    def gen_body(self, fn, indent, c):
        c.in_gen = True
        pad = indent + "    "
        lines = self.block(c, self.rng.randint(0, 1), indent, 1)
        pick = self.rng.randrange(6)
        inner = c.sub(mult=c.mult * 2)
        if pick == 0:
            lines += [f"{indent}yield {self.expr(c, 'int', 1)}", f"{indent}yield {self.expr(c, 'int', 1)}"]
        elif pick == 1:
            done = self.call(c, ["gen"], 1)
            lines += [f"{indent}yield from {done[0] if done else self.expr(c, 'list', 1)}", f"{indent}yield {self.key(c)}"]
        elif pick == 2 and self.profile == "soft":  # left early: aclosing, or a boundary
            lines += [f"{indent}try:", f"{pad}yield {self.expr(c, 'int', 1)}", f"{pad}yield {self.expr(c, 'int', 1)}", f"{indent}finally:", f"{pad}print('closed', {self.expr(c.sub(quiet=True), 'int', 1)})"]
            self.features.add("gen_finally")
        elif pick == 3 and self.profile == "soft":
            done = self.call(c, ["cm"], 1)
            if done:
                lines += [f"{indent}with {done[0]} as held:", f"{pad}yield held", f"{pad}yield {self.expr(c, 'int', 1)}"]
            else:
                lines += [f"{indent}yield {self.expr(c, 'int', 1)}"]
        else:
            name = self.fresh()
            inner.ints.append(name)
            lines += [f"{indent}for {name} in {self.rng.choice(['(1, 2)', 'range(k % 3)', '[k, 1]'])}:"] + self.block(inner, self.rng.randint(0, 1), pad, 1)
            lines += [f"{pad}yield {self.expr(inner, 'int', 2)}"]
            if self.soft("gen_return", 0.2):
                lines += [f"{indent}return"]
        return lines

    def pick_kind(self):
        if self.chance(0.16):
            return "gen"
        if self.chance(0.1):
            return "cm"
        return self.rng.choice(KINDS)

    def generator_hint(self, module):
        if not self.annotated():
            return ""
        self.need(module, "from collections.abc import Iterator")
        return " -> Iterator[int]"

    def module_function(self, module):
        fn = Fn(self.unique_name(module), self.pick_kind(), module)
        c = Ctx(fn, module, lock="", state="", recurse=fn.name, finish="")
        c.ints.append("k")
        if self.chance(0.7):
            fn.needs.append(("persistence", "persistence"))
            c.pers.append("persistence")
        elif self.chance(0.7):
            c.pers.append(self.ref(module, self.layer, "get_persistence") + "()")
        for hier in self.rng.sample(self.hiers, min(len(self.hiers), self.rng.randint(0, 2))):
            name = hier.base.lower()
            fn.needs.append((name, hier))
            c.objs.append((name, hier))
        fn.keyword = self.chance(0.2)
        if module.globals and self.chance(0.5):
            c.state = self.rng.choice(module.globals)
        if not self.sync_only and fn.kind in HINT and self.chance(0.14):
            fn.is_async = c.is_async = True
        decorators = self.decorators(module, fn, False) if not fn.is_async else []
        c.stay = fn.stays
        lines = self.body(fn, module, "    ", c)
        fn.cost *= fn.factor
        if c.state and any(line.lstrip().startswith(c.state) for line in lines):
            lines.insert(0, f"    global {c.state}")
        arrow = self.arrow(fn.kind)
        if fn.kind in ("gen", "cm"):
            arrow = self.generator_hint(module)
        if fn.kind == "cm":
            decorators = ["@" + self.contextmanager(module)]
        doc = [f'    """{fn.name} of {module.name}."""'] if self.chance(0.1) else []
        module.chunks.append(decorators + [f"{'async ' if fn.is_async else ''}def {fn.name}({self.signature(fn, module)}){arrow}:"] + doc + lines)
        self.fns.append(fn)

    def contextmanager(self, module):
        if "import contextlib" in module.imports or self.chance(0.3):
            self.need(module, "import contextlib")
            return "contextlib.contextmanager"
        self.need(module, "from contextlib import contextmanager")
        return "contextmanager"

    def unique_name(self, module):
        for _ in range(20):
            name = self.rng.choice(VERBS) + self.rng.choice(["", "_row", "_all", "_one"])
            if name not in module.taken:
                module.taken.add(name)
                return name
        name = self.fresh("work")
        module.taken.add(name)
        return name

    def coroutine_returner(self, module):
        """A sync function that hands out a coroutine; its callers await it."""
        finish, name = self.fresh("finish"), self.fresh("fetch")
        fn = Fn(name, "coro", module, needs=[("persistence", "persistence")])
        c = Ctx(fn, module, pers=["persistence"], ints=["k"], finish=finish, lock="", state="", recurse="", limit=8)
        self.features.add("returns_coroutine")
        lines = self.body(fn, module, "    ", c)
        module.chunks.append([f"async def {finish}(value):", "    return value + 1"])
        module.chunks.append([f"def {name}({self.signature(fn, module)}):"] + lines)
        self.fns.append(fn)

    def spawner(self, module):
        """`create_task`, or `asyncio.run` where no loop runs: the asyncio-run codemod's shape A."""
        mark, name = self.fresh("mark"), self.fresh("spawn")
        fn = Fn(name, "spawn", module, needs=[("persistence", "persistence")])
        c = Ctx(fn, module, pers=["persistence"], ints=["k"], limit=8, quiet=True, pure=True)
        self.need(module, "import asyncio")
        self.features.add("run_fallback")
        logger = self.chance(0.5)
        if logger:
            self.need(module, "import logging")
        body = self.block(c, self.rng.randint(0, 1), "    ", 1)
        pad = "        "
        task = [f"{pad}asyncio.get_running_loop().create_task({mark}(k))"] if self.chance(0.5) else [f"{pad}loop = asyncio.get_running_loop()", f"{pad}loop.create_task({mark}(k))"]
        module.chunks.append([f"async def {mark}(value):", "    print('marked', value)", "    await asyncio.sleep(0)"])
        if logger and "logger = logging.getLogger(__name__)" not in sum(module.chunks, []):
            module.chunks.insert(0, ["logger = logging.getLogger(__name__)"])
        module.chunks.append([f"def {name}({self.signature(fn, module)}):"] + body + ["    try:"] + task + ["    except RuntimeError:", "        # no loop: run it here", f"        asyncio.run({mark}(k))"])
        self.fns.append(fn)

    def returning_generator(self, module):
        """A generator whose return value is used."""
        inner, name = self.fresh("steps"), self.fresh("walker")
        fn = Fn(name, "gen", module, needs=[("persistence", "persistence")])
        c = Ctx(fn, module, pers=["persistence"], ints=["k"], limit=8, quiet=True)
        module.chunks.append([f"def {inner}({self.signature(fn, module)}):", f"    yield {self.expr(c, 'int', 1)}", f"    return {self.expr(c, 'int', 1)}"])
        module.chunks.append([f"def {name}({self.signature(fn, module)}):", f"    last = yield from {inner}(k, persistence)", "    yield last"])
        self.fns.append(fn)

    def thread_bound(self, module):
        """A function that sets a context variable or a thread-local before it blocks."""
        name, kept = self.fresh("scoped"), self.fresh("_local")
        fn = Fn(name, "int", module, needs=[("persistence", "persistence")], stateful=True)
        c = Ctx(fn, module, pers=["persistence"], ints=["k"], limit=8, quiet=True)
        if self.chance(0.5):
            self.need(module, "import threading")
            module.chunks.append([f"{kept} = threading.local()"])
            body = [f"    {kept}.value = k", f"    found = {self.expr(c, 'int', 2)}", f"    return found + {kept}.value"]
        else:
            self.need(module, "import contextvars")
            module.chunks.append([f"{kept} = contextvars.ContextVar('kept', default=0)"])
            body = [f"    before = {kept}.get()", f"    {kept}.set(k)", f"    return {self.expr(c, 'int', 2)} + {kept}.get() + before"]
        module.chunks.append([f"def {name}({self.signature(fn, module)}){self.arrow('int')}:"] + body)
        self.fns.append(fn)
