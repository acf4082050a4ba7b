"""Records what the real Pyro client and server say to each other, into tests/transcripts.

usage: [GENERATION=4] record.py [--verify] [NAME ...]

--verify records again and compares with the files: everything but tracebacks must be the same.
The format is described in tests/transcripts/README.md.
"""

import argparse
import contextlib
import itertools
import os
import platform
import re
import socket
import struct
import sys
import threading
import uuid

import serpent

import generation
from generation import Daemon, EchoServer, config

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "transcripts")
if generation.NUMBER == 4:
    import Pyro4 as pyro
    import scenarios4 as scenarios
    from Pyro4 import util as tracebacks
    from Pyro4.message import Message
    FOLDER = os.path.join(FOLDER, "pyro4")
    FORMAT_TRACEBACK = "formatTraceback"
    # Where a header tells the sizes of the annotations and of the data.
    HEADER, ANNOTATIONS, DATA = struct.Struct(Message.header_format), 7, 5
else:
    import Pyro5 as pyro
    import rawwire
    import scenarios
    from Pyro5 import errors as tracebacks
    FORMAT_TRACEBACK = "format_traceback"
    HEADER, ANNOTATIONS, DATA = rawwire.HEADER, 7, 6

TRACEBACK = re.compile(rb"'_pyroTraceback': ?\[.*?\]|\"_pyroTraceback\": ?\[.*?\]", re.DOTALL)


def make_repeatable():
    """The same bytes in each recording: no random ids, no paths, sets always in one order."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    original = getattr(tracebacks, FORMAT_TRACEBACK)

    def without_paths(*args, **kwargs):
        return [re.sub(r'File ".*/', 'File "', line) for line in original(*args, **kwargs)]
    setattr(tracebacks, FORMAT_TRACEBACK, without_paths)


class Tap:
    """Passes bytes on between two sockets, and notes them by message."""

    def __init__(self, client, server):
        self.lines = []
        self.threads = [threading.Thread(target=self.copy, args=args, daemon=True)
                        for args in [(">", client, server), ("<", server, client)]]
        for thread in self.threads:
            thread.start()

    def copy(self, direction, source, target):
        pending = b""
        while chunk := source.recv(65536):
            pending += chunk
            while parts := split(pending):
                # Before it is passed on, so that the answer cannot be noted earlier.
                self.lines.append(" ".join([direction] + [part.hex() for part in parts if part]))
                pending = pending[sum(map(len, parts)):]
            target.sendall(chunk)
        assert not pending, "half a message was sent"
        # The other side may be gone already.
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def finish(self):
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive(), "the connection was not closed"
        return self.lines


def split(data):
    """Header, annotations and data of the message at the front, None if it is not complete.

    What does not look like a message is one piece.
    """
    if data and not data.startswith(b"PYRO"[:len(data)]):
        return [data]
    if len(data) < HEADER.size:
        return None
    fields = HEADER.unpack(data[:HEADER.size])
    annotations = HEADER.size + fields[ANNOTATIONS]
    end = annotations + fields[DATA]
    if len(data) < end:
        return None
    return [data[:HEADER.size], data[HEADER.size:annotations], data[annotations:end]]


class RecordedDaemon(Daemon):
    answer_annotations = {}

    def annotations(self):
        return self.answer_annotations


def over_tcp(scenario):
    daemon = RecordedDaemon(host="127.0.0.1")
    uri = daemon.register(EchoServer(), scenarios.OBJECT)
    done = threading.Event()
    serving = threading.Thread(target=daemon.requestLoop, args=(lambda: not done.is_set(),), daemon=True)
    serving.start()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taps = []

        def accept():
            client, _ = listener.accept()
            taps.append(Tap(client, socket.create_connection((uri.host, uri.port))))
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        scenario("PYRO:%s@127.0.0.1:%d" % (uri.object, listener.getsockname()[1]), daemon)
        accepting.join(20)
        lines = taps[0].finish()
    done.set()
    serving.join(20)
    daemon.close()
    return lines


def over_a_socketpair(scenario):
    (client, tap_client), (tap_server, server) = socket.socketpair(), socket.socketpair()
    daemon = RecordedDaemon(connected_socket=server)
    daemon.register(EchoServer(), scenarios.OBJECT)
    serving = threading.Thread(target=daemon.requestLoop, daemon=True)
    serving.start()
    tap = Tap(tap_client, tap_server)
    scenario(client, daemon)
    client.close()
    serving.join(20)
    server.close()
    return tap.finish()


def record(name):
    """Runs a scenario; returns the text of its transcript."""
    scenario = scenarios.SCENARIOS[name]
    config.reset(False)
    generation.accept(generation.SERIALIZERS)
    config.SERVERTYPE = "multiplex"
    config.POLLTIMEOUT = 0.05
    config.COMMTIMEOUT = 20.0
    RecordedDaemon.answer_annotations = {}
    numbers = itertools.count(1)
    uuid.uuid4 = lambda: uuid.UUID(int=next(numbers), version=4)
    lines = over_a_socketpair(scenario) if scenario.socketpair else over_tcp(scenario)
    versions = "Pyro %s, serpent %s, Python %s" % (pyro.__version__, serpent.__version__, platform.python_version())
    first = "# %s: %s (%s)" % (name, " ".join(scenario.__doc__.split()), versions)
    last = "< end" if scenario.server_ends else "> end"
    return "\n".join([first, *lines, last, ""])


def comparable(text):
    """The transcript without what depends on Python's version: tracebacks and the sizes of messages
    that have them, the texts of syntax errors."""
    result = []
    for line in text.splitlines()[1:]:
        direction, *parts = line.split(" ")
        if parts == ["end"]:
            result.append(line)
            continue
        data = bytes.fromhex("".join(parts))
        if data.startswith(b"PYRO") and b"_pyroTraceback" in data:
            # Neither traceback nor what follows from its size: lengths, checksum, signature.
            if generation.NUMBER == 4:
                data = data[:12] + data[HEADER.size:data.index(b"_pyroTraceback")]
            else:
                data = data[:12] + TRACEBACK.sub(b"", data[20:])
            if b"builtins.SyntaxError" in data:
                data = data[:32]
        result.append((direction, data))
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    make_repeatable()
    for name in args.names or scenarios.SCENARIOS:
        path = os.path.join(FOLDER, name + ".txt")
        text = record(name)
        if args.verify:
            with open(path) as file:
                assert comparable(file.read()) == comparable(text), "%s differs" % name
            print("same", name)
        else:
            with open(path, "w") as file:
                file.write(text)
            print("wrote", name)
    print("ALL OK")


if __name__ == "__main__":
    main()
