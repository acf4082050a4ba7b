"""Uses what server.py offers with the real Pyro5 client, to prove server.py itself.

usage: try_server.py URI [the OPTIONS that server.py was given ...]
"""

import sys

from Pyro5 import config
from Pyro5.api import Proxy, current_context
from Pyro5.errors import CommunicationError, NamingError, ProtocolError, PyroError, SerializeError

from checking import equal, raises

SECRET = "open sesame"


def connect(uri):
    proxy = Proxy(uri)
    proxy._pyroHandshake = SECRET
    return proxy


def calls(proxy, options):
    equal(proxy.add(1), 111)
    equal(proxy.add(1, b=2, c=3), 6)
    equal(proxy.collect(1, 2, x=3), [[1, 2], {"x": 3}])
    equal(proxy.describe([b"x"]), ["list", "[b'x']" if "--bytes-repr" in options else "[{'data': 'eA==', 'encoding': 'base64'}]"])
    equal(proxy.slow(0.01, "late"), "late")
    equal(len(proxy.large(100000)), 100000)
    equal(proxy.nothing(), None)


def values(proxy, options):
    got = proxy.values()
    equal(got["empty set"], ())
    equal(got["bytes"], b"\x00\xff" if "--bytes-repr" in options else {"data": "AP8=", "encoding": "base64"})
    equal(str(proxy.uri()), "PYRO:some.object@localhost:4444")
    equal(proxy.itself()._pyroUri, proxy._pyroUri)
    equal(proxy.set(), {1, 2, 3})
    raises(SerializeError, "unsupported serialized class: thing.Point", proxy.custom)
    raises(SerializeError, "unsupported serialized class: thing.CustomError", proxy.exception_as_value)
    equal(proxy.degrees({"__class__": "weather.Temperature", "celsius": 5}), 5)
    raises(SerializeError, "unsupported serialized class: thing.Point", proxy.swap, {"__class__": "thing.Point", "x": 1, "y": 2})


def attributes(proxy, options):
    equal(proxy.name, "the thing")
    proxy.level = 5
    equal(proxy.level, 5)
    raises(ValueError, "the level must not be negative", setattr, proxy, "level", -1)
    raises(AttributeError, "attempt to access unexposed or unknown remote attribute 'name'", setattr, proxy, "name", 1)
    raises(RuntimeError, "this attribute cannot be read", lambda: proxy.failing)


def oneway_calls(proxy, options):
    proxy.note("a")
    proxy.note_slowly("b", 0.05)
    proxy.slow(0.5)
    equal(proxy.notes(), ["a", "b"])
    proxy.forget_notes()
    equal(proxy.notes(), [])


def exceptions(proxy, options):
    raises(KeyError, "'k'", proxy.fail_builtin, "KeyError", "k")
    raises(NamingError, "n", proxy.fail_pyro, "NamingError", "n")
    error = raises(ValueError, "outer", proxy.fail_chained)
    assert ("direct cause" in "".join(error._pyroTraceback)) == ("--detailed-tracebacks" not in options)
    raises(SerializeError, "unsupported serialized class: thing.CustomError", proxy.fail_custom)
    error = raises(PyroError, None, proxy.fail_opaque)
    assert str(error).startswith("Error serializing exception: "), error
    raises(TypeError, None, proxy.opaque)
    error = raises(ZeroDivisionError, "at the bottom", proxy.fail_deep, 50)
    assert len("".join(error._pyroTraceback)) > 500


def context(proxy, options):
    always = {"DMON": b"always"} if "--annotation" in options else {}
    current_context.annotations = {"ABCD": b"request"}
    got = proxy.context()
    current_context.annotations = {}
    equal((got["serializer"], got["annotations"]), (1, {"ABCD": "request"}))
    proxy.annotate("EFGH", "text")
    got = {name: bytes(data) for name, data in current_context.response_annotations.items()}
    equal(got, {"EFGH": b"text", **always})
    proxy.nothing()
    got = {name: bytes(data) for name, data in current_context.response_annotations.items()}
    equal(got, always)


def streams(proxy, options):
    if "--no-streams" in options:
        raises(ProtocolError, "result of call is an iterator, but the server is not configured to allow streaming", proxy.stream, 3)
        return
    equal(list(proxy.stream(3)), ["item 0", "item 1", "item 2"])
    stream = proxy.failing_stream(2)
    equal([next(stream), next(stream)], [0, 1])
    raises(ValueError, "the stream broke", next, stream)


def instances(proxy, options):
    def counts(name):
        with connect(str(proxy._pyroUri).replace("test.thing", name)) as counter:
            return [counter.next(), counter.next()]
    equal([counts("test.session"), counts("test.session")], [[1, 2], [1, 2]])
    equal([counts("test.percall"), counts("test.single"), counts("test.single")], [[1, 1], [1, 2], [3, 4]])


def handshakes(proxy, options):
    with Proxy(proxy._pyroUri) as stranger:
        if "--secret" in options:
            where = proxy._pyroUri.sockname
            raises(CommunicationError, "connection to %s rejected: wrong secret: 'hello'" % where, stranger._pyroBind)
        else:
            stranger._pyroBind()


def main():
    uri, *options = sys.argv[1:]
    config.COMMTIMEOUT = 20.0
    config.SERPENT_BYTES_REPR = "--bytes-repr" in options
    with connect(uri) as proxy:
        for test in [calls, values, attributes, oneway_calls, exceptions, context, streams, instances, handshakes]:
            test(proxy, options)
            print("ok", test.__name__)
        proxy.quit()
    print("ALL OK")


main()
