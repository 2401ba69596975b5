"""Runs one generated program and returns what can be seen of it, per task: `python3 driver.py FOLDER` prints it as JSON.

Every task, thread and pool call carries a tag that is derived from its parent's (`main.1` is the first task that main made), and
context follows into executors and threads, so that a call is booked for the same task before and after a migration.
"""
import asyncio
import concurrent.futures
import concurrent.futures.thread as pool_thread
import contextvars
import gc
import json
import logging
import os
import random
import runpy
import sys
import threading
import traceback
import warnings


class TaggedOutput:
    """A standard output that keeps one text per tag."""

    encoding = "utf-8"

    def __init__(self, tag):
        self.tag, self.texts = tag, {}

    def write(self, text):
        self.texts.setdefault(self.tag.get(), []).append(text)
        return len(text)

    def flush(self):
        pass


class LogLines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        text = record.getMessage()
        kind = record.exc_info and record.exc_info[0].__name__
        self.lines.append(f"{text.splitlines()[0].split(' at 0x')[0].split(' task:')[0]} {kind or ''}".strip())


def patch(tag):
    """Make tags follow tasks, executors and threads."""
    children = {}

    def child(mark):
        parent = tag.get()
        children[parent, mark] = children.get((parent, mark), 0) + 1
        return f"{parent}{mark}{children[parent, mark]}"

    create_task = asyncio.BaseEventLoop.create_task

    def tagged_create_task(self, coro, **options):
        cleanup = type(coro).__name__.startswith("async_generator")  # the loop closes a forgotten async generator: no task of the program
        if self.is_running() and options.get("context") is None and not cleanup:
            context = contextvars.copy_context()
            context.run(tag.set, child("."))
            options["context"] = context
        return create_task(self, coro, **options)

    submit = concurrent.futures.ThreadPoolExecutor.submit

    def tagged_submit(self, fn, /, *args, **kwargs):
        return submit(self, contextvars.copy_context().run, fn, *args, **kwargs)

    start = threading.Thread.start

    def tagged_start(self):
        if getattr(self, "_target", None) is not pool_thread._worker:
            context, run = contextvars.copy_context(), self.run
            context.run(tag.set, child("/"))
            self.run = lambda: context.run(run)
        return start(self)

    asyncio.BaseEventLoop.create_task = tagged_create_task
    concurrent.futures.ThreadPoolExecutor.submit = tagged_submit
    threading.Thread.start = tagged_start


def run(folder):
    """Run main.py of `folder` in this process; the process is spoiled afterwards."""
    folder = os.path.abspath(folder)
    os.chdir(folder)
    sys.dont_write_bytecode = True
    sys.path.insert(0, folder)
    import layer

    patch(layer.TAG)
    random.seed(0)
    noted, logs, threads = [], LogLines(), []
    warnings.simplefilter("always")
    warnings.showwarning = lambda message, category, *rest: noted.append(f"{category.__name__}: {message}")
    sys.unraisablehook = lambda info: noted.append(f"unraisable: {info.exc_value!r}")
    threading.excepthook = lambda info: threads.append(f"{info.exc_type.__name__}: {info.exc_value}")
    logging.getLogger("asyncio").addHandler(logs)
    logging.getLogger("asyncio").propagate = False
    logging.lastResort = None
    output, error, trace = TaggedOutput(layer.TAG), None, ""
    sys.stdout = output
    try:
        runpy.run_path(os.path.join(folder, "main.py"), run_name="__main__")
    except BaseException as problem:
        error, trace = f"{type(problem).__name__}: {problem}", traceback.format_exc()
        problem.__traceback__ = None
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(5)
    gc.collect()
    sys.stdout = sys.__stdout__
    calls = {}
    for tag, call in layer.LOG:
        calls.setdefault(tag, []).append(call)
    return {
        "output": {tag: "".join(texts).splitlines() for tag, texts in sorted(output.texts.items())},
        "calls": dict(sorted(calls.items())),
        "error": error,
        "trace": trace,
        "threads": sorted(threads),
        "log": sorted(logs.lines),
        "warnings": noted,
        "blocked": layer.BLOCKED,
        "demand": sorted(layer.DEMAND),
    }


if __name__ == "__main__":
    json.dump(run(sys.argv[1]), sys.stdout, indent=1)
    print()
