"""Hierarchies of classes: bases, ABCs, protocols, mixins, dataclasses, iterators and leases."""
from __future__ import annotations

from .model import HINT, KINDS, METHODS, NOUNS, Ctx, Fn, Hier


class Classes:
    def hierarchy(self, module):
        noun = self.fresh(self.rng.choice(NOUNS))
        hier = Hier(module, base=noun)
        shape = self.rng.choices(["single", "base", "abc", "protocol", "mixin", "diamond"], [8, 6, 4, 4, 2, 2])[0]
        self.features.add(f"class_{shape}")
        hier.shape = shape
        names = {"single": [noun], "base": [noun, f"Special{noun}", f"Other{noun}"][: self.rng.randint(2, 3)]}.get(shape, [noun, f"First{noun}", f"Second{noun}"])
        if shape == "diamond":
            names.append(f"Both{noun}")
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
        if shape == "diamond" and position == 3:
            return [f"class {name}({names[1]}, {names[2]}):"]
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
        for expression, other in list(c_objs):
            if self.use("container", 0.12):
                self.kept_in_container(hier, module, body, c_objs, expression[5:], other)
        if self.use("blocking_init", 0.15):
            fn = Fn("__init__", "int", module)
            c = Ctx(fn, module, pers=[pers_name], limit=6, quiet=True, stay=True)
            c.objs = [(name[5:], what) for name, what in c_objs if not name.endswith("]")]
            body.append(f"        self.first = {self.expr(c, 'int', 1)}")
            hier.init_cost, hier.init_raises, hier.stateful = fn.cost, fn.raises, fn.stateful
        if shape == "single" and not hier.init_cost and self.use("dataclass", 0.2):
            self.need(module, "import dataclasses")
            fields = [f"    {name}{self.hint(module, what) or ': object'}" for name, what in hier.ctor] + ["    n: int = 0"] * stateful
            if locked:
                fields.append("    _lock: object = dataclasses.field(default_factory=threading.RLock)")
            hier.attributes, hier.dataclass = [], True
            c_objs[:] = [(expression, other) for expression, other in c_objs if not expression.endswith("]")]
            return {names[0]: fields + [""]}
        if c_objs and self.use("optional", 0.15):
            name, what = c_objs[0][0][5:], c_objs[0][1]
            c = Ctx(Fn("__init__", "int", module), module, pers=[pers_name], limit=0)
            c.objs = [(other[5:], h) for other, h in c_objs[1:] if not other.endswith("]")]
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

    def kept_in_container(self, hier, module, body, c_objs, name, other):
        """`self.all_x = [x]` or `self.by_x = {"k": x}`, beside `self.x`."""
        hint = self.hint(module, other)[2:]
        plain = hint and "'" not in hint and hint != "Any"
        kept = self.fresh("all_" + name)
        if self.chance(0.5):
            body.append(f"        self.{kept}{f': list[{hint}]' if plain else ''} = [{name}]")
            c_objs.append((f"self.{kept}[0]", other))
        else:
            body.append(f"        self.{kept}{f': dict[str, {hint}]' if plain else ''} = {{'k': {name}}}")
            c_objs.append((f"self.{kept}['k']", other))

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
            is_override = name != names[0] and shape in ("base", "diamond") and name in defined
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
        if shape in ("base", "diamond"):
            return position == 0 or self.chance(0.6)
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
