"""The offload rewrite in LibCST, as a yardstick: inside `async def`, `RECEIVER.m(args)` and `FUNCTION(args)` are awaited through `asyncio.to_thread`.

    python libcst_offload.py PATH --receiver persistence --function requests.get [--jobs 2] [--write]

By name only: no types, no callers, no conversions, no checks. It does the least that awaitify does, in what most codemods are written in.
"""
import argparse
import concurrent.futures
import difflib
import pathlib
import sys

import libcst as cst
from libcst import matchers as m


def dotted(node):
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        left = dotted(node.value)
        return left and f"{left}.{node.attr.value}"
    return None


class Offload(cst.CSTTransformer):
    def __init__(self, receivers, functions):
        self.receivers, self.functions = receivers, functions
        self.colors, self.awaited, self.changed = [], set(), 0

    def visit_FunctionDef(self, node):
        self.colors.append(node.asynchronous is not None)

    def leave_FunctionDef(self, original, updated):
        self.colors.pop()
        return updated

    def visit_Lambda(self, node):
        self.colors.append(False)

    def leave_Lambda(self, original, updated):
        self.colors.pop()
        return updated

    def visit_Await(self, node):
        self.awaited.add(node.expression)

    def blocks(self, call):
        name = dotted(call.func)
        if name in self.functions:
            return True
        return isinstance(call.func, cst.Attribute) and (dotted(call.func.value) or "").rpartition(".")[2] in self.receivers

    def leave_Call(self, original, updated):
        if not (self.colors and self.colors[-1]) or original in self.awaited or not self.blocks(original):
            return updated
        self.changed += 1
        call = updated.with_changes(func=cst.parse_expression("asyncio.to_thread"), args=[cst.Arg(updated.func, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")) if updated.args else cst.MaybeSentinel.DEFAULT), *updated.args])
        return cst.Await(call, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])

    def leave_Module(self, original, updated):
        if not self.changed or any(m.matches(line, m.SimpleStatementLine([m.Import([m.ImportAlias(m.Name("asyncio"))])])) for line in original.body):
            return updated
        at = 1 if updated.body and original.get_docstring() is not None else 0
        while at < len(updated.body) and m.matches(updated.body[at], m.SimpleStatementLine([m.ImportFrom(m.Name("__future__"))])):
            at += 1
        return updated.with_changes(body=[*updated.body[:at], cst.parse_statement("import asyncio\n"), *updated.body[at:]])


def migrate(job):
    path, receivers, functions, write = job
    text = path.read_bytes().decode("utf-8", "replace")
    if not any(name.rpartition(".")[2] in text for name in receivers | functions):
        return 0, "", ""  # parsing is what costs; a name that is not there cannot be called
    try:
        transformer = Offload(receivers, functions)
        new = cst.parse_module(text).visit(transformer).code
    except (cst.ParserSyntaxError, RecursionError) as error:
        return 0, "", f"{path}: {type(error).__name__}"
    if write and new != text:
        path.write_text(new)
    diff = "".join(difflib.unified_diff(text.splitlines(True), new.splitlines(True), f"a/{path}", f"b/{path}")) if new != text else ""
    return transformer.changed, diff, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=pathlib.Path)
    parser.add_argument("--receiver", action="append", default=[])
    parser.add_argument("--function", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    jobs = [(path, set(options.receiver), set(options.function), options.write) for path in sorted(options.path.rglob("*.py"))]
    changed = 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for count, diff, problem in pool.map(migrate, jobs, chunksize=16):
            changed += count
            sys.stdout.write(diff)
            if problem:
                print(problem, file=sys.stderr)
    print(f"{changed} calls offloaded in {len(jobs)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
