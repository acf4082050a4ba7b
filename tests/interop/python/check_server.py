"""Checks an echo server against the behaviour of Pyro5's own, with the real Pyro5 client.

usage: check_server.py URI [--kind tcp|tcp6|unix] [--skip NAME,NAME ...] [--list]
                           [--compressing] [--shutdown]

The object must be that of Pyro5.utils.echoserver. One line is printed for each check, `ALL OK` at
the end.
"""

import argparse
import ipaddress
import sys

from Pyro5 import config
from Pyro5.core import URI

import checking
import checks_values    # noqa: F401 (importing registers the checks, in the order in which they run)
import checks_calls     # noqa: F401
import checks_daemon    # noqa: F401
import checks_context   # noqa: F401
import checks_batch     # noqa: F401
import checks_wire      # noqa: F401
import checks_hostile   # noqa: F401
import options
from rawwire import TIMEOUT


def kind_of(uri):
    if uri.sockname:
        return "unix"
    try:
        return "tcp6" if ipaddress.ip_address(uri.host).version == 6 else "tcp"
    except ValueError:
        return "tcp"


def shut_down(uri):
    """shutdown() is answered with None, and ends the server."""
    from Pyro5.client import Proxy
    with Proxy(uri) as proxy:
        checking.equal(proxy.shutdown(), None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("uri")
    parser.add_argument("--kind", choices=["tcp", "tcp6", "unix"], help="fail if the URI is of another kind")
    parser.add_argument("--skip", default="", help="names of checks to leave out, separated by commas")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    parser.add_argument("--compressing", action="store_true", help="the server is configured to compress")
    parser.add_argument("--shutdown", action="store_true", help="end the server with its shutdown()")
    args = parser.parse_args()
    if args.list:
        print("\n".join(function.__name__ for function in checking.CHECKS))
        return 0
    kind = kind_of(URI(args.uri))
    if args.kind not in (None, kind):
        print("this is a URI of kind %s" % kind, file=sys.stderr)
        return 2
    config.COMMTIMEOUT = TIMEOUT
    options.compressing = args.compressing
    if args.shutdown:
        checking.check(shut_down)
    return checking.run(args.uri, [name for name in args.skip.split(",") if name])


if __name__ == "__main__":
    sys.exit(main())
