"""Measures how fast Python reads and writes a file, with its implementations in C, as `firesteel-bench serde` does.

usage: serde.py FORMAT FILE SECONDS

Prints a JSON line for each direction; nothing where the format is none of these, or its module is missing.
"""

import gc
import json
import marshal
import pickle
import sys
import time


def codec(name, data):
    """How to read and to write the format; writing as the file was written."""
    if name == "json":
        return json.loads, json.dumps
    if name == "marshal":
        return marshal.loads, marshal.dumps
    if name == "pickle":
        return pickle.loads, lambda value: pickle.dumps(value, data[1])
    if name == "msgpack":
        try:
            import msgpack
        except ImportError:
            return None
        return msgpack.unpackb, msgpack.packb
    return None


def best(run, argument, seconds):
    """Seconds for one run: the best of several rounds."""
    end = time.perf_counter() + seconds
    result, count = float("inf"), 1
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(count):
            run(argument)
        took = time.perf_counter() - start
        result = min(result, took / count)
        if took < seconds / 20:
            count *= 2
    return result


def main(name, path, seconds):
    with open(path, "rb") as file:
        data = file.read()
    functions = codec(name, data)
    if functions is None:
        return
    loads, dumps = functions
    value = loads(data)
    # As the module timeit does: collecting garbage would count, too.
    gc.disable()
    for direction, run, argument in [("loads", loads, data), ("dumps", dumps, value)]:
        print(json.dumps({"dir": direction, "secs": best(run, argument, float(seconds))}))


main(*sys.argv[1:])
