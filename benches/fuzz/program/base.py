"""Random choices, names and imports."""
from __future__ import annotations

from .model import HINT


class Base:
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
