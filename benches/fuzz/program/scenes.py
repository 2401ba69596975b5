"""Scenes: small templates of the rarer constructs, filled with random names and expressions (`templates.py`, `constructs.py`, `held.py`, `unseen.py`, `applied.py` and `idioms.py` have their texts).

A template has `@` in names (a number that is new in the program), `[[one||two]]` (one of them), and `<<kind receiver names>>` (an
expression of that kind over a persistence and some integers; `!` behind the kind: one that may be offloaded, `.` one that blocks nothing).
`# declared`: only where a codemod names the layer's class.
Its functions `scene@(k, persistence)` and (`async`, where it has one) `run@` are what the rest of the program calls.
"""
from __future__ import annotations

import re

from . import applied, constructs, held, idioms, templates, unseen
from .model import Ctx, Fn

TEMPLATES = {**templates.TEMPLATES, **constructs.TEMPLATES, **held.TEMPLATES, **unseen.TEMPLATES, **applied.TEMPLATES, **idioms.TEMPLATES}
# The first seeds whose programs may have the scenes of a file; those before keep theirs.
SINCE = {**dict.fromkeys(held.TEMPLATES, 300_000), **dict.fromkeys(unseen.TEMPLATES, 500_000), **dict.fromkeys(applied.TEMPLATES, 700_000), **dict.fromkeys(idioms.TEMPLATES, 800_000)}

HOLE = re.compile(r"<<(\w+)([!.]?) ([\w.()]+)((?: [\w.()]+)*)>>")
MARK = re.compile(r"(?<=[\w({])@")  # a decorator has no name before it
CHOICE = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]", re.S)


class Scenes:
    def scene(self, module):
        known = (name for name in TEMPLATES if self.seed >= SINCE.get(name, 0))
        names = sorted(name for name in known if self.profile == "soft" or name in constructs.HARD)
        if not names:
            return
        name = self.rng.choice(names)
        text = TEMPLATES[name]
        if "asyncio." in text and self.sync_only or "# declared" in text and not self.declare:
            return
        self.features.add(name)
        mark, fn = self.fresh(""), Fn("scene", "int", module, needs=[("persistence", "persistence")])
        text = self.chosen(text)
        fn.name = f"scene{mark}"
        module.taken.add(fn.name)
        filled = HOLE.sub(lambda hole: self.hole(hole, fn, module), MARK.sub(mark, text))
        head, body = self.split(filled)
        for line in head:
            self.need(module, line)
        fn.cost = max(2, fn.cost * 5)
        fn.lazy = True
        fn.stateful = "# stateful" in text
        fn.stays = True
        if "# first" in text:
            module.chunks.insert(0, body)
        else:
            module.chunks.append(body)
        self.fns.append(fn)
        if "async def run@(" in TEMPLATES[name]:
            run = Fn(f"run{mark}", "int", module, needs=fn.needs, is_async=True, cost=fn.cost, stateful=fn.stateful, lazy=True)
            module.taken.add(run.name)
            self.fns.append(run)

    def chosen(self, text):
        while (found := CHOICE.search(text)) is not None:
            text = text[: found.start()] + self.rng.choice(found[1].split("||")) + text[found.end():]
        return text

    def hole(self, hole, fn, module):
        kind, how, receiver, names = hole.groups()
        if kind == "hint":
            return self.hint(module, "persistence") if receiver == "persistence" else self.hint(module, "int")
        pers = [] if how == "." else [receiver]
        c = Ctx(fn, module, pers=pers, ints=names.split(), limit=fn.cost + 3, quiet=True, pure=True, stay=how == "!", plain=True)
        return self.wrap_f(self.expr(c, kind, 0 if how == "!" else 1)).replace("\n", " ")

    @staticmethod
    def split(text):
        """Imports of a template, and its other lines."""
        lines = [line for line in text.strip("\n").split("\n") if line.strip() not in ("# stateful", "# first", "# declared")]
        head = [line for line in lines if line.startswith(("import ", "from "))]
        body = lines[len(head):]
        while body and not body[0]:
            body.pop(0)
        return head, body
