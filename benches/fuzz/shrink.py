"""Makes a failing program small: removes files, statements, decorators and parts of expressions while the failure keeps its kind.

`python3 shrink.py --bin BIN FOLDER` shrinks a kept program (`run.py --keep`): FOLDER holds the files as generated. The program must stay valid on
its own (it ends with the same exception, or none, before the migration), so a shrunk failure is a real program, not a broken one.
"""
from __future__ import annotations

import argparse
import ast
import pathlib
import shutil
import sys
import tempfile
import warnings

BODIES = ("body", "orelse", "finalbody", "handlers")


def unparse(trees, rest):
    return {**rest, **{path: ast.unparse(tree) + "\n" for path, tree in trees.items()}}


class Search:
    def __init__(self, tool, files, profile, kind, budget):
        import run

        self.run, self.tool, self.profile, self.kind = run, tool, profile, kind
        self.budget, self.runs = budget, 0
        self.rest = {path: text for path, text in files.items() if not path.endswith(".py")}
        self.trees = {path: ast.parse(text.lstrip("\ufeff")) for path, text in files.items() if path.endswith(".py")}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="awaitify-shrink-"))
        self.files, self.detail, self.error = files, "", None
        run.write(files, self.folder / "first")
        self.error = (run.execute(self.folder / "first", "").get("error") or "").split(":")[0]

    def fails(self, files=None):
        """True when the present trees still fail in the same way; keeps them then."""
        if self.runs >= self.budget:
            return False
        self.runs += 1
        try:
            files = files or unparse(self.trees, self.rest)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for path, text in files.items():
                    if path.endswith(".py"):
                        compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            self.runs -= 1
            return False
        before_root, after_root = self.folder / "before", self.folder / "after"
        self.run.write(files, before_root)
        before = self.run.execute(before_root, "", timeout=5)
        if "crash" in before or (before["error"] or "").split(":")[0] != self.error or before["warnings"] or before["log"]:
            return False
        if " at 0x" in str(before["output"]):  # the address of an object differs from run to run
            return False
        self.run.write(files, after_root)
        kind, detail, _ = self.run.migrate(self.tool, files, after_root, self.profile, before)
        if kind != self.kind:
            return False
        self.files, self.detail = files, detail
        return True

    def lists(self):
        """Every list of statements, outermost first."""
        for _, tree in sorted(self.trees.items(), key=lambda item: item[0] != "main.py"):
            for node in ast.walk(tree):
                for name in BODIES:
                    body = getattr(node, name, None)
                    if isinstance(body, list) and body:
                        yield node, name

    def prune_pass(self):
        """Drop imports and top-level definitions that nothing names, all at once; again while that goes well."""
        done = False
        while True:
            kept = {path: tree.body for path, tree in self.trees.items()}
            mentioned = {}
            for path, tree in self.trees.items():
                for top in tree.body:
                    for node in ast.walk(top):
                        for name in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "value", None), *(alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias))):
                            if isinstance(name, str):
                                for part in name.split("."):
                                    mentioned.setdefault(part, []).append((path, top))
            for path, tree in self.trees.items():
                body = []
                for top in tree.body:
                    if isinstance(top, (ast.Import, ast.ImportFrom)):
                        names = [(alias.asname or alias.name).split(".")[0] for alias in top.names]
                        used = any(where == path and other is not top for name in names for where, other in mentioned.get(name, ()))
                    elif isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                        used = any(other is not top for _, other in mentioned.get(top.name, ()))
                    else:
                        used = True
                    if used or getattr(top, "module", "") == "__future__":
                        body.append(top)
                tree.body = body or [ast.Pass()]
            changed = any(len(kept[path]) != len(tree.body) for path, tree in self.trees.items())
            if changed and self.fails():
                done = True
                continue
            for path, tree in self.trees.items():
                tree.body = kept[path]
            return done

    def files_pass(self):
        done = False
        for path in sorted(self.trees):
            kept = self.trees.pop(path)
            if path == "main.py" or not self.fails():
                self.trees[path] = kept
            else:
                done = True
        return done

    def statements_pass(self):
        done = False
        for node, name in self.lists():
            size = len(getattr(node, name))
            while size >= 1:
                at = 0
                while at < len(getattr(node, name)):
                    old = getattr(node, name)
                    new = old[:at] + old[at + size:]
                    if not new and name == "body":
                        new = [ast.Pass()]
                        if len(old) == 1 and isinstance(old[0], ast.Pass):
                            break
                    setattr(node, name, new)
                    if self.fails():
                        done = True
                    else:
                        setattr(node, name, old)
                        at += size
                size //= 2
        return done

    def unwrap_pass(self):
        """`if x: body` to `body`, and the same for the other compound statements."""
        done = False
        for node, name in self.lists():
            at = 0
            while at < len(getattr(node, name)):
                old = getattr(node, name)
                inner = old[at]
                if isinstance(inner, (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.AsyncFor)):
                    setattr(node, name, old[:at] + inner.body + old[at + 1:])
                    if self.fails():
                        done = True
                        continue
                    setattr(node, name, old)
                at += 1
        return done

    def expressions_pass(self):
        """Replace an expression by one of its children or by a constant; drop decorators, bases, arguments."""
        done = False
        for tree in list(self.trees.values()):
            for parent in ast.walk(tree):
                for name in ("decorator_list", "bases", "keywords", "generators", "items", "ifs", "args"):
                    items = getattr(parent, name, None)
                    if isinstance(items, list) and items:
                        for item in list(items):
                            old = getattr(parent, name)
                            if len(old) == 1 and name in ("generators", "items"):
                                continue
                            setattr(parent, name, [other for other in old if other is not item])
                            if self.fails():
                                done = True
                            else:
                                setattr(parent, name, old)
                for name, value in list(ast.iter_fields(parent)):
                    if isinstance(value, ast.expr) and not isinstance(value, (ast.Constant, ast.Name)) and not isinstance(parent, (ast.expr_context, ast.JoinedStr)):
                        done |= self.replace(lambda new, p=parent, n=name: setattr(p, n, new), value, name == "func")
                    elif isinstance(value, list) and name in ("args", "values", "elts"):
                        for at, item in enumerate(value):
                            if isinstance(item, ast.expr) and not isinstance(item, (ast.Constant, ast.Name, ast.FormattedValue)):
                                done |= self.replace(lambda new, v=value, a=at: v.__setitem__(a, new), item)
        return done

    def replace(self, put, value, callee=False):
        if isinstance(getattr(value, "ctx", None), ast.Store):
            return False
        options = ([] if callee else [ast.Constant(1)]) + [child for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr)]
        for option in options:
            put(option)
            if self.fails():
                return True
        put(value)
        return False


def shrink(tool, files, profile, kind, budget=400):
    """(smallest files found, detail of its failure, tool runs)."""
    search = Search(tool, files, profile, kind, budget)
    try:
        search.fails(dict(files))
        while search.runs < search.budget:
            done = search.prune_pass() | search.files_pass() | search.statements_pass()
            done |= search.prune_pass() | search.files_pass() | search.unwrap_pass()
            if not done and not search.expressions_pass():
                break
        return {path: text for path, text in search.files.items()}, search.detail, search.runs
    finally:
        shutil.rmtree(search.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bin")
    parser.add_argument("--server")
    parser.add_argument("--profile", default="hard", choices=["hard", "flow", "soft"])
    parser.add_argument("--budget", type=int, default=1000)
    options = parser.parse_args()
    import run

    files = {str(path.relative_to(options.folder)): path.read_text() for path in sorted(options.folder.rglob("*")) if path.suffix in (".py", ".toml") and path.name != "layer.py"}
    tool = run.Command(options.bin) if options.bin else run.Server(options.server)
    with tempfile.TemporaryDirectory() as folder:
        kind, detail, _ = run.check(tool, files, options.profile, pathlib.Path(folder))
    if not kind:
        sys.exit("this program does not fail")
    files, detail, runs = shrink(tool, files, options.profile, kind, options.budget)
    print(f"{kind} after {runs} runs: {detail}")
    for path, text in files.items():
        print(f"#- {path}\n{text}")


if __name__ == "__main__":
    main()
