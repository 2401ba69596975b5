#!/usr/bin/env python3
"""Audits a migration by names and tokens, and shares no code and no method with awaitify.

    audit.py BEFORE AFTER [--limit N] [--exclude GLOB ...]    (Python 3.11 or newer, standard library only)

It knows no types. A name is converted when some function of that name was sync in BEFORE and is async in AFTER. When every
definition of the name in AFTER is async, each call of it must be awaited or go into something that awaits. When every definition is
sync, no call of it may have gained an `await`. Names with definitions of both colors are counted, and listed under `mixed`.

Prints JSON. Exit code 0: no errors. 1: a file does not compile, or `errors` lists something. 2: bad arguments.
`errors` are mistakes if the name is the project's function; `warnings` are for a reader to judge.
"""
import argparse
import ast
import collections
import difflib
import fnmatch
import io
import json
import pathlib
import re
import sys
import tokenize
import warnings

# Callables that await, schedule or consume what they are given.
CONSUMERS = {
    "gather", "create_task", "ensure_future", "wait_for", "wait", "shield", "as_completed", "run_until_complete", "start_soon",
    "run_coroutine_threadsafe", "enter_async_context", "aclosing", "anext", "aiter", "run_async", "isawaitable", "iscoroutine",
}
# Callables that run a function in a thread: an async function there is never awaited.
OFFLOADERS = {"to_thread", "run_in_executor", "run_in_threadpool", "sync_to_async", "run_sync", "submit", "Thread", "partial"}
ASYNC_WORDS = re.compile(r"\basync\b|\bawait\b|asyncio|anyio|asgiref|\bimport\b|Async|asynccontext|\b__a(?:enter|exit|iter|next)__\b|\banext\b|\baiter\b")
# Tokens that a migration may insert, and what it may put in the place of something else.
INSERTED = {
    "async", "await", "asyncio", "to_thread", ".", "import", "from", "sleep", "create_task", "get_running_loop", "gather", "run",
    "anyio", "asgiref", "sync", "sync_to_async", "functools", "partial", "run_sync", "run_in_threadpool", "starlette", "concurrency",
    "aclosing", "anext", "aiter", "pytest", "mark", "pytest_asyncio", "@", "(", ")", ",", "[", "]",
}
TWINS = {
    "__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__", "__next__": "__anext__", "next": "anext",
    "iter": "aiter", "StopIteration": "StopAsyncIteration", "contextmanager": "asynccontextmanager", "ExitStack": "AsyncExitStack",
    "enter_context": "enter_async_context", "callback": "push_async_callback", "Iterator": "AsyncIterator", "Iterable": "AsyncIterable",
    "Generator": "AsyncGenerator", "Mock": "AsyncMock", "MagicMock": "AsyncMock", "TestCase": "IsolatedAsyncioTestCase",
    "setUp": "asyncSetUp", "tearDown": "asyncTearDown", "time": "asyncio", "get_event_loop": "get_running_loop",
    "AbstractContextManager": "AbstractAsyncContextManager", "ContextManager": "AsyncContextManager", "pytest": "pytest_asyncio",
}


def python_files(root, exclude):
    found = {}
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(root).parts)
        if not hidden and not any(fnmatch.fnmatch(name, glob) for glob in exclude):
            found[name] = path.read_bytes()
    return found


def read_tree(data, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data, name)


def last_name(node):
    """The name a call or a reference goes by: `f` of `a.b.f`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def own_nodes(function):
    """The nodes of a function without those of the functions, classes and lambdas inside."""
    stack = list(function.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))


def local_names(function):
    """Parameters and assigned names of a function. Functions defined inside are none: they are definitions."""
    arguments = [node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    body = () if isinstance(function, ast.Lambda) else own_nodes(function)
    return {*arguments, *(node.id for node in body if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))}


def function_kind(node):
    """What a call of the function gives: `sync`, `coroutine`, `generator` (async) or `manager` (async)."""
    if isinstance(node, ast.FunctionDef):
        return "sync"
    if any(last_name(decorator) == "asynccontextmanager" for decorator in node.decorator_list):
        return "manager"
    return "generator" if any(isinstance(child, (ast.Yield, ast.YieldFrom)) for child in own_nodes(node)) else "coroutine"


def definitions(tree, name):
    """(qualified name, bare name, kind, line) of every function in a file, in order."""
    module = name[:-3].replace("/", ".").removesuffix(".__init__")
    found = []

    def walk(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append((f"{prefix}.{child.name}", child.name, function_kind(child), child.lineno))
                walk(child, f"{prefix}.{child.name}")
            elif isinstance(child, ast.ClassDef):
                walk(child, f"{prefix}.{child.name}")
            else:
                walk(child, prefix)

    walk(tree, module)
    return found


def became_async(before, after):
    """Qualified names that were sync and are async. The n-th definition of a name is compared with the n-th."""
    old = collections.defaultdict(list)
    for qualified, _, kind, _ in before:
        old[qualified].append(kind)
    converted = []
    for qualified, bare, kind, line in after:
        kinds = old.get(qualified) or old.get(twin_of(qualified)) or []
        was = kinds.pop(0) if kinds else None
        if was == "sync" and kind != "sync":
            converted.append((qualified, bare, kind, line))
    return converted


def twin_of(qualified):
    owner, _, name = qualified.rpartition(".")
    back = {new: old for old, new in TWINS.items()}
    return f"{owner}.{back[name]}" if name in back else None


class Scan(ast.NodeVisitor):
    """Every call and every reference of one file, each with how its value is used."""

    def __init__(self, tree, project_modules):
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.external = external_names(tree, project_modules)
        self.locals = {}
        self.calls = []
        self.references = []
        self.visit(tree)

    def visit_Call(self, node):
        name = last_name(node.func)
        if name and not self.is_external(node.func) and not self.is_local(node.func):
            self.calls.append((name, node))
        self.generic_visit(node)

    def visit_Attribute(self, node):
        self.reference(node, node.attr)
        self.generic_visit(node)

    def visit_Name(self, node):
        self.reference(node, node.id)

    def reference(self, node, name):
        parent = self.parents.get(node)
        called = isinstance(parent, ast.Call) and parent.func is node
        skipped = called or isinstance(parent, ast.Attribute) or self.is_external(node) or self.is_local(node)
        if isinstance(node.ctx, ast.Load) and not skipped:
            self.references.append((name, node, self.place_of(node)))

    def is_external(self, node):
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.external

    def is_local(self, node):
        """True for a plain name that a function around it binds as a parameter or by assignment."""
        function = self.parents.get(node)
        while isinstance(node, ast.Name) and function is not None:
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                if function not in self.locals:
                    self.locals[function] = local_names(function)
                if node.id in self.locals[function]:
                    return True
            function = self.parents.get(function)
        return False

    def place_of(self, node):
        """Where a function goes as a value: the name of the callable that takes it, or the kind of the node around it."""
        parent = self.parents.get(node)
        while isinstance(parent, (ast.keyword, ast.Starred, ast.List, ast.Tuple)):
            parent = self.parents.get(parent)
        return last_name(parent.func) or "call" if isinstance(parent, ast.Call) else type(parent).__name__

    def use_of(self, node):
        """What happens to the value of a call: `await`, `consumed`, `async for`, `async with`, or where it is lost."""
        use = self.direct_use(node)
        return "consumed" if use == "assigned" and self.consumed_later(node) else use

    def direct_use(self, node):
        """The same, without following a value into the variable that it is assigned to."""
        child, parent = node, self.parents.get(node)
        carriers = (ast.Starred, ast.List, ast.Tuple, ast.Set, ast.keyword)
        while True:
            if isinstance(parent, ast.IfExp) and child is not parent.test:
                pass
            elif isinstance(parent, ast.NamedExpr):
                pass
            elif isinstance(parent, (ast.ListComp, ast.GeneratorExp, ast.SetComp)) and child is parent.elt:
                pass
            elif not isinstance(parent, carriers):
                break
            child, parent = parent, self.parents.get(parent)
        match parent:
            case ast.Await():
                return "await"
            case ast.AsyncFor() if child is parent.iter:
                return "async for"
            case ast.comprehension(is_async=1) if child is parent.iter:
                return "async for"
            case ast.withitem():
                return "async with" if isinstance(self.parents[parent], ast.AsyncWith) else "with"
            case ast.Call() if child is not parent.func:
                taker = last_name(parent.func) or "call"
                base = last_name(parent.func.value) if isinstance(parent.func, ast.Attribute) else None
                runs = taker == "run" and base in (None, "asyncio", "anyio", "runner", "loop", "aio")
                return "consumed" if taker in CONSUMERS or runs else f"argument of {taker}"
            case ast.Assign() | ast.AnnAssign():
                return "assigned"
            case ast.Return():
                return "returned by async" if isinstance(self.function_of(node), ast.AsyncFunctionDef) else "returned by sync"
            case ast.Lambda():
                return "lambda"
        return type(parent).__name__

    def function_of(self, node):
        while node is not None and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            node = self.parents.get(node)
        return node

    def consumed_later(self, node):
        """True when the variable that holds the value is awaited or consumed somewhere in the same function."""
        function, statement = self.function_of(node), node
        while not isinstance(statement, ast.stmt):
            statement = self.parents[statement]
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        held = {ast.unparse(target) for target in targets}
        for other in ast.walk(function) if function else ():
            if isinstance(other, (ast.Name, ast.Attribute)) and isinstance(other.ctx, ast.Load) and ast.unparse(other) in held:
                if self.direct_use(other) in ("await", "consumed", "async for", "async with"):
                    return True
        return False


def external_names(tree, project_modules):
    """Names that a file binds by importing from outside the project."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names if a.name.split(".")[0] not in project_modules}
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] not in project_modules:
            names |= {a.asname or a.name for a in node.names}
    return names


def awaited_counts(scan):
    return collections.Counter(name for name, node in scan.calls if scan.direct_use(node) == "await")


GOOD = {
    "coroutine": {"await", "consumed"},
    "generator": {"async for", "async with", "consumed", "returned by sync"},
    "manager": {"async with", "consumed", "returned by sync"},
}


def audit_calls(name, scan, old_awaits, kinds, converted, report):
    """Check (c): the calls of converted names, and the awaits that the migration added."""
    new_awaits = collections.Counter()
    for bare, node in scan.calls:
        defined = kinds.get(bare)
        if not defined:
            continue
        use = scan.use_of(node) if bare in converted else scan.direct_use(node)
        where = {"at": f"{name}:{node.lineno}", "call": ast.unparse(node)[:100], "use": use}
        if bare in converted:
            if "sync" in defined:
                report["mixed"].append(where)
            elif any(use in GOOD[kind] for kind in defined):
                report["consumed"] += 1
            elif use in ("returned by sync", "lambda"):
                report["warnings"].append({"rule": "handed on", **where})
            else:
                report["errors"].append({"rule": "not awaited", **where})
        elif defined == {"sync"} and use == "await":
            new_awaits[bare] += 1
            if new_awaits[bare] > old_awaits[bare]:
                report["errors"].append({"rule": "await of a sync function", **where})
    for bare, node, place in scan.references:
        if bare in converted and "sync" not in kinds[bare]:
            where = {"at": f"{name}:{node.lineno}", "name": bare, "use": place}
            if place in OFFLOADERS:
                report["errors"].append({"rule": "async function in a thread", **where})
            else:
                report["warnings"].append({"rule": "named as a value", **where})


def tokens_by_line(text):
    """line -> token texts. Without layout; f-strings are split in words where `tokenize` keeps them whole."""
    lines = collections.defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        whole = token.type == tokenize.STRING and "f" in token.string[:2].lower().split(token.string[-1])[0]
        lines[token.start[0]] += re.findall(r"\w+|\S", token.string) if whole else [token.string]
    return lines


def decode(data):
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding)


def audit_tokens(name, before, after, report):
    """Check (d): what the changed lines lost and gained beyond the vocabulary of a migration."""
    old_text, new_text = decode(before), decode(after)
    old, new = (text.splitlines() for text in (old_text, new_text))
    old_tokens, new_tokens = tokens_by_line(old_text), tokens_by_line(new_text)
    changed = 0
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        changed += max(b - a, d - c)
        pairs = [(i, [old[a + i - c]], [new[i]]) for i in range(c, d)] if b - a == d - c else [(c, old[a:b], new[c:d])]
        for row, was, now in pairs:
            if not any(ASYNC_WORDS.search(line) for line in now):
                report["plain_changes"].append({"at": f"{name}:{row + 1}", "before": was[:5], "after": now[:5]})
        gone = [token for row in range(a + 1, b + 1) for token in old_tokens[row]]
        come = [token for row in range(c + 1, d + 1) for token in new_tokens[row]]
        lost, gained = token_difference(gone, come)
        if lost or gained:
            report["token_changes"].append({"at": f"{name}:{c + 1}", "lost": " ".join(lost)[:200], "gained": " ".join(gained)[:200]})
    report["lines_changed"] += changed


def token_difference(gone, come):
    """The tokens of a hunk that were lost and gained, without those a migration may insert or swap. Brackets and commas do not count."""
    gone, come = ([token for token in tokens if token not in ("(", ")", ",")] for tokens in (gone, come))
    lost, gained = [], []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, gone, come, autojunk=False).get_opcodes():
        if tag != "equal":
            lost += gone[a:b]
            gained += come[c:d]
    for token in list(lost):
        twin = token if token in gained else TWINS.get(token)
        if twin in gained or (twin in INSERTED and twin == "asyncio"):
            lost.remove(token)
            if twin in gained:
                gained.remove(twin)
    return lost, [token for token in gained if token not in INSERTED]


def audit(before_root, after_root, exclude):
    report = collections.defaultdict(list, consumed=0, lines_changed=0, files_changed=0)
    before, after = python_files(before_root, exclude), python_files(after_root, exclude)
    report["files"] = len(after)
    report["files_missing"] = sorted(set(before) - set(after))
    report["files_added"] = sorted(set(after) - set(before))
    modules = {part.removesuffix(".py") for name in after for part in name.split("/")}
    old_scans, scans, old_definitions, new_definitions = {}, {}, [], []
    for name, data in after.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(data, name, "exec")
            tree = read_tree(data, name)
        except (SyntaxError, ValueError) as error:
            known = name in before and before[name] == data
            (report["unparsed"] if known else report["errors"]).append({"rule": "does not compile", "at": name, "why": str(error)})
            continue
        if name in before and before[name] == data:
            old_tree = tree
        else:
            report["files_changed"] += 1
            old_tree = read_tree(before.get(name, b""), name)
        scans[name] = Scan(tree, modules)
        old_scans[name] = scans[name] if old_tree is tree else Scan(old_tree, modules)
        new_definitions += definitions(tree, name)
        old_definitions += definitions(old_tree, name)
    moved = became_async(old_definitions, new_definitions)
    kinds = collections.defaultdict(set)
    for _, bare, kind, _ in new_definitions:
        kinds[bare].add(kind)
    converted = {bare for _, bare, _, _ in moved}
    for name, scan in scans.items():
        audit_calls(name, scan, awaited_counts(old_scans[name]), kinds, converted, report)
        if name in before and before[name] != after[name]:
            audit_tokens(name, before[name], after[name], report)
    report["converted"] = sorted(qualified for qualified, _, _, _ in moved)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="paths to leave out, as `docs/*`")
    parser.add_argument("--limit", type=int, default=50, help="how many entries of each list to print (0: all)")
    args = parser.parse_args()
    for root in (args.before, args.after):
        if not root.is_dir():
            parser.error(f"`{root}` is not a directory")
    sys.setrecursionlimit(20_000)
    report = audit(args.before, args.after, args.exclude)
    lists = ("errors", "mixed", "warnings", "plain_changes", "token_changes", "unparsed", "converted", "files_missing", "files_added")
    counts = {key: report[key] for key in ("files", "files_changed", "lines_changed", "consumed")}
    counts |= {key: len(report[key]) for key in lists}
    shown = {key: report[key][: args.limit or None] for key in lists if report[key]}
    print(json.dumps({"counts": counts, **shown}, indent=1))
    sys.exit(1 if report["errors"] else 0)


if __name__ == "__main__":
    main()
