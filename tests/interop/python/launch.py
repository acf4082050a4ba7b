"""Runs a Python program and ends with the process that started it.

usage: launch.py PARENT_PID (script PATH | module NAME | source TEXT) [ARGS ...]

A test that is killed cannot kill its children, so they look for themselves whether their parent is
still there.
"""

import os
import runpy
import sys
import threading
import time


def watch(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(3)


def main():
    threading.Thread(target=watch, args=(int(sys.argv[1]),), daemon=True).start()
    kind, what = sys.argv[2:4]
    sys.argv[:4] = [what]
    if kind == "script":
        sys.path[0] = os.path.dirname(os.path.abspath(what))
        runpy.run_path(what, run_name="__main__")
    elif kind == "module":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = "source"
        module = sys.modules["__main__"].__dict__
        exec(compile(what, "<source>", "exec"), module)


main()
