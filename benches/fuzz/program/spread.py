"""Moves classes and functions of a finished program to files of their own, and lets their old modules take them back by the ways that imports have:
under another name, through a module, by a star, through a module between. What names them is then in files that say nothing else about them."""
from __future__ import annotations

import ast
import pathlib

KINDS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def spread(files, rng):
    """The files of the program, some of whose definitions live elsewhere; the same for the same random state."""
    made = dict(files)
    for path in sorted(files):
        if path.endswith(".py") and path not in ("main.py", "decorators.py", "errors.py", "helpers.py", "offloading.py"):
            split(path, made, rng)
    return dict(sorted(made.items()))


def split(path, files, rng):
    """Moves what can stand alone out of one module."""
    text = files[path]
    tree, lines = ast.parse(text), text.split("\n")
    imports = [node for node in tree.body if is_import(node)]
    head = "\n".join("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in imports)
    own = {name for node in tree.body if not is_import(node) for name in bound(node)}
    package = pathlib.PurePosixPath(path).parent
    edits = []
    for node in tree.body:
        if not isinstance(node, KINDS) or rng.random() < 0.4 or not stands_alone(node, own):
            continue
        start = min([node.lineno, *(item.lineno for item in node.decorator_list)]) - 1
        name = f"{pathlib.PurePosixPath(path).stem}_{node.name.lower()}"
        place = lambda stem: str(package / f"{stem}.py")
        if place(name) in files:
            continue
        files[place(name)] = head + "\n\n\n" + "\n".join(lines[start : node.end_lineno]) + "\n"
        dotted = lambda stem: ".".join([*package.parts, stem])
        edits.append((start, node.end_lineno, taken_back(node.name, name, dotted, place, files, rng)))
    for start, end, new in reversed(edits):
        lines[start:end] = new
    files[path] = "\n".join(lines)


def taken_back(name, stem, dotted, place, files, rng):
    """The lines that bind `name` in its old module again."""
    module = dotted(stem)
    match rng.randrange(7):
        case 0:
            return [f"from {module} import {name}"]
        case 1:
            return [f"from {module} import {name} as {name}_alias", "", f"{name} = {name}_alias"]
        case 2:
            return [f"import {module}", "", f"{name} = {module}.{name}"]
        case 3:
            return [f"from {module} import *"]
        case 4:
            files[place(f"{stem}_hub")] = f"from {module} import *\n"
            return [f"from {dotted(stem + '_hub')} import *"]
        case 5:
            files[place(f"{stem}_hub")] = f"from {module} import {name} as Other_{name}\n"
            return [f"from {dotted(stem + '_hub')} import Other_{name} as {name}"]
        case _:
            files[place(f"{stem}_hub")] = f"import {module} as inner\n\n{name} = inner.{name}\n"
            return [f"import {dotted(stem + '_hub')} as {stem}_mod", "", f"{name} = {stem}_mod.{name}"]


def is_import(node):
    return isinstance(node, (ast.Import, ast.ImportFrom)) or isinstance(node, ast.If) and all(map(is_import, node.body))


def bound(node):
    """The names that a statement of a module binds."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in inner.names)
    if isinstance(node, KINDS):
        yield node.name
    else:
        yield from (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))


def stands_alone(node, own):
    """Does it name nothing else of its module, in code or in annotations that are strings?"""
    if node.name.startswith("_") or any(isinstance(inner, ast.Global) for inner in ast.walk(node)):
        return False
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    texts = {inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)}
    named = {word for text in texts for word in text.replace("[", " ").replace("]", " ").replace("'", " ").split()}
    return not (names | named) & (own - {node.name}) and not names & {"globals", "__name__", "__file__"}
