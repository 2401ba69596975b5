"""main.py: what runs the program, sync code and asyncio code side by side."""
from __future__ import annotations

from .model import HINT, KINDS, MAIN_COST, Ctx, Fn


class Entry:
    def main_module(self, module):
        fn = Fn("main", "int", module)
        c = Ctx(fn, module, is_async=not self.sync_only, limit=MAIN_COST, lock="", state="", recurse="", finish="", drain=False)
        self.need(module, "import errors")
        self.need(module, "import layer")
        self.need(module, "import asyncio")
        lines = [f"    persistence = {self.ref(module, self.layer, 'Persistence')}()"]
        c.pers, c.ints = ["persistence"], ["3"]
        if self.soft("app_state", 0.3):
            lines += self.app_state(c)
        for _ in range(self.rng.randint(4, 9)):
            lines += self.guarded(c)
        if c.drain:
            lines.append("    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))")
        if self.chance(0.1):
            lines.append(f"    print('last', {self.expr(c, 'int', 2)})")  # may raise
        entry = [f"{'async ' if c.is_async else ''}def main(){' -> None' if self.chance(0.5) else ''}:"] + lines
        module.chunks.append(entry)
        tail = "asyncio.run(main())" if c.is_async else "main()"
        early = []
        if self.use("module_level_call", 0.08) and not self.sync_only:
            top = Ctx(Fn("<module>", "int", module), module, limit=20, quiet=True, stay=True, pers=[self.ref(module, self.layer, "get_persistence") + "()"])
            early = [f"print('early', {self.expr(top, 'int', 1)})"]
        pick = self.rng.randrange(4)
        if self.sync_only or pick == 0:
            module.chunks.append(early + ['if __name__ == "__main__":'] + self.guard_body(module, tail))
        elif pick == 1:
            first = []
            if self.use("sync_before_loop", 0.3):
                top = Ctx(Fn("run", "int", module), module, limit=20, quiet=True, stay=True, pers=[self.ref(module, self.layer, "get_persistence") + "()"])
                first = [f"    print('first', {self.expr(top, 'int', 1)})"]
            module.chunks.append(["def run():"] + first + [f"    {tail}"])
            module.chunks.append(early + ["if __name__ == '__main__':", "    run()"])
        else:
            module.chunks.append(early + [tail])

    def guard_body(self, module, tail):
        """The last call alone, or among other statements."""
        if not self.use("long_guard", 0.4):
            return [f"    {tail}"]
        guard = Ctx(Fn("guard", "int", module), module, limit=20, quiet=True, stay=True, pers=[self.ref(module, self.layer, "get_persistence") + "()"])
        name, each = self.fresh("kept"), self.fresh()
        lines = [f"    # set up", f"    {name} = {self.expr(guard, 'int', 1)}"]
        if self.chance(0.5):
            inner = guard.sub(ints=[each], mult=2)
            lines += [f"    for {each} in (1, 2):", f"        print('guard', {self.expr(inner, 'int', 1)})  # each"]
        lines.append(f"    {tail}")
        if self.chance(0.5):
            lines.append(f"    print('end', {name})")
        return lines

    def app_state(self, c):
        """Services that hang on an untyped object."""
        self.need(c.module, "from types import SimpleNamespace")
        lines = ["    application = SimpleNamespace(state=SimpleNamespace())"]
        for hier in self.rng.sample(self.hiers, min(2, len(self.hiers))):
            text = self.construct(c, hier)
            if text is None:
                continue
            name = "svc_" + hier.base.lower()
            lines.append(f"    application.state.{name} = {text}" if self.chance(0.7) else f"    setattr(application.state, '{name}', {text})")
            if self.chance(0.5):
                lines.append(f"    {name} = getattr(application.state, '{name}', None)")
                c.objs.append((name, hier))
            else:
                c.objs.append((f"application.state.{name}", hier))
        return lines

    def guarded(self, c):
        """One statement of main that survives an exception."""
        pick = self.rng.randrange(10)
        spawns = [fn for fn in self.fns if fn.kind == "spawn"]
        if spawns and c.is_async and pick == 9:
            fn = self.rng.choice(spawns)
            if c.pay(fn):
                c.drain = True
                return [f"    {self.ref(c.module, fn.module, fn.name)}({self.key(c)}, persistence)"]
        proxied = [h for h in self.hiers if all(fn.style in ("method", "static", "class") for fn in h.methods) and not h.init_raises]
        if proxied and self.soft("proxy", 0.06):
            hier = self.rng.choice(proxied)
            text = self.construct(c, hier)
            if text:
                self.need(c.module, "import helpers")
                name = self.fresh("proxy")
                if not any(fn.owner is hier and fn.style in ("dunder", "call") for fn in self.fns):
                    c.objs.append((name, hier))
                return [f"    {name} = helpers.Proxy({text})"]
        if pick < 2 and self.hiers:
            hier = self.rng.choice(self.hiers)
            text = None if hier.init_raises else self.construct(c, hier)
            if text:
                name = self.fresh("obj")
                c.objs.append((name, hier))
                return [f"    {name} = {text}"]
        inner = c.sub()
        if c.is_async and pick in (2, 3, 4, 5):
            body = self.async_statement(inner)
        else:
            body = self.block(inner, self.rng.randint(1, 2), "        ", 2) + [f"        print({self.expr(inner, self.rng.choice(KINDS), 2)})"]
        return ["    try:"] + body + ["    except (errors.Oops, layer.LayerError) as problem:", "        print('main caught', type(problem).__name__, problem)"]

    def offloadable(self, c, pure=False, kinds=tuple(HINT)):
        """(callee, key) of a sync function that takes a key alone."""
        wanted = [fn for fn in self.candidates(c.sub(stay=True), kinds) if not fn.is_async and not fn.needs and not fn.either and fn.style in ("method", "static", "class") and (not pure or not (fn.stateful or fn.raises))]
        for _ in range(3):
            if not wanted:
                return None
            fn = self.rng.choice(wanted)
            callee = self.callee(c, fn)
            if callee and c.pay(fn):
                return callee, self.key(c), fn
        return None

    def async_call(self, c, pure=False):
        """A coroutine expression without its await."""
        done = self.call(c.sub(pure=pure), ["int", "str", "bool", "list"], 0, lambda fn: fn.is_async)
        return done[0][len("await "):] if done and done[0].startswith("await ") else None

    def async_statement(self, c):
        pad, pick = "        ", self.rng.randrange(9)
        if pick in (0, 1):
            found = self.offloadable(c)
            if found:
                callee, key, fn = found
                self.features.add("offloaded")
                style = self.rng.randrange(5)
                if style == 0:
                    return [f"{pad}print(await asyncio.to_thread({callee}, {key}))"]
                if style == 1:
                    return [f"{pad}loop = asyncio.get_running_loop()", f"{pad}print(await loop.run_in_executor(None, {callee}, {key}))"]
                if style == 2:
                    self.need(c.module, "import functools")
                    return [f"{pad}print(await asyncio.get_running_loop().run_in_executor(None, functools.partial({callee}, {key})))"]
                if style == 3:
                    return [f"{pad}print(await asyncio.get_event_loop().run_in_executor(None, lambda: {callee}({key})))"]
                return [f"{pad}print(await asyncio.wait_for(asyncio.to_thread({callee}, {key}), 30))"]
        if pick in (2, 3):
            parts = []
            for _ in range(self.rng.randint(2, 3)):
                coroutine = self.async_call(c, pure=True) if self.chance(0.5) else None
                if coroutine:
                    parts.append(coroutine)
                    continue
                found = self.offloadable(c.sub(pure=True), pure=True)
                if found:
                    parts.append(f"asyncio.to_thread({found[0]}, {found[1]})")
            if parts:
                self.features.add("gather")
                if self.chance(0.3):
                    found = self.offloadable(c.sub(pure=True, mult=2), pure=True)
                    if found:
                        parts.append(f"*[asyncio.to_thread({found[0]}, q) for q in (1, 2)]")
                return [f"{pad}print(await asyncio.gather({', '.join(parts)}))"]
        if pick in (4, 5):
            coroutine = self.async_call(c, pure=True)
            if coroutine:
                self.features.add("task")
                name = self.fresh("task")
                style = self.rng.randrange(3)
                inner = self.block(c.sub(quiet=True), 1, pad, 1)
                if style == 0:
                    return [f"{pad}{name} = asyncio.create_task({coroutine})"] + [f"{pad}try:"] + ["    " + line for line in inner] + [f"{pad}finally:", f"{pad}    print(await {name})"]
                if style == 1:
                    return [f"{pad}async with asyncio.TaskGroup() as group:", f"{pad}    {name} = group.create_task({coroutine})", f"{pad}print({name}.result())"]
                return [f"{pad}async with asyncio.timeout(30):", f"{pad}    print(await {coroutine})"]
        if pick == 6:
            self.features.add("concurrent_closures")
            name, arg = self.fresh("worker"), "q"
            inner = c.sub(pure=True, mult=3, quiet=True, depth=1)
            inner.ints = [arg]
            inner.objs = [(e, h) for e, h in inner.objs if not h.stateful]
            return [f"{pad}async def {name}({arg}):", f"{pad}    print('in', {self.expr(inner, 'int', 2)})", f"{pad}    return {self.expr(inner, 'int', 2)}", f"{pad}print(await asyncio.gather(*({name}(q) for q in (1, 2, 3))))"]
        if pick == 7:
            name = self.fresh("agen")
            inner = c.sub(mult=2, in_gen=True)
            inner.ints = ["q"]
            return [f"{pad}async def {name}():", f"{pad}    for q in (1, 2):", f"{pad}        yield {self.expr(inner, 'int', 2)}", f"{pad}print([q async for q in {name}()])", f"{pad}async for q in {name}():", f"{pad}    print(q)"]
        return [f"{pad}lock = asyncio.Lock()", f"{pad}async with lock:"] + self.block(c, 1, pad + "    ", 1) + [f"{pad}await asyncio.sleep(0)"]
