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
import zlib


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


class BlocksTheLoop(BaseException):
    """Not an Exception, so that no handler of the program hides it."""


class Recorder:
    """Stands behind the layer: logs its calls per task, and answers by their order.

    A call made twice gets two different answers, so a program that makes its calls in another order prints something else. STRICT=1 refuses a
    call on a thread that runs an event loop, STRICT=record notes it and goes on.
    """

    def __init__(self, folder, tag):
        self.folder, self.tag, self.strict = folder + os.sep, tag, os.environ.get("STRICT", "")
        self.log = []  # (tag, call)
        self.blocked = []  # calls made on a running loop, with the places that led there
        self.demand = set()  # (file, qualified name) of sync functions seen between the loop and the layer
        self.counts = {}

    def stack(self):
        """Project frames from the layer's caller up to the coroutine that the loop runs: (file, name, line, is_async, is_generator)."""
        frame, found = sys._getframe(4), []
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(self.folder):
                is_async = bool(code.co_flags & 0x280)  # coroutine, async generator
                found.append((code.co_filename[len(self.folder):], code.co_qualname, frame.f_lineno, is_async, bool(code.co_flags & 0x20)))
                if is_async:
                    break
            frame = frame.f_back
        return found

    def __call__(self, name, args):
        tag, stack = self.tag.get(), self.stack()
        on_loop = asyncio._get_running_loop() is not None
        if on_loop and self.strict:
            self.blocked.append((name, [(file, line, qualname, is_generator) for file, qualname, line, _, is_generator in stack]))
            if self.strict != "record":
                raise BlocksTheLoop(f"{name} blocks the event loop")
        if on_loop or threading.current_thread() is threading.main_thread():
            self.demand.update((file, qualname) for file, qualname, _, is_async, _ in stack if not is_async)
        count = self.counts[tag] = self.counts.get(tag, 0) + 1
        self.log.append((tag, " ".join([name, *map(str, args)])))
        return zlib.crc32(repr((name, args, count)).encode()) % 97


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
        # A loop that ends waits for its pool in a thread of its own.
        own = getattr(getattr(self, "_target", None), "__name__", "") == "_do_shutdown"
        if not own and getattr(self, "_target", None) is not pool_thread._worker:
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

    tag = contextvars.ContextVar("tag", default="main")  # the task (or thread) that a call or a line belongs to
    layer.PROBE = recorder = Recorder(folder, tag)
    patch(tag)
    random.seed(0)
    gc.disable()  # an abandoned generator in a cycle would be closed at another moment each time
    noted, logs, threads = [], LogLines(), []
    warnings.simplefilter("always")
    warnings.showwarning = lambda message, category, *rest: noted.append(f"{category.__name__}: {message}")
    sys.unraisablehook = lambda info: noted.append(f"unraisable: {info.exc_value!r}")
    threading.excepthook = lambda info: threads.append(f"{info.exc_type.__name__}: {info.exc_value}")
    logging.getLogger("asyncio").addHandler(logs)
    logging.getLogger("asyncio").propagate = False
    logging.lastResort = None
    output, error, trace = TaggedOutput(tag), None, ""
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
    for name, call in recorder.log:
        calls.setdefault(name, []).append(call)
    return {
        "output": {name: "".join(texts).splitlines() for name, texts in sorted(output.texts.items())},
        "calls": dict(sorted(calls.items())),
        "error": error,
        "trace": trace,
        "threads": sorted(threads),
        "log": sorted(logs.lines),
        "warnings": noted,
        "blocked": recorder.blocked,
        "demand": sorted(recorder.demand),
    }


if __name__ == "__main__":
    json.dump(run(sys.argv[1]), sys.stdout, indent=1)
    print()
