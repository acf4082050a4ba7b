"""Iterating over the streams of the object `test.source`, from either generation of Pyro."""

import gc
import os

from checking import check, equal, raises
from generation import Proxy, config, errors

KEY = "%s of %d" % (config.SERIALIZER, os.getpid())


def still_there(proxy):
    equal(list(proxy.count(1)), [0])


def closed(proxy):
    """Closing is a oneway call, perhaps on another connection."""
    for _ in range(1000):
        if proxy.open(KEY) == 0:
            return
    raise AssertionError("%d streams are open" % proxy.open(KEY))


@check
def for_loops(uri):
    with Proxy(uri) as proxy:
        for n in [0, 1, 5, 300]:
            equal([item for item in proxy.count(n)], list(range(n)))


@check
def items_of_all_kinds(uri):
    samples = [None, True, -1, 2 ** 40, 0.5, "", "ä€😀", [1, [2.5, [None]]], {"k": {"ä": [True]}}, "x" * 100000]
    with Proxy(uri) as proxy:
        equal(list(proxy.items(samples)), samples)


@check
def several_at_once(uri):
    with Proxy(uri) as proxy:
        one, two, three = proxy.count(3), proxy.items(["a", "b"]), proxy.later(2)
        equal([next(one), next(two), next(three), next(one)], [0, "a", 0, 1])
        equal(proxy.divide(6, 2), 3)
        equal(list(zip(two, three)), [("b", 1)])
        equal([list(one), list(two), list(three)], [[2], [], []])


@check
def items_from_other_threads(uri):
    with Proxy(uri) as proxy:
        equal(list(proxy.later(100)), list(range(100)))


@check
def the_end(uri):
    with Proxy(uri) as proxy:
        stream = proxy.count(1)
        assert iter(stream) is stream
        equal(next(stream), 0)
        for _ in range(3):
            raises(StopIteration, None, next, stream)
        still_there(proxy)


@check
def an_error_in_the_middle(uri):
    with Proxy(uri) as proxy:
        stream = proxy.breaks(2)
        equal([next(stream), next(stream)], [0, 1])
        error = raises(ValueError, "the stream broke", next, stream)
        assert "the stream broke" in "".join(error._pyroTraceback), vars(error)
        raises(errors.PyroError, "item stream terminated", next, stream)
        raises(ValueError, "too many", proxy.refuse, 4)
        equal(list(proxy.refuse(3)), [0, 1, 2])


@check
def closing(uri):
    with Proxy(uri) as proxy:
        stream = proxy.tracked(KEY)
        equal([next(stream), next(stream), proxy.open(KEY)], [1, 2, 1])
        other = proxy.tracked(KEY)
        equal(proxy.open(KEY), 2)
        stream.close()
        raises(StopIteration, None, next, stream)
        equal(next(other), 1)
        # One that nobody has any more closes itself.
        del other
        gc.collect()
        closed(proxy)
        still_there(proxy)


@check
def unknown_streams(uri):
    with Proxy(uri) as proxy:
        def daemon(method, *args):
            return proxy._pyroInvoke(method, args, {}, objectId="Pyro.Daemon")

        raises(errors.PyroError, "item stream terminated", daemon, "get_next_stream_item", "nobody")
        equal(daemon("close_stream", "nobody"), None)
        still_there(proxy)


@check
def another_connection_goes_on(uri):
    with Proxy(uri) as proxy:
        stream = proxy.count(5)
        equal([next(stream), next(stream)], [0, 1])
        proxy._pyroRelease()
        raises(errors.ConnectionClosedError, "the proxy for this stream result has been closed", next, stream)
        proxy._pyroReconnect(3)
        equal(list(stream), [2, 3, 4])
        # From the side of another proxy, while the first connection is there.
        stream = proxy.count(4)
        with Proxy(uri) as other:
            equal(next(stream), 0)
            item = other._pyroInvoke("get_next_stream_item", [stream.streamId], {}, objectId="Pyro.Daemon")
            equal([item, next(stream)], [1, 2])


@check
def a_lost_connection_keeps_a_stream_for_a_while(uri):
    with Proxy(uri) as proxy, Proxy(uri) as other:
        stream = proxy.tracked(KEY)
        equal(next(stream), 1)
        proxy._pyroConnection.sock.close()
        equal(other.open(KEY), 1)
        proxy._pyroReconnect(3)
        equal(next(stream), 2)
        stream.close()
        closed(other)
