"""Calls: of the blocking layer, and of what the program has defined so far."""
from __future__ import annotations

from .model import FN_COST  # noqa: F401


LAYER = {  # kind -> (template, raises)
    "int": [("{p}.count({k})", 0), ("{p}.count({k})", 0), ("{p}.get({k}, deep=True)", 0), ("{p}.get({k})", 0), ("{p}.save({k}, {k2})", 0),
            ("{p}.save({k}, *[{k2}, 1])", 0), ("{p}.row({k})['v']", 0), ("{p}.row({k})['w']", 0), ("{p}.save_many([{k}, {k2}])", 0),
            ("{p}.get(**{{'key': {k}}})", 0), ("{p}.risky({k})", 1)],
    "bool": [("{p}.is_admin({k})", 0)],
    "str": [("{p}.name({k})", 0), ("{p}.row({k})['name']", 0), ("{p}.name({k}).upper()", 0)],
    "list": [("{p}.keys({k})", 0), ("{p}.row({k})['keys']", 0)],
}


class Calls:
    def literal(self):
        return str(self.rng.randrange(0, 9))

    def key(self, c, depth=0):
        if depth > 0 and self.chance(0.2):
            return self.expr(c, "int", depth - 1)
        return self.rng.choice(c.ints) if c.ints and self.chance(0.7) else self.literal()

    def join_args(self, c, callee, args):
        args = [a for a in args if a]
        if not c.plain and args and self.chance(0.08):
            comment = "  # comment" if self.chance(0.5) else ""
            comma = "," if self.chance(0.6) else ""
            return f"{callee}(\n            {args[0]}" + "".join(f",\n            {a}" for a in args[1:]) + f"{comma}{comment}\n        )"
        return f"{callee}({', '.join(args)})"

    def layer_call(self, c, kind, depth):
        if not c.pers or c.fn.cost + c.mult > c.limit:
            return None
        template, raises = self.rng.choice(LAYER[kind])
        if raises and (c.pure or c.quiet):
            template, raises = "{p}.count({k})", 0
        if "'" in template and c.plain:
            template = {"int": "{p}.count({k})", "str": "{p}.name({k})", "list": "{p}.keys({k})"}[kind]
        c.fn.cost += c.mult
        c.fn.raises |= bool(raises)
        if kind == "int" and self.declare and self.chance(0.2):
            return self.ref(c.module, self.layer, "fetch_row") + f"({self.key(c, depth)})"
        if kind == "int" and not c.plain and self.soft("save_many_genexp", 0.06):
            pers = self.rng.choice(c.pers)
            c.fn.cost += c.mult * 2
            return f"{pers}.save_many({pers}.count(q) for q in (1, 2))"
        return template.format(p=self.rng.choice(c.pers), k=self.key(c, depth), k2=self.key(c, 0))

    def obj(self, c, hier, build=True):
        """An expression for an object of `hier`, or None."""
        found = [expr for expr, h in c.objs if h is hier and not (c.plain and "'" in expr)]
        if build and not c.plain and (hier.factories or hier.globals) and self.chance(0.25):
            made = self.made(c, hier)
            if made:
                return made
        if found and (not build or self.chance(0.9)):
            return self.rng.choice(found)
        return self.construct(c, hier) if build and not c.plain else None

    def construct(self, c, hier, depth=0):
        if c.fn.cost + c.mult * hier.init_cost > c.limit or (c.pure and (hier.init_raises or hier.stateful)) or depth > 3 or not hier.classes:
            return None
        args = []
        for position, (name, what) in enumerate(hier.ctor):
            if what == "persistence":
                value = self.rng.choice(c.pers) if c.pers and self.chance(0.6) else self.ref(c.module, self.layer, self.rng.choice(["Persistence", "get_persistence"])) + "()"
            else:
                found = [expr for expr, h in c.objs if h is what]
                value = self.rng.choice(found) if found and self.chance(0.8) else self.construct(c, what, depth + 1)
            if value is None:
                return None
            args.append(f"{name}={value}" if self.chance(0.4) or (args and "=" in args[-1].split("(")[0]) else value)
        c.fn.cost += c.mult * hier.init_cost
        c.fn.raises |= hier.init_raises
        return self.join_args(c, self.ref(c.module, hier.module, self.rng.choice(hier.classes)), args)

    def candidates(self, c, kinds):
        found = []
        for fn in self.fns:
            if fn.kind not in kinds or (fn.is_async and not c.is_async) or (c.pure and (fn.stateful or fn.raises)) or (c.quiet and fn.raises):
                continue
            if c.fn.cost + c.mult * fn.cost > c.limit or (c.stay and self.profile != "soft" and (fn.lazy or fn.kind in ("gen", "cm"))):
                continue
            if fn.owner is not None and fn.owner is c.self_hier and fn.index >= c.self_index:
                continue
            found.append(fn)
        return found

    def call(self, c, kinds, depth, wanted=None):
        """A call of some function of these kinds: (text, Fn), or None."""
        found = [fn for fn in self.candidates(c, kinds) if wanted is None or wanted(fn)]
        for _ in range(3):
            if not found:
                return None
            recent = found[-8:] if self.chance(0.6) else found
            fn = self.rng.choice(recent)
            text = self.call_text(c, fn, depth)
            if text is not None and c.pay(fn):
                return text, fn
        return None

    def callee(self, c, fn):
        """The callable without its arguments, or None."""
        if fn.owner is None:
            return self.ref(c.module, fn.module, fn.name)
        if fn.owner is c.self_hier and fn.style in ("method", "static", "class", "property") and self.chance(0.8):
            return f"self.{fn.name}"
        if fn.style in ("static", "class") and self.chance(0.5) and fn.owner.classes:
            return f"{self.ref(c.module, fn.owner.module, fn.owner.classes[0])}.{fn.name}"
        obj = self.obj(c, fn.owner)
        if obj is None:
            return None
        if fn.style in ("call", "dunder"):
            return obj
        if fn.style == "table":
            return f"{obj}.handlers[{chr(39)}go{chr(39)}]" if not c.plain else None
        return f"{obj}.{fn.name}"

    def call_text(self, c, fn, depth):
        callee = self.callee(c, fn)
        if callee is None:
            return None
        if fn.style == "property":
            return callee
        if fn.style == "dunder":
            form = {"__len__": "len({o})", "__bool__": "bool({o})", "__getitem__": "{o}[{k}]", "__contains__": "({k} in {o})"}[fn.name]
            return form.format(o=callee, k=self.key(c, depth))
        args = [self.key(c, depth)]
        if fn.either:
            value = self.obj(c, self.rng.choice(fn.either))
            if value is None:
                return None
            args.append(value)
        for name, what in fn.needs:
            value = (self.rng.choice(c.pers) if c.pers else self.ref(c.module, self.layer, "get_persistence") + "()") if what == "persistence" else self.obj(c, what)
            if value is None:
                return None
            args.append(value if self.chance(0.6) and "=" not in args[-1].split("(")[0] else f"{name}={value}")
        if fn.keyword and self.chance(0.5):
            args.append(f"extra={self.literal()}")
        elif len(args) == 1 and not c.plain and not fn.either and self.chance(0.06):
            args = self.rng.choice([[f"*({args[0]},)"], [f"**{{'k': {args[0]}}}"], [f"k={args[0]}"]]) if fn.style != "call" else args
        text = self.join_args(c, callee, args)
        if len(args) == 1 and not c.plain and not fn.is_async and self.soft("partial_call", 0.03):
            self.need(c.module, "import functools")
            text = f"functools.partial({callee}, {args[0]})()"
        return f"await {text}" if fn.is_async or fn.kind == "coro" else text

    def value_call(self, c, kind, depth):
        pick = self.rng.random()
        if pick < 0.4:
            text = self.layer_call(c, kind, depth)
            if text:
                return text
        kinds = [kind]
        if kind == "int" and c.is_async and self.chance(0.3):
            kinds = ["int", "coro"]
        done = self.call(c, kinds, depth)
        if done is None:
            return self.layer_call(c, kind, depth)
        text, fn = done
        return f"({text})" if text.startswith("await") else text
