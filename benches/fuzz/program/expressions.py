"""Expressions of every kind, with calls in them."""
from __future__ import annotations


class Expressions:
    def expr(self, c, kind, depth):
        return getattr(self, f"expr_{kind}")(c, depth)

    def atom(self, c, kind, depth):
        text = self.value_call(c, kind, depth) if self.chance(0.65) else None
        if text:
            return text
        if kind == "int":
            return self.rng.choice(c.ints) if c.ints and self.chance(0.75) else self.literal()
        if kind == "str":
            return self.rng.choice(c.strs) if c.strs and self.chance(0.6) else f"str({self.key(c)})" if c.plain else repr(self.rng.choice(["x", "lorem", "{}"]))
        if kind == "list":
            return self.rng.choice(c.lists) if c.lists and self.chance(0.6) else f"[{self.key(c)}, {self.literal()}]"
        return self.rng.choice(["True", "False", f"{self.key(c)} > 3"])

    def expr_int(self, c, depth):
        if depth <= 0 or self.chance(0.35):
            return self.atom(c, "int", depth)
        e = lambda kind="int": self.expr(c, kind, depth - 1)
        pick = self.rng.randrange(24)
        if pick < 4:
            return f"{e()} {self.rng.choice(['+', '-', '*'])} {e()}" if pick < 3 else f"({e()} + {e()}) % 97"
        if pick == 4:
            return f"-{self.atom(c, 'int', depth - 1)}"
        if pick == 5:
            return f"{self.atom(c, 'int', depth - 1)} ** 2 % 11"
        if pick == 6:
            return f"len({e('list')})"
        if pick == 7:
            return f"max({e()}, {e()})"
        if pick == 8:
            return f"sum({e('list')})"
        if pick in (9, 10):
            return f"({e()} if {e('bool')} else {e()})"
        if pick == 11 and not c.plain and not getattr(c, "no_walrus", False):
            return f"({self.fresh()} := {e()})"
        if pick == 12:
            return f"[{e()}, {e()}][{self.literal()} % 2]"
        if pick == 13 and not c.plain:
            return f"{{'a': {e()}, 'b': {e()}}}['{self.rng.choice('ab')}']"
        if pick in (14, 15):
            inner = self.comp(c, "int", depth)
            return f"sum({inner})"
        if pick == 16:
            done = self.call(c, ["gen"], depth - 1)
            if done:
                return f"sum({done[0]})"
        if pick == 17:
            done = self.call(c, ["gen"], depth - 1)
            if done:
                return f"next({done[0]}, 0)" if self.use("next_default", 0.5) else f"len(list({done[0]}))"
        if pick == 18 and not c.plain and self.soft("lambda_now", 0.6):
            return f"(lambda z: z + {self.expr(c.sub(is_async=False), 'int', depth - 1)})({e()})"
        if pick == 19 and not c.plain and c.lists is not None and self.soft("sort_key", 0.4):
            done = self.call(c, ["int"], 0, lambda fn: not fn.needs and fn.style in ("method",) and not fn.is_async)
            if done and not done[0].startswith("await") and done[0].endswith(")") and "\n" not in done[0] and done[0].count("(") == 1:
                c.fn.cost += done[1].cost * 4
                callee = done[0][: done[0].index("(")]
                return self.rng.choice([f"max([1, 2, 3], key={callee})", f"sorted((2, 1), key=lambda q: {callee}(q))[0]", f"sum(map({callee}, (1, 2)))"])
        if pick == 20:
            return f"abs({e()} - {self.literal()})"
        if pick == 21:
            return f"int({e('bool')})"
        if pick == 22:
            return f"len({e('str')})"
        return f"{e()} + {self.atom(c, 'int', depth - 1)}"

    def expr_bool(self, c, depth):
        if depth <= 0 or self.chance(0.3):
            return self.atom(c, "bool", depth)
        e = lambda kind="int": self.expr(c, kind, depth - 1)
        pick = self.rng.randrange(12)
        if pick < 3:
            return f"{e()} {self.rng.choice(['<', '>', '<=', '==', '!='])} {e()}"
        if pick < 5:
            return f"{self.literal()} <= {e()} < {e()}"
        if pick < 7:
            return f"not {self.atom(c, 'bool', depth - 1)}"
        if pick == 7:
            return f"({e('bool')} and {e('bool')})"
        if pick == 8:
            return f"({e('bool')} or {e('bool')})"
        if pick == 9:
            return f"{e()} in {e('list')}"
        if pick == 10:
            if self.soft("any_genexp", 0.5):
                return f"{self.rng.choice(['any', 'all'])}({self.comp(c, 'bool', depth)})"
            return f"any([{self.comp(c, 'bool', depth, lazy=False)}])"
        return f"bool({e()})"

    def expr_str(self, c, depth):
        if depth <= 0 or self.chance(0.3):
            return self.atom(c, "str", depth)
        e = lambda kind="int": self.expr(c, kind, depth - 1)
        pick = self.rng.randrange(7)
        if c.plain or pick == 0:
            return f"str({e()})"
        if pick < 4:
            quote = self.rng.choice(["\"", "'"])
            inner = c.sub(plain=True)
            parts = "".join(f"{self.rng.choice(['', 'a', ' '])}{{{self.wrap_f(self.expr(inner, 'int', depth - 1))}{self.rng.choice(['', '!r', ':>4', '!s:<3'])}}}" for _ in range(self.rng.randint(1, 2)))
            if quote in parts or "\n" in parts or "\\" in parts:
                return f"str({e()})"
            return f"f{quote}{parts}{quote}"
        if pick == 4:
            return f"'%d/%d' % ({e()}, {e()})"
        if pick == 5:
            return f"'-'.join(str(s) for s in {self.expr(c.sub(no_walrus=True), 'list', depth - 1)})" if self.chance(0.5) else f"'-'.join({self.comp(c, 'str', depth)})"
        return f"({e('str')} + {e('str')})"

    @staticmethod
    def wrap_f(text):
        return f"({text})" if text.startswith("{") or "lambda" in text or ":" in text or "!" in text else text

    def expr_list(self, c, depth):
        if depth <= 0 or self.chance(0.25):
            return self.atom(c, "list", depth)
        e = lambda kind="int": self.expr(c, kind, depth - 1)
        pick = self.rng.randrange(10)
        if pick < 3:
            return f"[{self.comp(c, 'int', depth, lazy=False)}]"
        if pick == 3:
            return f"[{e()}, *{e('list')}]"
        if pick == 4:
            return f"sorted({self.comp(c, 'int', depth)})"
        if pick in (5, 6, 7):
            done = self.call(c, ["gen"], depth - 1)
            if done:
                form = self.rng.choice(["list({})", "sorted({})", "[y + 1 for y in {}]", "[*{}]", "list(tuple({}))"])
                if ":=" in done[0]:
                    form = "list({})"  # a walrus may not stand in a comprehension's iterable
                elif self.soft("gen_consumer", 0.2):
                    self.need(c.module, "import itertools")
                    form = self.rng.choice(["list(itertools.islice({}, 2))", "[a + b for a, b in enumerate({})]", "[a * b for a, b in zip({}, (1, 2, 3))]", "list(map(abs, {}))"])
                return form.format(done[0])
        if pick == 8 and not c.plain:
            return f"list({{q: {self.expr(c.sub(mult=c.mult * 2, ints=c.ints + ['q'], no_walrus=True), 'int', depth - 1)} for q in (1, 2)}}.values())"
        return f"[{e()}, {e()}]"

    def comp(self, c, kind, depth, lazy=True):
        """The inside of a comprehension (lazy: of a generator expression, which must not await) that yields `kind`."""
        outer = c
        c = c.sub(is_async=False) if lazy else c
        name = self.fresh("x")
        first = self.rng.randrange(4)
        size = 3
        if first == 0:
            source = f"range({self.key(c)} % 3)"
        elif first == 1:
            source = "(1, 2)"
        elif first == 2:
            source = self.expr(outer.sub(no_walrus=True), "list", depth - 2)
        else:
            done = self.call(outer.sub(no_walrus=True), ["gen"], 0)
            source = done[0] if done and ":=" not in done[0] else "(3, 1)"
        # An exception in a comprehension leaves an async generator to the loop, which closes it later: no promise.
        pure = c.pure or first == 3 and self.profile == "soft"
        inner = c.sub(mult=c.mult * size, no_walrus=True, pure=pure)
        inner.ints = inner.ints + [name]
        element = self.expr(inner, kind, depth - 1)
        clause = f"for {name} in {source}"
        if self.chance(0.25):
            clause += f" if {self.expr(inner, 'bool', depth - 2)}"
        elif self.chance(0.1):
            clause += f" for {name}b in range({name} % 2 + 1)"
        return f"{element} {clause}"
