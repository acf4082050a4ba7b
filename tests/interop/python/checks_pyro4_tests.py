"""What Pyro4's own tests ask of a running server beyond those of Pyro5 (PyroTests/test_server.py of Pyro4).

Each check has the name of the tests that it follows.
"""

import threading
import time
import uuid

import Pyro4.core
from Pyro4 import message

from checking import check, equal, raises
from generation import BatchProxy, Proxy, config


def without_metadata(function):
    """Decorator: clients ask for no metadata meanwhile."""
    def run(uri):
        config.METADATA = False
        try:
            function(uri)
        finally:
            config.METADATA = True
    run.__name__ = function.__name__
    return check(run)


def in_threads(number, function):
    """Runs the function in threads at the same time, each with its number; returns the results."""
    results = [None] * number

    def run(n):
        results[n] = function(n)

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@check
def testAsyncProxy(uri):
    with Proxy(uri) as p:
        Pyro4.core.asyncproxy(p)
        p._pyroBind()
        begun = time.time()
        result = p.delay(2)
        assert time.time() - begun < 1.5
        equal((result.ready, result.wait(0.1)), (False, False))
        equal(result.value, "slept 2 seconds")
        equal((result.ready, result.wait()), (True, True))


@check
def testAsyncProxyCallchain(uri):
    with Proxy(uri) as p:
        Pyro4.core.asyncproxy(p)
        p._pyroBind()
        result = p.multiply(2, 3)
        result.then(lambda value, increase: value + increase, increase=10).then(lambda value: value * 2)
        equal(result.value, 32)
        # An exception goes through the chain.
        raises(ZeroDivisionError, None, lambda: p.divide(1, 0).value)


@check
def testBatchAsync_testBatchAsyncCallchain(uri):
    with Proxy(uri) as p:
        p._pyroBind()
        batch = BatchProxy(p)
        batch.multiply(7, 6)
        batch.delay(1)
        batch.multiply(3, 4)
        results = batch(asynchronous=True).value
        equal(list(results), [42, "slept 1 seconds", 12])
        batch = BatchProxy(p)
        batch.multiply(7, 6)
        batch.multiply(3, 4)
        result = batch(asynchronous=True)
        result.then(lambda values: [value + 1 for value in values])
        equal(result.value, [43, 13])


@check
def testConnectingThreads(uri):
    with Proxy(uri) as p:
        connected = in_threads(20, lambda _: p._pyroBind())
        equal(sum(connected), 1)


@check
def testProxySharing(uri):
    with Proxy(uri) as p:
        equal(in_threads(5, lambda n: [p.multiply(n, 11) for _ in range(50)]), [[n * 11] * 50 for n in range(5)])


@check
def testServerParallelism(uri):
    proxies = [Proxy(uri) for _ in range(6)]
    for p in proxies:
        p._pyroBind()
    begun = time.time()
    equal(in_threads(6, lambda n: proxies[n].delay(1)), ["slept 1 seconds"] * 6)
    assert time.time() - begun < 5, "one after the other"
    for p in proxies:
        p._pyroRelease()


@check
def testProxyAnnotationsOldApi(uri):
    told = {}

    class CustomAnnotationsProxy(Proxy):
        def _pyroAnnotations(self):
            return {"XYZZ": b"data from proxy via new api"}

        def _pyroResponseAnnotations(self, annotations, msgtype):
            told.update(annotations=annotations, msgtype=msgtype)

    correlation = Pyro4.core.current_context.correlation_id = uuid.uuid4()
    try:
        with CustomAnnotationsProxy(uri) as p:
            # The server raises ValueError where it misses them.
            p.response_annotation()
        equal(told["msgtype"], message.MSG_RESULT)
        annotations = sorted((name, bytes(value)) for name, value in told["annotations"].items())
        equal(annotations, [("ANN2", b"daemon annotation via new api"), ("CORR", correlation.bytes)])
    finally:
        Pyro4.core.current_context.correlation_id = None


@without_metadata
def testMetaOffAttrs(uri):
    with Proxy(uri) as p:
        equal(p.multiply(5, 11), 55)
        # Nobody has said that it is an attribute.
        raises(AttributeError, None, lambda: p.dictionary.update({"more": 666}))
        raises(AttributeError, None, lambda: p.dictionary())


@without_metadata
def testOnewayMetaOff(uri):
    with Proxy(uri) as p:
        p._pyroBind()
        equal(p._pyroOneway, set())
        equal((p.multiply(5, 11), p.oneway_multiply(5, 11)), (55, 55))
        raises(AttributeError, None, p.nonexisting_method)
        p._pyroOneway.add("nonexisting_method")
        equal(p.nonexisting_method(), None)
        equal(p.multiply(2, 2), 4)


@without_metadata
def testProxyAttrsMetadataOff(uri):
    with Proxy(uri) as p:
        for name in ["multiply", "value", "non_existing_attribute"]:
            equal(type(getattr(p, name)), Pyro4.core._RemoteMethod)
        p.some_weird_attribute = 42
        equal(p.some_weird_attribute, 42)
