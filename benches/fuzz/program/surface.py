"""What a program looks like from outside: its config, and how its text is spelled."""
from __future__ import annotations

from .fixed import OFFLOADING

SETTINGS = {
    "reach_async": 'reach = "async"', "reach_none": 'reach = "none"', "project_none": 'offload_project = "none"',
    "project_readonly": 'offload_project = "readonly"', "bridge_none": 'bridge = "none"', "target_39": 'target-version = "3.9"',
    "target_38": 'target-version = "3.8"', "exported_keep": 'exported = "keep"', "custom_offload": 'offload = "offloading:offload"',
    "locks": "",
}


class Surface:
    def config(self, files):
        """The text of awaitify.toml; a soft program may have a setting that keeps more of it sync."""
        codemods = ["./fuzz.toml" if self.declare else "persistence", "asyncio-run"]
        setting = ""
        if self.profile == "soft" and self.chance(0.3):
            name = self.rng.choice(sorted(SETTINGS))
            self.features.add(name)
            setting = SETTINGS[name]
            if name == "locks":
                codemods.append("asyncio-locks")
            if name == "custom_offload":
                files["offloading.py"] = OFFLOADING
        listed = ", ".join(f'"{name}"' for name in codemods)
        return f'codemods = [{listed}]\nkeep_sync = ["layer.*"]\n{setting}\n'

    def spelled(self, files):
        """Other line ends, tabs, a byte order mark, no newline at the end: now and then."""
        pick = self.rng.random()
        if pick > 0.12:
            return files
        style = "crlf" if pick < 0.04 else "tabs" if pick < 0.08 else "mark" if pick < 0.1 else "no_final_newline"
        self.features.add(style)
        return {path: self.in_style(text, style) if path.endswith(".py") else text for path, text in files.items()}

    @staticmethod
    def in_style(text, style):
        if style == "crlf":
            return text.replace("\n", "\r\n")
        if style == "mark":
            return "\ufeff" + text
        if style == "no_final_newline":
            return text.rstrip("\n")
        lines = []
        for line in text.split("\n"):
            depth = len(line) - len(line.lstrip(" "))
            lines.append("\t" * (depth // 4) + " " * (depth % 4) + line[depth:])
        return "\n".join(lines)
