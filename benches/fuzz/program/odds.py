"""The rarer statements: assignments to items and attributes, unpacking, walrus loops, exit stacks."""
from __future__ import annotations


class Odds:
    def odd_statement(self, c, indent, depth):
        picks = [self.item_target, self.unpacked, self.starred_print, self.walrus_loop, self.exit_stack, self.exit_stack, self.zipped, self.chained, self.returned_finally]
        return self.rng.choice(picks)(c, indent, depth) or self.assign(c, indent, "int", 2)

    def item_target(self, c, indent, depth):
        name = self.fresh("box")
        target = self.rng.choice([f"{name}[({self.expr(c, 'int', 1)}) % 2]", f"{name}[0]", f"{name}[:1]"])
        if target.endswith("[:1]"):
            return [f"{indent}{name} = [1, 2]", f"{indent}{target} = {self.expr(c, 'list', 2)}", f"{indent}print({name})"]
        operator = self.rng.choice(["=", "+=", "-=", "="])
        return [f"{indent}{name} = [1, 2]", f"{indent}{target} {operator} {self.expr(c, 'int', 2)}", f"{indent}print({name})"]

    def unpacked(self, c, indent, depth):
        first, rest = self.fresh(), self.fresh()
        value = self.expr(c, "list", 2)
        c.ints.append(first)
        c.lists.append(rest)
        return [f"{indent}{first}, *{rest} = {value} or [0]"]

    def starred_print(self, c, indent, depth):
        return [f"{indent}print(*{self.wrap_or(self.expr(c, 'list', 2))}, {self.expr(c, 'str', 1)}, sep={self.rng.choice([repr('/'), repr('-')])})"]

    @staticmethod
    def wrap_or(text):
        return f"({text})" if " " in text and not text.startswith(("[", "(")) else text

    def walrus_loop(self, c, indent, depth):
        if getattr(c, "no_walrus", False):
            return None
        count, found, inner = self.fresh("n"), self.fresh("found"), c.sub(mult=c.mult * 2)
        body = self.block(inner.sub(ints=inner.ints + [found]), 1, indent + "    ", depth - 1)
        return [f"{indent}{count} = 0", f"{indent}while {count} < 2 and ({found} := {self.expr(inner, 'int', 1)}) != 50:", f"{indent}    {count} += 1"] + body

    def exit_stack(self, c, indent, depth):
        done = self.call(c, ["cm"], 1)
        if not done or not self.use("exit_stack", 0.7):
            return None
        self.need(c.module, "import contextlib")
        stack, name, pad = self.fresh("stack"), self.fresh(), indent + "    "
        lines = [f"{indent}with contextlib.ExitStack() as {stack}:", f"{pad}{name} = {stack}.enter_context({done[0]})"]
        if self.chance(0.4):
            lines.append(f"{pad}{stack}.callback(print, 'callback', {name})")
        more = self.call(c, ["cm"], 1) if self.chance(0.3) else None
        if more:
            lines.append(f"{pad}{stack}.enter_context({more[0]})")
        return lines + self.block(c.sub(ints=c.ints + [name]), 1, pad, depth - 1)

    def zipped(self, c, indent, depth):
        one, two = self.fresh(), self.fresh()
        inner = c.sub(mult=c.mult * 3, ints=c.ints + [one, two])
        head = self.rng.choice([f"for {one}, {two} in zip({self.expr(c, 'list', 1)}, {self.expr(c, 'list', 1)}):", f"for {one}, {two} in enumerate({self.expr(c, 'list', 1)}):"])
        return [f"{indent}{head}"] + self.block(inner, 1, indent + "    ", depth - 1)

    def chained(self, c, indent, depth):
        """Something done to the result of a call at once."""
        picks = []
        for kind, forms in (("list", ["({} or [4])[0]", "{}[-1:]", "len({}) + 1", "{}.count(1)"]), ("str", ["{}.upper()", "({} or 'e')[0]", "{}.split('n')"]), ("int", ["{}.bit_length()", "{} ** 2 % 7", "-{} % 5", "{}.real"]), ("bool", ["{} is True", "not {}"])):
            text = self.value_call(c, kind, 1)
            if text and "\n" not in text:
                picks.append(self.rng.choice(forms).format(text))
        return [f"{indent}print({', '.join(picks)})"] if picks else None

    def returned_finally(self, c, indent, depth):
        if c.in_gen or c.fn.kind not in ("int", "bool", "str", "list") or depth >= 2:
            return None
        return [f"{indent}try:", f"{indent}    return {self.expr(c, c.fn.kind, 2)}", f"{indent}finally:", f"{indent}    print('on the way', {self.expr(c.sub(quiet=True), 'int', 1)})"]
