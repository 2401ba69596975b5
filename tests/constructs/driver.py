"""Runs `main.py` of every folder that stdin names, each in a process of its own, and prints what it did as JSON."""

import asyncio
import gc
import json
import os
import runpy
import signal
import sys
import tempfile


def run(folder):
    os.chdir(folder)
    sys.path[:0] = [folder]
    import layer

    code = 0
    try:
        runpy.run_path("main.py", run_name="__main__")
    except SystemExit as stop:
        code = stop.code or 0
    gc.collect()
    print("LAYER", "; ".join(layer.LOG))
    return code


def forked(folder):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            code = 1
            try:
                code = run(folder)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(code != 0))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (out, err):
            file.seek(0)
        return {"code": status, "out": out.read().decode(), "err": err.read().decode()}


print(json.dumps([forked(line.strip()) for line in sys.stdin]))
