"""What awaitify thinks that each call of a package runs, asked by an ordinary run in which every function blocks.

A copy of the package gets one line at the start of each function body, `_everything_.blocks()`, and the codemod beside this file declares that call
blocking. So every function of the package leads to a blocking call, every name is followed, and `awaitify diff --format json` lists every site with its
targets and its evidence: the same code, and the same path through it, as in any other run. Positions are mapped back to the text without those lines.
Stubs (`...`, `pass`, a docstring, `raise NotImplementedError`) stay as they are: a body would make them something else.
"""
import ast
import json
import os
import pathlib
import subprocess

LEAF = "_everything_.blocks()"
CODEMOD = '[[blocking]]\nreceiver = ["_everything_"]\n'


def is_stub(body):
    def empty(node):
        if isinstance(node, ast.Pass):
            return True
        if isinstance(node, ast.Expr):
            return isinstance(node.value, ast.Constant) and (node.value.value is ... or isinstance(node.value.value, str))
        if isinstance(node, ast.Raise):
            name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            return isinstance(name, ast.Name) and name.id == "NotImplementedError"
        return False
    return all(map(empty, body))


def first_statement(node):
    """Where a function's body starts, after its docstring."""
    head = node.body[0]
    is_docstring = isinstance(head, ast.Expr) and isinstance(head.value, ast.Constant) and isinstance(head.value.value, str)
    return node.body[1] if is_docstring and len(node.body) > 1 else head


class Instrumented:
    """A file's text with the leaf calls, and the way back to the positions before."""

    def __init__(self, text, stubs=False):
        lines = text.split("\n")
        self.inline, self.before = {}, []          # line: [(column, length)]; original lines that got a line in front
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef) or not stubs and is_stub(node.body):
                continue
            start = first_statement(node)
            line = min([start.lineno] + [decorator.lineno for decorator in getattr(start, "decorator_list", ())])
            raw = lines[line - 1].encode()
            column = len(raw) - len(raw.lstrip())
            at = start.col_offset if line == start.lineno else column
            if raw[:at].strip():
                self.inline.setdefault(line, []).append((at, len(LEAF) + 2))
            else:
                self.before.append(line)
        out = []
        for number, line in enumerate(lines, 1):
            raw = line.encode()
            out.extend(raw[: len(raw) - len(raw.lstrip())].decode() + LEAF for _ in range(self.before.count(number)))
            for column, _ in sorted(self.inline.get(number, ()), reverse=True):
                raw = raw[:column] + LEAF.encode() + b"; " + raw[column:]
            out.append(raw.decode())
        self.before.sort()
        self.text, self.lines = "\n".join(out), out

    def back(self, line, column):
        """The original (line, column) of a position in the new text: lines from 1, columns in characters from 1 there, in bytes from 0 here."""
        above = 0
        for original in self.before:
            if original + above < line:
                above += 1
        column = len(self.lines[line - 1][: column - 1].encode())
        for start, length in sorted(self.inline.get(line - above, ())):
            if column >= start + length:
                column -= length
        return line - above, column


def instrument(tree, skip=(), stubs=False):
    """Rewrites the Python files of a tree, but those whose paths start with one of `skip`. Stubs only when that is wanted."""
    done = {}
    for path in sorted(tree.rglob("*.py")):
        name = path.relative_to(tree).as_posix()
        if name.startswith(tuple(skip)):
            continue
        try:
            done[name] = Instrumented(path.read_text(encoding="utf-8").replace("\r\n", "\n"), stubs)
        except (SyntaxError, UnicodeDecodeError):
            continue
        path.write_text(done[name].text, encoding="utf-8")
    return done


class Prediction:
    def __init__(self, entry):
        self.evidence, self.uncertain, self.kind = entry["evidence"], entry.get("uncertain", False), entry.get("kind", "elsewhere")
        self.targets, self.candidates = set(entry.get("targets", ())), set(entry.get("candidates", ()))

    def add(self, entry):
        self.uncertain = self.uncertain or entry.get("uncertain", False)
        self.targets.update(entry.get("targets", ()))
        self.candidates.update(entry.get("candidates", ()))


def ask(binary, tree, done, config, timeout=1200):
    """{(file, line, column, name): Prediction}. Lines from 1, columns in bytes from 0, of the name that is called (`__call__` at the start of a callee
    that is no name)."""
    (tree / "everything.toml").write_text(CODEMOD)
    (tree / "awaitify.toml").write_text(f'codemods = ["./everything.toml"]\nexported = "convert"\n{config}')
    run = subprocess.run([os.path.abspath(binary), "diff", "--format", "json", "."], cwd=tree, capture_output=True, text=True, timeout=timeout)
    if not run.stdout:
        raise RuntimeError(run.stderr[-2000:])
    report = json.loads(run.stdout)
    found = {}
    for entry in report["sites"] + report["elsewhere"]:
        if entry.get("kind") == "blocking" or entry["file"] not in done:
            continue
        line, column = done[entry["file"]].back(entry["line"], entry["column"])
        place = entry["file"], line, column, entry["name"]
        if place in found:          # `f()()`: both calls start there
            found[place].add(entry)
        else:
            found[place] = Prediction(entry)
    return found


def callee(call):
    """(line, column, name) of what a call calls, as the predictions have it."""
    func = call.func
    if isinstance(func, ast.Attribute):
        return func.end_lineno, func.end_col_offset - len(func.attr.encode()), func.attr
    if isinstance(func, ast.Name):
        return func.lineno, func.col_offset, func.id
    return func.lineno, func.col_offset, "__call__"


def module_name(file):
    return file.removesuffix(".py").removeprefix("src/").replace("/", ".").removesuffix(".__init__")


def protocols(tree):
    """{method of a class: the methods of Protocols that it satisfies (PEP 544)}, by the names alone."""
    classes, found = [], {}
    for path in sorted(tree.rglob("*.py")):
        try:
            parsed = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        module = module_name(path.relative_to(tree).as_posix())
        for node in ast.walk(parsed):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases}
                classes.append((f"{module}.{node.name}", bases, {each.name for each in node.body if isinstance(each, ast.FunctionDef)}))
    for protocol, bases, wanted in classes:
        if "Protocol" in bases and wanted:
            for name, _, methods in classes:
                if wanted <= methods and name != protocol:
                    for method in wanted:
                        found.setdefault(f"{name}.{method}", set()).add(f"{protocol}.{method}")
    return found
