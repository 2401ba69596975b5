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
from dataclasses import dataclass, field

METHODS = ["load", "find", "total", "check", "refresh", "act", "pick", "name_of", "is_admin", "move", "get", "update"]
NOUNS = ["Store", "Service", "Npc", "Cache", "Room", "Player", "Tracker", "Guild", "Combat", "Chat"]
VERBS = ["load", "resolve", "compute", "gather_up", "score", "visit", "apply", "walk", "render", "settle"]
FN_COST, MAIN_COST = 24, 260
KINDS = ["int", "int", "int", "bool", "str", "list"]
HINT = {"int": "int", "bool": "bool", "str": "str", "list": "list[int]"}


@dataclass
class Fn:
    """Something that can be called: a function, or one method of a hierarchy (all its overrides)."""
    name: str
    kind: str  # int bool str list: a value; gen cm: a generator, a context manager; coro: a sync function that returns a coroutine
    module: "Module"
    owner: "Hier | None" = None
    needs: list = field(default_factory=list)  # (parameter, Hier or "persistence") after the key
    is_async: bool = False
    style: str = "method"  # method static class call property dunder table
    cost: int = 0
    stateful: bool = False
    raises: bool = False
    lazy: bool = False  # it consumes, somewhere below, a generator or a context manager: those can convert but never be offloaded
    index: int = 0
    stays: bool = False  # a boundary on purpose: a lock, a decorator
    factor: int = 1  # calls of the body that one call makes
    keyword: bool = False  # takes `extra` by keyword


@dataclass
class Hier:
    """A base and its subclasses (or a protocol and what fits it). Methods belong to all of them."""
    module: "Module"
    classes: list = field(default_factory=list)  # concrete class names
    base: str = ""
    ctor: list = field(default_factory=list)  # (parameter, Hier or "persistence")
    methods: list = field(default_factory=list)
    init_cost: int = 0
    init_raises: bool = False
    stateful: bool = False


class Module:
    def __init__(self, name, package=""):
        self.name, self.package = name, package
        self.dotted = f"{package}.{name}" if package else name
        self.path = self.dotted.replace(".", "/") + ".py"
        self.imports, self.typing_imports, self.chunks = [], [], []
        self.bound = {}  # (module, name) -> text
        self.taken = set()
        self.future = False

    def text(self):
        lines = []
        if self.future:
            lines.append("from __future__ import annotations")
        lines += self.imports
        if self.typing_imports:
            lines += ["from typing import TYPE_CHECKING", "", "if TYPE_CHECKING:"] + [f"    {line}" for line in self.typing_imports]
        body = "\n\n\n".join("\n".join(chunk) for chunk in self.chunks)
        return "\n".join(lines) + "\n\n\n" + body + "\n"


class Ctx:
    """What a piece of code can see, and the function that pays for its calls."""

    def __init__(self, fn, module, **options):
        self.fn, self.module = fn, module
        self.ints, self.strs, self.lists, self.objs, self.pers = [], [], [], [], []
        self.is_async = self.plain = self.in_gen = self.pure = self.quiet = False
        self.stay = False  # the function stays sync, and with it all that it calls
        self.self_hier, self.self_index = None, 0
        self.mult, self.limit, self.depth = 1, FN_COST, 0
        self.__dict__.update(options)

    def sub(self, **options):
        new = Ctx.__new__(Ctx)
        new.__dict__.update(self.__dict__)
        for name in ("ints", "strs", "lists", "objs", "pers"):
            setattr(new, name, list(getattr(self, name)))
        new.__dict__.update(options)
        return new

    def pay(self, fn):
        """Book a call to `fn`; False when it does not fit."""
        cost = self.mult * fn.cost
        if self.fn.cost + cost > self.limit or (self.pure and (fn.stateful or fn.raises)):
            return False
        self.fn.cost += cost
        self.fn.stateful |= fn.stateful
        self.fn.raises |= fn.raises
        self.fn.lazy |= fn.lazy or fn.kind in ("gen", "cm")
        return True


LAYER = {  # kind -> (template, raises)
    "int": [("{p}.count({k})", 0), ("{p}.count({k})", 0), ("{p}.get({k}, deep=True)", 0), ("{p}.get({k})", 0), ("{p}.save({k}, {k2})", 0),
            ("{p}.save({k}, *[{k2}, 1])", 0), ("{p}.row({k})['v']", 0), ("{p}.row({k})['w']", 0), ("{p}.save_many([{k}, {k2}])", 0),
            ("{p}.get(**{{'key': {k}}})", 0), ("{p}.risky({k})", 1)],
    "bool": [("{p}.is_admin({k})", 0)],
    "str": [("{p}.name({k})", 0), ("{p}.row({k})['name']", 0), ("{p}.name({k}).upper()", 0)],
    "list": [("{p}.keys({k})", 0), ("{p}.row({k})['keys']", 0)],
}


class Program:
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

    # ---------------------------------------------------------------- helpers
    def chance(self, p):
        return self.rng.random() < p

    def soft(self, name, p):
        """True with probability p, in soft programs only."""
        if self.profile == "soft" and self.chance(p):
            self.features.add(name)
            return True
        return False

    def use(self, name, p):
        if self.chance(p):
            self.features.add(name)
            return True
        return False

    def fresh(self, stem="v"):
        self.count += 1
        return f"{stem}{self.count}"

    def ref(self, module, target, name, hint=False):
        """The text that names `name` of `target` inside `module`; imports it."""
        if target is module:
            return name
        key = target.dotted, name
        if key in module.bound:
            return module.bound[key]
        style = self.rng.choice(["from", "from", "from", "alias", "module", "module_as"])
        relative = target.package and target.package == module.package and self.chance(0.5)
        where = f".{target.name}" if relative else target.dotted
        if name in module.taken and style == "from":
            style = "alias"
        if style == "from":
            line, text = f"from {where} import {name}", name
        elif style == "alias":
            text = self.fresh(name if name[0].isupper() else name + "_")
            line = f"from {where} import {name} as {text}"
        elif style == "module":
            line, text = f"import {target.dotted}", f"{target.dotted}.{name}"
        else:
            alias = self.fresh("mod_")
            line, text = f"import {target.dotted} as {alias}", f"{alias}.{name}"
        if hint and module.future and self.chance(0.5):  # an annotation that is never evaluated
            line = f"from {target.dotted} import {name}"
            if name in module.taken:
                return f"'{name}'"
            if line not in module.typing_imports:
                module.typing_imports.append(line)
            return name
        module.taken.add(text.split(".")[0])
        module.bound[key] = text
        if line not in module.imports:
            module.imports.append(line)
        return text

    def need(self, module, line):
        if line not in module.imports:
            module.imports.append(line)

    def annotated(self):
        return {"hard": True, "flow": False, "soft": self.chance(0.5)}[self.profile]

    def hint(self, module, what):
        """`: Class` for a parameter, or nothing."""
        if not self.annotated():
            if self.chance(0.1):
                self.need(module, "from typing import Any")
                return ": Any"
            return ""
        if what == "persistence":
            return ": " + self.ref(module, self.layer, "Persistence", hint=True)
        if isinstance(what, str):
            return ": " + what
        text = self.ref(module, what.module, what.base, hint=True)
        if self.chance(0.1) and "'" not in text:
            return f": '{text}'"
        return ": " + text

    def arrow(self, kind):
        return f" -> {HINT[kind]}" if kind in HINT and self.annotated() else ""

    # ---------------------------------------------------------------- expressions
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
        found = [expr for expr, h in c.objs if h is hier]
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
        for name, what in fn.needs:
            value = (self.rng.choice(c.pers) if c.pers else self.ref(c.module, self.layer, "get_persistence") + "()") if what == "persistence" else self.obj(c, what)
            if value is None:
                return None
            args.append(value if self.chance(0.6) and "=" not in args[-1].split("(")[0] else f"{name}={value}")
        if fn.keyword and self.chance(0.5):
            args.append(f"extra={self.literal()}")
        elif len(args) == 1 and not c.plain and self.chance(0.06):
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
        inner = c.sub(mult=c.mult * size, no_walrus=True)
        inner.ints = inner.ints + [name]
        element = self.expr(inner, kind, depth - 1)
        clause = f"for {name} in {source}"
        if self.chance(0.25):
            clause += f" if {self.expr(inner, 'bool', depth - 2)}"
        elif self.chance(0.1):
            clause += f" for {name}b in range({name} % 2 + 1)"
        return f"{element} {clause}"

    # ---------------------------------------------------------------- statements
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
        pick = self.rng.randrange(40)
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

    # ---------------------------------------------------------------- definitions
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

    def hierarchy(self, module):
        noun = self.fresh(self.rng.choice(NOUNS))
        hier = Hier(module, base=noun)
        shape = self.rng.choices(["single", "base", "abc", "protocol", "mixin"], [4, 3, 2, 2, 1])[0]
        self.features.add(f"class_{shape}")
        names = {"single": [noun], "base": [noun, f"Special{noun}", f"Other{noun}"][: self.rng.randint(2, 3)]}.get(shape, [noun, f"First{noun}", f"Second{noun}"])
        hier.classes = names[1:] if shape in ("abc", "protocol", "mixin") else list(names)
        pers_name = self.rng.choice(["persistence", "persistence", "persistence", "player_persistence"])
        hier.ctor.append((pers_name, "persistence"))
        c_objs = []
        for other in self.rng.sample(self.hiers, min(len(self.hiers), self.rng.choice([0, 1, 1, 2]))):
            name = self.rng.choice([other.base.lower(), "store_" + other.base.lower()])
            hier.ctor.append((name, other))
            c_objs.append((f"self.{name}", other))
        lines = {name: [] for name in names}
        stateful = self.chance(0.25)
        locked = self.chance(0.3)
        inits = self.init_lines(hier, module, names, shape, stateful, locked, c_objs)
        taken = set()
        for index in range(self.rng.randint(1, 4)):
            free = [m for m in METHODS if m not in taken and m not in hier.attributes]
            name = self.rng.choice(free)
            style = self.rng.choices(["method", "static", "class", "call"], [12, 1, 1, 1])[0]
            if style == "call":
                name = "__call__"
            if name in taken:
                continue
            taken.add(name)
            kind = self.pick_kind() if style == "method" else self.rng.choice(KINDS)
            fn = Fn(name, kind, module, owner=hier, style=style, index=index)
            if style == "method" and self.soft("property", 0.12) and kind in HINT:
                fn.style = "property"
            if style == "method" and not self.sync_only and kind in HINT and fn.style == "method" and self.chance(0.12):
                fn.is_async = True
            self.method(hier, fn, shape, names, lines, pers_name, c_objs, stateful, locked)
            hier.methods.append(fn)
            self.fns.append(fn)
        if self.soft("dunder", 0.15) and shape in ("single", "base"):
            name = self.rng.choice(["__len__", "__bool__", "__getitem__", "__contains__"])
            fn = Fn(name, "bool" if name in ("__bool__", "__contains__") else "int", module, owner=hier, style="dunder", index=9)
            c = Ctx(fn, module, self_hier=hier, self_index=9, pers=[f"self.{pers_name}"], ints=["3"], objs=[("self", hier)], limit=8, quiet=True)
            value = self.expr(c, fn.kind, 2)
            value = {"__len__": f"abs({value}) % 1000", "__bool__": f"bool({value})"}.get(name, value)
            lines[names[0]] += [f"    def {name}(self{', k' if name in ('__getitem__', '__contains__') else ''}):", f"        return {value}", ""]
            self.fns.append(fn)
        plain = [fn for fn in hier.methods if fn.kind == "int" and fn.style == "method" and not fn.is_async and not fn.needs]
        if plain and shape in ("single", "base") and not getattr(hier, "dataclass", False) and self.soft("handlers", 0.3):
            chosen = self.rng.choice(plain)
            inits[names[0]].insert(-1, f"        self.handlers = {{'go': self.{chosen.name}, 'abs': abs}}")
            table = Fn("handlers", "int", module, owner=hier, style="table", index=10, cost=chosen.cost, stateful=chosen.stateful, raises=chosen.raises)
            self.fns.append(table)
        self.hiers.append(hier)
        for position, name in enumerate(names):
            head = self.class_head(module, shape, position, name, names)
            body = inits.get(name, []) + lines[name]
            while body and not body[-1]:
                body.pop()
            module.chunks.append(head + (body or ["    pass"]))

    def class_head(self, module, shape, position, name, names):
        if position == 0:
            if shape == "abc":
                self.need(module, "import abc")
                return [f"class {name}(abc.ABC):"]
            if shape == "protocol":
                self.need(module, "from typing import Protocol")
                return [f"class {name}(Protocol):"]
            if shape == "single" and getattr(self.hiers[-1], "dataclass", False):
                return ["@dataclasses.dataclass", f"class {name}:"]
            if shape in ("single", "base") and self.use("generic", 0.08):
                self.need(module, "from typing import Generic, TypeVar")
                if ["T = TypeVar('T')"] not in module.chunks:
                    module.chunks.insert(0, ["T = TypeVar('T')"])
                return [f"class {name}(Generic[T]):"]
            return [f"class {name}:"]
        if shape == "protocol":
            return [f"class {name}:"]
        if shape == "mixin" and position == 2:
            return [f"class {name}({names[1]}):"]
        if shape == "base" and position == 2 and self.chance(0.5):
            return [f"class {name}({names[1]}):"]
        return [f"class {name}({names[0]}):"]

    def init_lines(self, hier, module, names, shape, stateful, locked, c_objs):
        pers_name = hier.ctor[0][0]
        hier.attributes = []
        parameters = ", ".join(name + self.hint(module, what) for name, what in hier.ctor)
        body = [f"        self.{name} = {name}" for name, _ in hier.ctor]
        if stateful:
            body.append("        self.n = 0")
        if locked:
            self.need(module, "import threading")
            body.append("        self._lock = threading.RLock()")
        if self.chance(0.3):  # data with the name of somebody's method
            attribute = self.rng.choice(METHODS)
            hier.attributes.append(attribute)
            body.append(f"        self.{attribute} = {self.literal()}")
        if self.use("blocking_init", 0.15):
            fn = Fn("__init__", "int", module)
            c = Ctx(fn, module, pers=[pers_name], limit=6, quiet=True, stay=True)
            c.objs = [(name[5:], what) for name, what in c_objs]
            body.append(f"        self.first = {self.expr(c, 'int', 1)}")
            hier.init_cost, hier.init_raises, hier.stateful = fn.cost, fn.raises, fn.stateful
        if shape == "single" and not hier.init_cost and self.use("dataclass", 0.2):
            self.need(module, "import dataclasses")
            fields = [f"    {name}{self.hint(module, what) or ': object'}" for name, what in hier.ctor] + ["    n: int = 0"] * stateful
            if locked:
                fields.append("    _lock: object = dataclasses.field(default_factory=threading.RLock)")
            hier.attributes, hier.dataclass = [], True
            return {names[0]: fields + [""]}
        if c_objs and self.use("optional", 0.15):
            name, what = c_objs[0][0][5:], c_objs[0][1]
            c = Ctx(Fn("__init__", "int", module), module, pers=[pers_name], limit=0)
            c.objs = [(other[5:], h) for other, h in c_objs[1:]]
            default = self.construct(c, what)
            if default and "\n" not in default:
                text = self.hint(module, what)
                optional = f"{text} | None" if text and module.future else text
                parameters = parameters.replace(f"{name}{text}", f"{name}{optional}")
                body = [f"        self.{name} = {name} or {default}" if line == f"        self.{name} = {name}" else line for line in body]
        init = [f"    def __init__(self, {parameters}){' -> None' if self.annotated() else ''}:"] + body + [""]
        if shape == "protocol":
            return {names[1]: init, names[2]: init}
        if shape == "base" and self.chance(0.3):
            arguments = ", ".join(name for name, _ in hier.ctor)
            return {names[0]: init, names[1]: [f"    def __init__(self, {parameters}):", f"        super().__init__({arguments})", "        self.rank = 2", ""]}
        return {names[0]: init}

    def method(self, hier, fn, shape, names, lines, pers_name, c_objs, stateful, locked):
        module = hier.module
        worst = Fn(fn.name, fn.kind, module)
        defined = [name for position, name in enumerate(names) if self.defines(shape, position)]
        decorators = self.decorators(module, fn, True) if fn.style == "method" and not fn.is_async else []
        if locked and fn.style == "method" and not fn.is_async and fn.kind in HINT and self.use("lock", 0.35):
            fn.stays = True
        else:
            locked = False
        for name in names:
            first = {"static": None, "class": "cls"}.get(fn.style, "self")
            arrow = self.generator_hint(module) if fn.kind in ("gen", "cm") else self.arrow(fn.kind)
            signature = self.signature(fn, module, first) if fn.style != "property" else "self"
            head = f"    {'async ' if fn.is_async else ''}def {fn.name}({signature}){arrow}:"
            marks = {"static": ["    @staticmethod"], "class": ["    @classmethod"], "property": ["    @property"]}.get(fn.style, [])
            if fn.kind == "cm":
                marks = marks + ["    @" + self.contextmanager(module)]
            if shape in ("abc", "protocol") and name == names[0]:
                abstract = ["    @abc.abstractmethod"] if shape == "abc" else []
                stub = "yield 0" if fn.kind == "cm" else "..."  # an abstract generator: a plain def that says Iterator
                lines[name] += marks + abstract + [head, f"        {stub}", ""]
                continue
            if name not in defined:
                continue
            c = Ctx(Fn(fn.name, fn.kind, module), module, self_hier=hier, self_index=fn.index, lock="self._lock" if locked and first == "self" else "", state="self.n" if stateful and first == "self" else "", recurse=f"self.{fn.name}" if first == "self" and fn.style == "method" else "", finish="", is_async=fn.is_async, stay=fn.stays)
            c.ints.append("k" if fn.style != "property" else "3")
            if first == "self":
                c.pers.append(f"self.{pers_name}")
                c.objs = list(c_objs) + [("self", hier)]
                if self.annotated() or self.chance(0.3):
                    c.ints += [f"self.{a}" for a in hier.attributes]
            else:
                c.pers.append(self.ref(module, self.layer, "get_persistence") + "()")
                c.self_hier, c.recurse = None, ""
                c.objs = [(e, h) for e, h in c.objs if h is not hier]
            blocks = self.chance(0.75)
            if not blocks:  # the harmless twin: same name, nothing blocks
                c.limit = 0
            body = self.body(c.fn, module, "        ", c)
            is_override = name != names[0] and shape in ("base",) and name in defined
            if is_override and fn.kind in HINT and fn.style in ("method", "call") and self.chance(0.5):
                body.insert(0, f"        print({'await ' if fn.is_async else ''}super().{fn.name}(k))")
                c.fn.cost += worst.cost
                c.fn.stateful |= worst.stateful
                c.fn.raises |= worst.raises
            worst.cost = max(worst.cost, c.fn.cost) if name == names[0] or not is_override else worst.cost + c.fn.cost
            worst.stateful |= c.fn.stateful
            worst.raises |= c.fn.raises
            worst.lazy |= c.fn.lazy
            lines[name] += [f"    {d}" for d in decorators] + marks + [head] + body + [""]
        fn.cost = worst.cost * fn.factor
        fn.lazy |= worst.lazy
        fn.stateful |= worst.stateful
        fn.raises |= worst.raises

    def defines(self, shape, position):
        if shape == "single" or (shape == "base" and position == 0):
            return True
        if shape == "base":
            return self.chance(0.6)
        if shape in ("abc", "protocol"):
            return position > 0
        return position == 0 or self.chance(0.4)

    def iterator_class(self, module):
        name = self.fresh("Rows")
        fn = Fn(name, "gen", module, needs=[("persistence", "persistence")])
        c = Ctx(fn, module, pers=["self.persistence"], ints=["self.k", "self.i"], limit=10, mult=2, quiet=True)
        self.features.add("iterator_class")
        module.taken.add(name)
        module.chunks.append([
            f"class {name}:", f"    def __init__(self, k{self.hint(module, 'int')}, persistence{self.hint(module, 'persistence')}):", "        self.k, self.i = k, 0",
            "        self.persistence = persistence", "", "    def __iter__(self):", "        return self", "", "    def __next__(self):",
            "        if self.i >= 2:", "            raise StopIteration", "        self.i += 1", f"        return {self.expr(c, 'int', 2)}"])
        self.fns.append(fn)

    def lease_class(self, module):
        name = self.fresh("Lease")
        fn = Fn(name, "cm", module, needs=[("persistence", "persistence")])
        c = Ctx(fn, module, pers=["self.persistence"], ints=["self.k"], limit=10, quiet=True)
        self.features.add("lease_class")
        module.taken.add(name)
        module.chunks.append([
            f"class {name}:", f"    def __init__(self, k{self.hint(module, 'int')}, persistence{self.hint(module, 'persistence')}):", "        self.k = k",
            "        self.persistence = persistence", "", "    def __enter__(self):", f"        return {self.expr(c, 'int', 2)}", "",
            "    def __exit__(self, *exc):", f"        print('exit', exc[0] is None, {self.expr(c, 'int', 1)})", "        return False"])
        self.fns.append(fn)

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

    # ---------------------------------------------------------------- main
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
            module.chunks.append(early + ['if __name__ == "__main__":', f"    {tail}"])
        elif pick == 1:
            first = []
            if self.use("sync_before_loop", 0.3):
                top = Ctx(Fn("run", "int", module), module, limit=20, quiet=True, stay=True, pers=[self.ref(module, self.layer, "get_persistence") + "()"])
                first = [f"    print('first', {self.expr(top, 'int', 1)})"]
            module.chunks.append(["def run():"] + first + [f"    {tail}"])
            module.chunks.append(early + ["if __name__ == '__main__':", "    run()"])
        else:
            module.chunks.append(early + [tail])

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
        wanted = [fn for fn in self.candidates(c.sub(stay=True), kinds) if not fn.is_async and not fn.needs and fn.style in ("method", "static", "class") and (not pure or not (fn.stateful or fn.raises))]
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

    # ---------------------------------------------------------------- the program
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
            for _ in range(self.rng.randint(2, 4)):
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
        if package:
            files[f"{package}/__init__.py"] = ""
        if self.declare:
            files["fuzz.toml"] = CODEMOD
        codemods = '"./fuzz.toml", "asyncio-run"' if self.declare else '"persistence", "asyncio-run"'
        files["awaitify.toml"] = f'codemods = [{codemods}]\nkeep_sync = ["layer.*"]\n'
        return dict(sorted(files.items()))


CODEMOD = '[[blocking]]\nclass = "layer.Persistence"\n\n[[blocking]]\nreceiver = ["persistence", "*_persistence"]\n\n[[blocking]]\nfunction = "layer.fetch_row"\n'
ERRORS = '"""Exceptions of the program."""\n\n\nclass Oops(Exception):\n    pass\n'
HELPERS = '''"""Functions that take functions, and an object that passes everything on."""


class Proxy:
    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)


def apply_once(fn, k):
    return fn(k)


def apply_twice(fn, k):
    first = fn(k)
    return first + fn(first % 5)


def dispatch(fn, k):
    table = {"run": fn, "skip": abs}
    return table["run" if k >= 0 else "skip"](k)
'''
DECORATORS = '''"""Decorators: one that passes through, two that act around the call, one that knows coroutine functions."""
import functools
import inspect

import errors


def traced(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


def timed(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        print("enter", fn.__name__)
        try:
            return fn(*args, **kwargs)
        finally:
            print("leave", fn.__name__)

    return wrapper


def aware(fn):
    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def async_wrapper(*args, **kwargs):
            print("aware", fn.__name__)
            return await fn(*args, **kwargs)

        return async_wrapper

    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        print("aware", fn.__name__)
        return fn(*args, **kwargs)

    return wrapper


def retry(times):
    def decorate(fn):
        @functools.wraps(fn)
        def wrapper(*args, **kwargs):
            for attempt in range(times):
                try:
                    return fn(*args, **kwargs)
                except errors.Oops as problem:
                    print("retry", fn.__name__, problem)
            return fn(*args, **kwargs)

        return wrapper

    return decorate
'''


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
