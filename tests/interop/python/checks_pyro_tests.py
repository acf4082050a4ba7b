"""What Pyro's own tests ask of a running server (tests/test_server.py of Pyro5), seen from the client's side.

Each check has the name of the tests that it follows. What those look at inside the server is left out.
"""

import copy
import time

from checking import check, equal, raises
from generation import NUMBER, BatchProxy, Proxy, SerializedBlob, config, current_context, errors, get_pyro_traceback

METHODS = {"multiply", "divide", "ping", "echo", "testargs", "blob", "oneway_delay", "delay", "oneway_multiply", "generator",
           "response_annotation", "new_test_object", "__len__", "__iter__", "__getitem__"}


def beside(uri, name):
    """The proxy of another object of this server."""
    return Proxy("PYRO:%s@%s" % (name, uri.split("@")[1]))


def traceback_of(error):
    return "".join(get_pyro_traceback(type(error), error, error.__traceback__))


@check
def testPingMessage(uri):
    if NUMBER == 4:
        return  # Sent with other functions there: checks_generation.py has it.
    from Pyro5 import protocol
    with Proxy(uri) as p:
        p._pyroBind()
        p._pyroConnection.send(protocol.SendingMessage(protocol.MSG_PING, 42, 999, 0, b"something").data)
        answer = protocol.recv_stub(p._pyroConnection, [protocol.MSG_PING])
        equal((answer.type, answer.seq, bytes(answer.data)), (protocol.MSG_PING, 999, b"pong"))
        protocol.SendingMessage.ping(p._pyroConnection)


@check
def testSequence(uri):
    with Proxy(uri) as p:
        for n in range(3):
            p.echo(n)
        p._pyroSeq = 999
        equal(p.echo(42), 42)
        p._pyroSeq = 65535
        equal([p.echo(n) for n in range(3)], [0, 1, 2])


@check
def testMetaOnAttrs(uri):
    with Proxy(uri) as p:
        equal(p.multiply(5, 11), 55)
        # A local copy.
        p.dictionary.update({"more": 666})
        equal(p.dictionary, {"number": 42})
    with Proxy(uri) as p:
        raises(AttributeError, None, lambda: p.dict_attr)


@check
def testSomeArgumentTypes_testUnicodeKwargs(uri):
    with Proxy(uri) as p:
        equal(p.testargs(1), [1, [], {}])
        equal(p.testargs(1, 2, 3, a=4), [1, [2, 3], {"a": 4}])
        equal(p.testargs(1, **{"a": 2}), [1, [], {"a": 2}])
        equal(p.testargs("\u20ac", **{"\u20ac": 2}), ["\u20ac", [], {"\u20ac": 2}])


@check
def testNormalProxy_testExceptions_testException(uri):
    with Proxy(uri) as p:
        equal(p.multiply(7, 6), 42)
        error = raises(ZeroDivisionError, None, p.divide, 1, 0)
        assert "Remote traceback" in traceback_of(error) and "ZeroDivisionError" in traceback_of(error)
        raises(TypeError, None, p.multiply, "a", "b")


@check
def testProxyMetadata_testProxyMetadataKnown(uri):
    with Proxy(uri) as p:
        equal((p._pyroAttrs, p._pyroMethods, p._pyroOneway), (set(), set(), set()))
        p._pyroMethods, p._pyroAttrs = set("abc"), set("xyz")
        p._pyroBind()
        told = ({"value", "dictionary"}, METHODS, {"oneway_multiply", "oneway_delay"})
        equal((p._pyroAttrs, p._pyroMethods, p._pyroOneway), told)
        for asked in [(), (p._pyroUri.object,)]:
            p._pyroAttrs = None
            p._pyroGetMetadata(*asked)
            equal(p._pyroAttrs, {"value", "dictionary"})


@check
def testProxyAttrsMetadataOn(uri):
    with Proxy(uri) as p:
        equal(p.value, 12345)
        assert callable(p.multiply)
        raises(AttributeError, None, lambda: p.non_existing_attribute)
    with Proxy(uri) as p:
        p.value = 42
        equal(p.value, 42)
        p.value = 12345
        assert "value" in p._pyroAttrs


@check
def testProxyAnnotations(uri):
    with Proxy(uri) as p:
        try:
            current_context.annotations = {"XYZZ": b"invalid test data"}
            raises(ValueError, None, p.response_annotation)
            current_context.annotations = {"XYZZ": b"data from proxy via new api"}
            p.response_annotation()
            equal(bytes(current_context.response_annotations["ANN2"]), b"daemon annotation via new api")
        finally:
            current_context.annotations = {}


@check
def testExposedRequired(uri):
    with beside(uri, "unexposed") as p:
        p._pyroBind()
        equal(p._pyroMethods, {"getName"})
        equal(p.getName(), "hello")
        raises(AttributeError, "remote object '%s' has no exposed attribute or method 'unexposed'" % p._pyroUri, lambda: p.unexposed)
        text = "remote object '%s' has no exposed attribute 'unexposed_set'" % p._pyroUri
        raises(AttributeError, text, setattr, p, "unexposed_set", 999)
        # Past the metadata, the server refuses it as well.
        raises(AttributeError, None, p._pyroInvoke, "unexposed", (), {})


@check
def testProperties_testHasAttr(uri):
    with Proxy(uri) as p:
        equal([hasattr(p, name) for name in ["multiply", "oneway_multiply", "value"]], [True] * 3)
        equal([hasattr(p, name) for name in ["_value", "_dictionary", "something", "non_existing_attribute"]], [False] * 4)
        equal(p.dictionary, {"number": 42})
        raises(AttributeError, None, p._pyroInvoke, "__getattr__", ("something",), None)


@check
def testBatchProxy_testPyroTracebackBatch(uri):
    with Proxy(uri) as p:
        batch = BatchProxy(p)
        equal([batch.multiply(7, 6), batch.divide(999, 3), batch.ping(), batch.divide(999, 0), batch.multiply(3, 4)], [None] * 5)
        results = batch()
        equal([next(results), next(results), next(results)], [42, 333, None])
        error = raises(ZeroDivisionError, None, next, results)
        assert "Remote traceback" in traceback_of(error), traceback_of(error)
        raises(StopIteration, None, next, results)
        # testBatchMethodReuse of test_client.py
        batch.multiply(1, 1)
        batch.multiply(2, 2)
        equal(list(batch()), [1, 4])
        batch.multiply(3, 3)
        equal(list(batch()), [9])
        equal(list(batch()), [])


@check
def testBatchOneway(uri):
    with Proxy(uri) as p:
        p._pyroBind()
        batch = BatchProxy(p)
        batch.multiply(7, 6)
        batch.delay(2)
        batch.multiply(3, 4)
        begun = time.time()
        equal(batch(oneway=True), None)
        assert time.time() - begun < 1.5


@check
def testAutoProxy(uri):
    with Proxy(uri) as p:
        with p.new_test_object() as made:
            equal(type(made), Proxy)
            equal(made.multiply(6, 7), 42)
            assert made._pyroUri.object != p._pyroUri.object
            made.value = 1
            equal((made.value, p.value), (1, 12345))


@check
def testConnectOnce_testConnectionStuff(uri):
    first, second = Proxy(uri), Proxy(uri)
    equal((first._pyroConnection, second._pyroConnection), (None, None))
    assert first._pyroBind() and not first._pyroBind()
    first.ping()
    equal(second.multiply(11, 5), 55)
    for proxy in [first, first, second, second]:
        proxy._pyroRelease()
    equal((first._pyroConnection, second._pyroConnection), (None, None))
    first._pyroBind()
    equal((first.multiply(11, 5), second.multiply(11, 5)), (55, 55))
    first._pyroRelease()
    second._pyroRelease()


@check
def testMaxMsgSize(uri):
    limit = config.MAX_MESSAGE_SIZE
    with Proxy(uri) as p:
        large = [42] * 1000
        equal(list(p.echo(large)), large)
        try:
            config.MAX_MESSAGE_SIZE = 999
            error = None
            try:
                p.echo(large)
            except errors.ProtocolError as refused:
                error = refused
            assert error is not None, "it was sent"
        finally:
            config.MAX_MESSAGE_SIZE = limit
        equal(list(p.echo(large)), large)


@check
def testIterator_testGenerator(uri):
    with Proxy(uri) as p:
        generator = p.generator()
        equal([next(generator) for _ in range(5)], ["one", "two", "three", "four", "five"])
        raises(StopIteration, None, next, generator)
        raises(StopIteration, None, next, generator)
        generator.close()
        generator = p.generator()
        equal(len([v for v in generator]), 5)
        raises(StopIteration, None, next, generator)
        generator.close()


@check
def testLenAndIterAndIndexing(uri):
    with Proxy(uri) as p:
        if NUMBER == 4:
            # Its proxies have no special methods, but call them by name.
            equal([p.__getattr__("__len__")(), list(p.__getattr__("__iter__")())], [6, list("qwerty")])
            return
        equal(len(p), 6)
        equal(list(iter(p)), list("qwerty"))
        equal([p[n] for n in range(6)], list("qwerty"))
        raises(IndexError, None, lambda: p[6])


@check
def testProxySerializedBlobArg(uri):
    with Proxy(uri) as p:
        equal(list(p.blob(SerializedBlob("blobname", [1, 2, 3]))), ["blobname", [1, 2, 3]])


@check
def testResourceFreeing(uri):
    with beside(uri, "resources") as p:
        p.allocate("r1")
        p.allocate("r2")
        equal(list(p.list()), ["r1", "r2"])
    with beside(uri, "resources") as p:
        deadline = time.time() + 20
        while list(p.list()):
            assert time.time() < deadline, "they must be freed with their connection"
            time.sleep(0.02)


@check
def testReconnectAndCompression(uri):
    with Proxy(uri) as p:
        p._pyroReconnect(tries=100)
        assert p._pyroConnection
    equal(p._pyroConnection, None)
    try:
        config.COMPRESSION = True
        with Proxy(uri) as p:
            equal(p.echo("*" * 1000), "*" * 1000)
            equal(p.multiply(5, 11), 55)
    finally:
        config.COMPRESSION = False


@check
def testOnewayMetaOn_testOnewayWithProxySubclass(uri):
    with Proxy(uri) as p:
        equal(p._pyroOneway, set())
        p._pyroBind()
        equal((p.multiply(5, 11), p.oneway_multiply(5, 11)), (55, None))
        p._pyroOneway = set()
        equal((p.multiply(5, 11), p.oneway_multiply(5, 11)), (55, 55))
        p._pyroOneway.add("nonexisting_method")
        raises(AttributeError, None, lambda: p.nonexisting_method())

    class ProxyWithOneway(Proxy):
        def __init__(self, arg):
            super().__init__(arg)
            self._pyroOneway = {"oneway_multiply", "multiply"}

    with ProxyWithOneway(uri) as p:
        equal((p.oneway_multiply(5, 11), p.multiply(5, 11)), (None, 55))


@check
def testOnewayDelayed(uri):
    with Proxy(uri) as p:
        p.ping()
        begun = time.time()
        p.oneway_delay(3)
        equal(p.multiply(5, 11), 55)
        assert time.time() - begun < 2.5, "nobody waits for it"


@check
def testSerializeConnected_testProxyCopy(uri):
    with Proxy(uri) as p:
        p._pyroBind()
        p._pyroTimeout = 20
        with copy.copy(p) as other:
            equal((other._pyroConnection, other._pyroTimeout), (None, 20))
            assert other == p
            other.ping()
            assert other._pyroConnection is not p._pyroConnection
        p.ping()
        # It is sent, and comes back as one that is not connected.
        back = p.echo(p)
        equal((type(back), back._pyroConnection, back == p), (Proxy, None, True))
        with back:
            equal(back.multiply(2, 3), 6)


@check
def testTimeoutCall(uri):
    with Proxy(uri) as p:
        p.ping()
        begun = time.time()
        p.delay(0.3)
        assert time.time() - begun > 0.25
        p._pyroTimeout = 0.2
        begun = time.time()
        raises(errors.TimeoutError, None, p.delay, 3)
        assert time.time() - begun < 2.5
        p._pyroTimeout = 20
        equal(p.multiply(2, 2), 4)


@check
def testServerConnections(uri):
    proxies = [Proxy(uri) for _ in range(10)]
    for p in proxies:
        p._pyroBind()
    for p in proxies:
        p.ping()
    for p in proxies:
        p._pyroRelease()


@check
def testGeneratorProxyClose(uri):
    p = Proxy(uri)
    generator = p.generator()
    p._pyroRelease()
    raises(errors.ConnectionClosedError, None, next, generator)


@check
def testNonexistingObject(uri):
    """testRegisterEtc of test_daemon.py, from outside."""
    with beside(uri, "unexisting_thingie") as p:
        error = raises(errors.CommunicationError, None, p._pyroBind)
        assert "unknown object" in str(error), error
