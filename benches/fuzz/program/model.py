"""What a program is made of: modules, functions, hierarchies of classes, and what a piece of code can see."""
from __future__ import annotations

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
    either: "tuple | None" = None  # two hierarchies, of which it takes an object


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
    shape: str = ""
    factories: list = field(default_factory=list)  # (module, name) of functions that make one from a persistence
    globals: list = field(default_factory=list)  # (module, name, what follows the name) of expressions that give one


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
