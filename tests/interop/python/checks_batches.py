"""Batches of calls to the object `test.source`, from either generation of Pyro."""

import os

from checking import check, equal, raises
from generation import BatchProxy, Proxy, config

KEY = "%s of %d" % (config.SERIALIZER, os.getpid())


def oneway_batch(batch):
    return batch(oneway=True)


@check
def results_in_order(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        for n in range(10):
            equal(batch.append(KEY, n), None)
        batch.divide(7, b=2)
        batch.soon({"k": [None]})
        batch.divide(a=8)
        equal(list(batch()), list(range(1, 11)) + [3, {"k": [None]}, 8])
        equal(proxy.take(KEY), list(range(10)))
        # It can be used again.
        batch.divide(1)
        equal(list(batch()), [1])
        equal(list(batch()), [])


@check
def an_exception_stops_it(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        batch.append(KEY, "first")
        batch.divide(1, 0)
        batch.append(KEY, "never")
        results = batch()
        equal(next(results), 1)
        error = raises(ZeroDivisionError, "division by zero", next, results)
        assert "division by zero" in "".join(error._pyroTraceback), vars(error)
        equal(list(results), [])
        equal(proxy.take(KEY), ["first"])
        # So do arguments that do not fit.
        batch.append(KEY, "second")
        batch.append(KEY)
        batch.append(KEY, "never")
        results = batch()
        equal(next(results), 1)
        raises(TypeError, None, next, results)
        equal(proxy.take(KEY), ["second"])


@check
def an_unknown_method_fails_the_whole_call(uri):
    with Proxy(uri) as proxy:
        for name, text in [("nosuch", "'Source' object has no attribute 'nosuch'"),
                           ("_private", "attempt to access private attribute '_private'")]:
            calls = [("append", [KEY, "before"], {}), (name, [], {}), ("append", [KEY, "never"], {})]
            raises(AttributeError, text, proxy._pyroInvokeBatch, calls)
            equal(proxy.take(KEY), ["before"])


@check
def oneway(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        for n in range(5):
            batch.append(KEY, n)
        batch.divide(1, 0)
        batch.append(KEY, "never")
        equal(oneway_batch(batch), None)
        batch.nosuch()
        equal(oneway_batch(batch), None)
        for _ in range(1000):
            taken = proxy.take(KEY)
            if taken:
                break
        equal(taken, list(range(5)))


@check
def streams_cannot_be_in_it(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        batch.divide(1)
        batch.count(3)
        results = batch()
        equal(next(results), 1)
        raises_anything(next, results)
        equal(list(proxy.count(2)), [0, 1])


def raises_anything(function, *args):
    try:
        result = function(*args)
    except Exception:
        return
    raise AssertionError("got the result %r" % (result,))


@check
def large(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        for n in range(1000):
            batch.divide(n)
        batch.soon("x" * 200000)
        equal(list(batch()), list(range(1000)) + ["x" * 200000])
