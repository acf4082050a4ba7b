"""A Pyro server for the tests of clients, of the generation that GENERATION in the environment names.

usage: server.py [--host HOST | --unix PATH | --fd N] [--threads] [--compress] [--bytes-repr]
                 [--detailed-tracebacks] [--no-streams] [--secret TEXT] [--annotation NAME=TEXT ...]
                 [--hmac-key KEY] [--accept NAME,NAME ...]

Prints `READY URI` for each object, test.thing first, and runs until its quit() is called. With --fd
it serves the one connection that this file descriptor is.
"""

import argparse
import socket
import sys
import threading

import generation
import thing
from generation import Daemon, EchoServer, config, core


def make_daemon(args, **options):
    answer_annotations = {}
    for annotation in args.annotation:
        name, _, text = annotation.partition("=")
        answer_annotations[name] = text.encode()

    class TestDaemon(Daemon):
        def validateHandshake(self, conn, data):
            if args.secret is not None and data != args.secret:
                raise core.errors.SecurityError("wrong secret: %r" % (data,))
            return {"welcome": data}

        def annotations(self):
            return answer_annotations

    daemon = TestDaemon(**options)
    if args.hmac_key is not None:
        daemon._pyroHmacKey = args.hmac_key.encode()
    return daemon


def main():
    parser = argparse.ArgumentParser()
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--host", default="127.0.0.1", help="the port is a free one")
    where.add_argument("--unix", metavar="PATH")
    where.add_argument("--fd", type=int, metavar="N", help="a connected socket")
    parser.add_argument("--threads", action="store_true", help="Pyro's thread pool, not its multiplexer")
    parser.add_argument("--compress", action="store_true", help="compress answers")
    parser.add_argument("--bytes-repr", action="store_true", help="answer with bytes literals")
    parser.add_argument("--detailed-tracebacks", action="store_true")
    parser.add_argument("--no-streams", action="store_true")
    parser.add_argument("--secret", metavar="TEXT", help="refuse handshakes with other data")
    parser.add_argument("--annotation", metavar="NAME=TEXT", action="append", default=[], help="sent with each answer")
    parser.add_argument("--hmac-key", metavar="KEY", help="sign messages (Pyro4)")
    parser.add_argument("--accept", metavar="NAME,NAME ...", help="serializers that are understood (Pyro4)")
    args = parser.parse_args()

    config.SERVERTYPE = "thread" if args.threads else "multiplex"
    config.COMPRESSION = args.compress
    if args.bytes_repr:
        config.SERPENT_BYTES_REPR = True
    if args.accept is not None:
        generation.accept(args.accept.split(","))
    config.DETAILED_TRACEBACK = args.detailed_tracebacks
    config.ITER_STREAMING = not args.no_streams

    if args.fd is not None:
        connection = socket.socket(fileno=args.fd)
        daemon = make_daemon(args, connected_socket=connection)
    elif args.unix:
        daemon = make_daemon(args, unixsocket=args.unix)
    else:
        daemon = make_daemon(args, host=args.host, port=0)

    it = thing.Thing()
    objects = [("test.thing", it), ("test.echoserver", EchoServer()), ("test.session", thing.SessionCounter),
               ("test.percall", thing.CallCounter), ("test.single", thing.SharedCounter)]
    for name, thing_or_class in objects:
        print("READY", daemon.register(thing_or_class, name), flush=True)

    if args.threads:
        # The accepting thread notices the end only when it is woken.
        def watch():
            while not it.stopping:
                threading.Event().wait(0.05)
            daemon.shutdown()
        threading.Thread(target=watch, daemon=True).start()
    daemon.requestLoop(loopCondition=lambda: not it.stopping)
    daemon.close()
    print("END", flush=True)


if __name__ == "__main__":
    sys.exit(main())
