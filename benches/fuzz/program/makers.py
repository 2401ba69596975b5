"""Where objects come from: factories, globals, containers, and functions that take either of two classes."""
from __future__ import annotations

from .model import HINT, Ctx, Fn


class Makers:
    def maker(self, module):
        """A way to get at objects of a hierarchy that exists by now."""
        hiers = [hier for hier in self.hiers if hier.classes and not hier.init_raises]
        if not hiers:
            return
        hier = self.rng.choice(hiers)
        pick = self.rng.choice(["factory", "factory", "lazy", "eager", "registry"])
        if pick == "factory":
            self.factory(module, hier)
        elif hier.init_cost or hier.stateful:
            return
        elif pick == "lazy":
            self.lazy_global(module, hier)
        elif pick == "eager":
            self.eager_global(module, hier)
        else:
            self.registry(module, hier)

    def maker_context(self, module, fn, **options):
        pers = [self.ref(module, self.layer, "get_persistence") + "()"]
        return Ctx(fn, module, pers=pers, limit=10, stay=True, quiet=True, plain=False, **options)

    def returns(self, module, hier):
        if not self.annotated():
            return ""
        hint = self.hint(module, hier)[2:]
        return f" -> {hint}" if hint else ""

    def factory(self, module, hier):
        self.features.add("factory")
        name, fn = self.fresh("make_" + hier.base.lower() + "_"), Fn("make", "int", module)
        c = Ctx(fn, module, pers=["persistence"], limit=10, quiet=True, stay=True)
        one, two = self.construct(c, hier), self.construct(c, hier)
        if not one or not two:
            return
        module.taken.add(name)
        head = f"def {name}(persistence{self.hint(module, 'persistence')}, kind=0){self.returns(module, hier)}:"
        body = ["    if kind > 4:", f"        return {one}", f"    return {two}"] if self.chance(0.5) else [f"    made = {one}", "    return made"]
        module.chunks.append([head] + body)
        hier.factories.append((module, name))

    def lazy_global(self, module, hier):
        self.features.add("lazy_global")
        name, fn = self.fresh("get_" + hier.base.lower() + "_"), Fn("get", "int", module)
        made = self.construct(self.maker_context(module, fn), hier)
        if not made or "\n" in made:
            return
        module.taken.add(name)
        kept = f"_{name}_kept".upper()
        module.chunks.append([f"{kept} = None"])
        module.chunks.append([f"def {name}(){self.returns(module, hier)}:", f"    global {kept}", f"    if {kept} is None:", f"        {kept} = {made}", f"    return {kept}"])
        hier.globals.append((module, name, "()"))

    def eager_global(self, module, hier):
        self.features.add("eager_global")
        name, fn = self.fresh(hier.base.upper() + "_"), Fn("global", "int", module)
        made = self.construct(self.maker_context(module, fn), hier)
        if not made or "\n" in made:
            return
        module.taken.add(name)
        hint = self.hint(module, hier) if self.chance(0.3) else ""
        module.chunks.append([f"{name}{hint} = {made}"])
        hier.globals.append((module, name, ""))

    def registry(self, module, hier):
        """A dict of objects, filled at import."""
        self.features.add("registry")
        name, fn = self.fresh("registry_"), Fn("registry", "int", module)
        c = self.maker_context(module, fn)
        one, two = self.construct(c, hier), self.construct(c, hier)
        if not one or not two or "\n" in one + two:
            return
        module.taken.add(name)
        hint = self.hint(module, hier)[2:]
        annotation = f": dict[str, {hint}]" if hint and hint != "Any" else ""
        module.chunks.append([f"{name}{annotation} = {{'a': {one}, 'b': {two}}}"])
        hier.globals.append((module, name, self.rng.choice(["['a']", "['b']", ".get('a')"])))

    def made(self, c, hier):
        """An object of `hier` that some factory or global gives, or None."""
        if hier.factories and self.chance(0.5) and c.fn.cost + c.mult * hier.init_cost <= c.limit and not (c.pure and hier.stateful):
            module, name = self.rng.choice(hier.factories)
            c.fn.cost += c.mult * hier.init_cost
            pers = self.rng.choice(c.pers) if c.pers else self.ref(c.module, self.layer, "get_persistence") + "()"
            return f"{self.ref(c.module, module, name)}({pers}{self.rng.choice(['', ', 5', ', kind=2'])})"
        if hier.globals:
            module, name, tail = self.rng.choice(hier.globals)
            if tail == "()":  # made by the first call: two tasks may both be the first
                if c.pure:
                    return None
                c.fn.stateful = True
            return self.ref(c.module, module, name) + tail
        return None

    def either(self, module):
        """A function of an object that may be of two unrelated classes."""
        pairs = [
            (one, two, first, second)
            for one in self.hiers for two in self.hiers if one is not two and one.classes and two.classes
            for first in one.methods for second in two.methods
            if first.name == second.name and first.kind == second.kind and first.kind in HINT and first.style == second.style == "method"
            and not first.needs and not second.needs and not first.is_async and not second.is_async
        ]
        if not pairs:
            return
        self.features.add("either")
        one, two, first, second = self.rng.choice(pairs)
        name = self.fresh("either")
        fn = Fn(name, first.kind, module, cost=first.cost + second.cost, stateful=first.stateful or second.stateful, raises=first.raises or second.raises, lazy=first.lazy or second.lazy)
        if fn.cost > 20:
            return
        fn.either = (one, two)
        module.taken.add(name)
        hints = [self.hint(module, hier)[2:] for hier in (one, two)]
        plain = all(hint and "'" not in hint and hint != "Any" for hint in hints)
        annotation = f": {hints[0]} | {hints[1]}" if plain and self.chance(0.8) else ""
        body = [f"    return thing.{first.name}(k)"]
        if plain and self.chance(0.4):
            body = [f"    if isinstance(thing, {hints[0]}):", f"        return thing.{first.name}(k)"] + body
            if module.future or "Protocol" in self.shape_of(one):
                body = body[2:]
        module.chunks.append([f"def {name}(k{self.hint(module, 'int')}, thing{annotation}){self.arrow(first.kind)}:"] + body)
        self.fns.append(fn)

    @staticmethod
    def shape_of(hier):
        return "Protocol" if getattr(hier, "shape", "") == "protocol" else ""
