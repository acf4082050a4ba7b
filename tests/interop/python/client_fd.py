"""The real Pyro client on a connected socket that it was given: no CONNECT is ever sent.

usage: client_fd.py FD OBJECT [--without-batches]

OBJECT must be an echo server as Pyro's own. GENERATION in the environment chooses Pyro. Prints one line for each step, `ALL OK` at the end.
"""

import socket
import sys

from checking import equal, raises
from generation import BatchProxy, Proxy, config, errors


def main():
    fd, name = sys.argv[1:3]
    config.COMMTIMEOUT = 20.0
    sock = socket.socket(fileno=int(fd))
    sock.settimeout(20.0)

    proxy = Proxy(name, connected_socket=sock)
    equal("echo" in proxy._pyroMethods and proxy._pyroAttrs, {"verbose"})
    print("metadata", len(proxy._pyroMethods), flush=True)
    for value in [None, 5, "ä", [1, (2.5, {"k": b""})], "x" * 300000]:
        expected = [1, (2.5, {"k": {"data": "", "encoding": "base64"}})] if type(value) is list else value
        equal(proxy.echo(value), expected)
    print("echo", flush=True)
    error = raises(ValueError, "the message of the error", proxy.error_with_text)
    assert error._pyroTraceback, vars(error)
    raises(AttributeError, "attempt to access private attribute '_private'", proxy._pyroInvoke, "_private", (), {})
    print("exceptions", flush=True)
    equal(proxy.verbose, False)
    proxy.verbose = False
    print("attribute", flush=True)
    equal(proxy.oneway_echo("x"), None)
    print("oneway", flush=True)
    if "--without-batches" not in sys.argv[3:]:
        batch = BatchProxy(proxy)
        batch.echo(1)
        batch.inf()
        equal(list(batch()), [1, float("inf")])
        print("batch", flush=True)

    # A second one begins again at sequence number 1, on the same socket.
    second = Proxy(name, connected_socket=sock)
    equal(second.echo("second"), "second")
    equal(second._pyroSeq, 2)
    equal(proxy.echo("first again"), "first again")
    print("second proxy", flush=True)

    # Its end leaves the socket open.
    second._pyroRelease()
    equal(proxy.echo("still open"), "still open")
    third = Proxy(name, connected_socket=sock)
    equal(third.nan(), float("nan"))
    print("third proxy", flush=True)

    raises(errors.DaemonError, "unknown object", Proxy, "no.such.object", connected_socket=sock)
    daemon = Proxy("Pyro.Daemon", connected_socket=sock)
    equal(daemon.ping(), None)
    assert name in daemon.registered()
    equal(proxy.echo("last"), "last")
    print("ALL OK", flush=True)
    sock.close()


if __name__ == "__main__":
    main()
