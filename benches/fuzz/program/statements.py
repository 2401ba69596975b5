"""Statements, with expressions in them."""
from __future__ import annotations

from .model import HINT, KINDS


class Statements:
    def block(self, c, count, indent, depth=2):
        lines = []
        for _ in range(count):
            lines += self.statement(c, indent, depth)
        return lines

    def assign(self, c, indent, kind, depth):
        name = self.fresh()
        text = self.expr(c, kind, depth)
        hint = f": {HINT[kind]}" if self.chance(0.1) else ""
        {"int": c.ints, "str": c.strs, "list": c.lists}.get(kind, []).append(name)
        return [f"{indent}{name}{hint} = {text}"]

    def statement(self, c, indent, depth):
        pad = indent + "    "
        pick = self.rng.randrange(45)
        if depth <= 0:
            pick = pick % 12
        if pick < 7:
            return self.assign(c, indent, self.rng.choice(["int", "int", "int", "list", "str"]), 2)
        if pick < 9:
            return [f"{indent}print({self.fresh('')}, {self.expr(c, self.rng.choice(KINDS), 2)})"]
        if pick == 9 and c.ints:
            name = self.fresh()
            lines = [f"{indent}{name} = {self.rng.choice(c.ints)}"]
            lines.append(f"{indent}{name} {self.rng.choice(['+=', '-=', '*='])} {self.expr(c, 'int', 2)}")
            c.ints.append(name)
            return lines
        if pick == 10:
            a, b = self.fresh(), self.fresh()
            line = f"{indent}{a}, {b} = {self.expr(c, 'int', 2)}, {self.expr(c, 'int', 1)}"
            c.ints += [a, b]
            return [line]
        if pick == 11:
            text = self.value_call(c, self.rng.choice(KINDS), 1)
            return [f"{indent}{text}" + ("; pass" if self.chance(0.1) and "\n" not in text else "")] if text else [f"{indent}pass"]
        if pick in (12, 13, 14):
            lines = [f"{indent}if {self.expr(c, 'bool', 2)}:"] + self.block(c.sub(), self.rng.randint(1, 2), pad, depth - 1)
            if self.chance(0.3):
                lines += [f"{indent}elif {self.expr(c, 'bool', 2)}:"] + self.block(c.sub(), 1, pad, depth - 1)
            if self.chance(0.5):
                lines += [f"{indent}else:"] + self.block(c.sub(), 1, pad, depth - 1)
            return lines
        if pick in (15, 16):
            name, inner = self.fresh(), c.sub(mult=c.mult * 3)
            source = self.rng.choice([f"range({self.key(c)} % 3)", self.expr(c, "list", 1), self.expr(c, "list", 2)])
            inner.ints.append(name)
            lines = [f"{indent}for {name} in {source}:"] + self.block(inner, self.rng.randint(1, 2), pad, depth - 1)
            if self.chance(0.2):
                lines += [f"{pad}if {self.expr(inner, 'bool', 1)}:", f"{pad}    {self.rng.choice(['break', 'continue'])}"]
                if self.chance(0.5):
                    lines += [f"{indent}else:"] + self.block(c.sub(), 1, pad, depth - 1)
            return lines
        if pick in (17, 18, 19):
            done = self.call(c, ["gen"], 1)
            if not done:
                return self.assign(c, indent, "int", 2)
            name, inner = self.fresh(), c.sub(mult=c.mult * 3)
            inner.ints.append(name)
            lines = [f"{indent}for {name} in {done[0]}:"] + self.block(inner, self.rng.randint(1, 2), pad, depth - 1)
            if self.use("gen_break", 0.3):
                lines += [f"{pad}if {name} % 2:", f"{pad}    {self.rng.choice(['break', 'break', 'continue'])}"]
            return lines
        if pick == 20:
            name, inner = self.fresh("i"), c.sub(mult=c.mult * 3)
            condition = self.expr(inner, "bool", 2)
            return [f"{indent}{name} = 0", f"{indent}while {name} < 2 and {condition}:", f"{pad}{name} += 1"] + self.block(inner, 1, pad, depth - 1)
        if pick in (21, 22, 23):
            return self.try_statement(c, indent, depth)
        if pick in (24, 25, 26):
            return self.with_statement(c, indent, depth)
        if pick in (27, 28, 29):
            return self.closure(c, indent, depth)
        if pick == 30:
            name = self.fresh()
            lines = [f"{indent}match {self.expr(c, 'int', 2)} % 3:", f"{pad}case 0:"] + self.block(c.sub(), 1, pad + "    ", depth - 1)
            return lines + [f"{pad}case {name} if {self.expr(c.sub(ints=c.ints + [name]), 'bool', 1)}:"] + self.block(c.sub(), 1, pad + "    ", depth - 1) + [f"{pad}case _:", f"{pad}    pass"]
        if pick == 31:
            return [f"{indent}assert {self.expr(c, 'int', 1)} != 'never', {self.expr(c.sub(pure=True), 'str', 1)}"]
        if pick in (32, 33) and self.hiers:
            hier = self.rng.choice(self.hiers)
            if hier is c.self_hier:
                return self.assign(c, indent, "int", 2)
            text = self.construct(c, hier)
            if text is None:
                return self.assign(c, indent, "bool", 2)
            name = self.fresh("obj")
            c.objs.append((name, hier))
            return [f"{indent}{name} = {text}"]
        if pick == 34 and self.hiers:
            return self.polymorphic_loop(c, indent, depth)
        if pick == 35 and not c.pure and not c.quiet:
            self.need(c.module, "import errors")
            c.fn.raises = True
            return [f"{indent}if {self.expr(c, 'int', 1)} % 5 == 0:", f"{pad}raise errors.Oops(f\"{{{self.wrap_f(self.expr(c.sub(plain=True), 'int', 1))}}}\")"]
        if pick == 36 and not c.is_async:
            return self.thread_statement(c, indent)
        if pick == 37:
            return self.soft_statement(c, indent, depth)
        if pick == 38 and not c.in_gen and c.fn.kind in HINT and depth < 2:
            return [f"{indent}return {self.expr(c, c.fn.kind, 2)}"]
        if pick >= 40:
            return self.odd_statement(c, indent, depth)
        if pick == 39:
            name = self.fresh("d")
            return [f"{indent}{name} = {{}}", f"{indent}{name}[{self.expr(c, 'int', 1)}] = {self.expr(c, 'int', 1)}", f"{indent}print(sorted({name}.items()))"]
        return self.assign(c, indent, self.rng.choice(["int", "str"]), 2)

    def try_statement(self, c, indent, depth):
        pad = indent + "    "
        self.need(c.module, "import errors")
        self.need(c.module, "import layer")
        inner = c.sub(quiet=False)
        was = c.fn.raises
        lines = [f"{indent}try:"] + self.block(inner, self.rng.randint(1, 2), pad, depth - 1)
        broad = self.chance(0.7)
        caught = "(errors.Oops, layer.LayerError)" if broad else self.rng.choice(["errors.Oops", "layer.LayerError"])
        if broad and not was:
            c.fn.raises = was
        name = self.fresh("e")
        lines += [f"{indent}except {caught} as {name}:", f"{pad}print('caught', {name}, {self.expr(c.sub(quiet=True), 'int', 1)})"]
        if not broad and not c.pure:
            c.fn.raises = True
        if not c.pure and not c.quiet and self.chance(0.15):
            self.need(c.module, "import errors")
            lines.append(f"{pad}raise errors.Oops('again') from {name}")
            c.fn.raises = True
        if self.chance(0.3):
            lines += [f"{indent}else:"] + self.block(c.sub(), 1, pad, depth - 1)
        if self.chance(0.4):
            lines += [f"{indent}finally:", f"{pad}print('finally', {self.expr(c.sub(quiet=True), 'int', 1)})"]
        return lines

    def with_statement(self, c, indent, depth):
        pad = indent + "    "
        if self.chance(0.2):
            self.need(c.module, "import contextlib")
            self.need(c.module, "import errors")
            return [f"{indent}with contextlib.suppress(errors.Oops):"] + self.block(c.sub(), 1, pad, depth - 1)
        items, inner = [], c.sub()
        for _ in range(self.rng.choice([1, 1, 2])):
            done = self.call(c, ["cm"], 1)
            if done:
                name = self.fresh()
                items.append(f"{done[0]} as {name}")
                inner.ints.append(name)
        if not items:
            return self.assign(c, indent, "int", 2)
        return [f"{indent}with {', '.join(items)}:"] + self.block(inner, self.rng.randint(1, 2), pad, depth - 1)

    def closure(self, c, indent, depth):
        pad, name, arg = indent + "    ", self.fresh("inner"), self.fresh("a")
        inner = c.sub(mult=c.mult * 2, depth=c.depth + 1, in_gen=False, is_async=c.is_async and self.chance(0.3), limit=min(c.limit, c.fn.cost + 12))
        inner.ints = inner.ints + [arg]
        is_async = inner.is_async
        kept = c.fn.kind
        c.fn.kind = "int"
        body = self.block(inner, self.rng.randint(0, 1), pad, min(depth - 1, 1))
        head = f"{indent}{'async ' if is_async else ''}def {name}({arg}):"
        if c.ints and self.chance(0.2) and not any("." in v for v in c.ints) and c.depth == 0:
            shared = self.fresh()
            lines = [f"{indent}{shared} = 0", head, f"{pad}nonlocal {shared}"] + body + [f"{pad}{shared} += {self.expr(inner, 'int', 2)}", f"{pad}return {shared}"]
        else:
            lines = [head] + body + [f"{pad}return {self.expr(inner, 'int', 2)}"]
        c.fn.kind = kept
        result = self.fresh()
        prefix = "await " if is_async else ""
        lines.append(f"{indent}{result} = {prefix}{name}({self.key(c)}) + {prefix}{name}({self.literal()})")
        c.ints.append(result)
        return lines

    def polymorphic_loop(self, c, indent, depth):
        """One site, several classes of a hierarchy."""
        hier = self.rng.choice(self.hiers)
        if hier is c.self_hier or not hier.classes:
            return self.assign(c, indent, "int", 2)
        items = [self.construct(c, hier) for _ in range(2)]
        methods = [fn for fn in hier.methods if fn.kind in HINT and fn.style == "method" and not fn.needs and not fn.is_async]
        if None in items or not methods:
            return self.assign(c, indent, "int", 2)
        fn = self.rng.choice(methods)
        inner = c.sub(mult=c.mult * 2)
        if not inner.pay(fn):
            return self.assign(c, indent, "str", 2)
        name = self.fresh("each")
        hint = ""
        listed = self.fresh("group")
        if self.annotated():
            hint = f": list[{self.ref(c.module, hier.module, hier.base)}]"
        return [f"{indent}{listed}{hint} = [{', '.join(items)}]", f"{indent}for {name} in {listed}:", f"{indent}    print({name}.{fn.name}({self.key(c)}))"]

    def thread_statement(self, c, indent):
        fns = [fn for fn in self.candidates(c.sub(stay=True), ["int", "bool", "str", "list"]) if not fn.needs and not fn.is_async and not fn.raises and fn.style == "method"]
        if not fns or not self.use("thread", 0.35) or c.mult > 1:
            return self.assign(c, indent, "int", 2)
        fn = self.rng.choice(fns)
        callee = self.callee(c, fn)
        if callee is None or not c.pay(fn):
            return self.assign(c, indent, "int", 2)
        if self.chance(0.6):
            self.need(c.module, "import threading")
            name = self.fresh("thread")
            return [f"{indent}{name} = threading.Thread(target={callee}, args=({self.key(c)},))", f"{indent}{name}.start()", f"{indent}{name}.join()"]
        self.need(c.module, "from concurrent.futures import ThreadPoolExecutor")
        return [f"{indent}with ThreadPoolExecutor(1) as pool:", f"{indent}    print(pool.submit({callee}, {self.key(c)}).result())"]

    def soft_statement(self, c, indent, depth):
        """Constructs after which a blocking call may stay on the loop by design."""
        if self.profile != "soft" or c.mult > 3:
            return self.assign(c, indent, "int", 2)
        found = self.offloadable(c, kinds=["int"])
        if not found or "\n" in found[0] or not c.pay(found[2]) or not c.pay(found[2]):
            return self.assign(c, indent, "int", 2)
        callee, key, _ = found
        name = self.fresh()
        pick = self.rng.choice(["table", "lambda", "hof", "partial", "getattr", "callable_list", "named"])
        self.features.add(pick)
        c.ints.append(name)
        if pick == "table":
            return [f"{indent}table{name} = {{'x': {callee}, 'y': abs}}", f"{indent}{name} = table{name}['x']({key}) + table{name}.get('y', abs)(-1)"]
        if pick == "lambda":
            return [f"{indent}call{name} = lambda q: {callee}(q) + 1", f"{indent}{name} = call{name}({key})"]
        if pick == "hof":
            self.need(c.module, "import helpers")
            return [f"{indent}{name} = helpers.{self.rng.choice(['apply_once', 'apply_twice', 'dispatch'])}({callee}, {key})"]
        if pick == "partial":
            self.need(c.module, "import functools")
            return [f"{indent}bound{name} = functools.partial({callee}, {key})", f"{indent}{name} = bound{name}()"]
        if pick == "getattr" and "." in callee:
            obj, method = callee.rsplit(".", 1)
            return [f"{indent}{name} = getattr({obj}, '{method}')({key})"]
        if pick == "callable_list":
            return [f"{indent}{name} = 0", f"{indent}for call{name} in ({callee}, abs):", f"{indent}    {name} += call{name}({key})"]
        return [f"{indent}alias{name} = {callee}", f"{indent}{name} = alias{name}({key})"]
