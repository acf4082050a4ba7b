"""What a program of either generation gets from an echo server, in the serializer that is configured."""

import datetime
import decimal
import uuid

from checking import check, equal, raises
from generation import NUMBER, URI, Proxy, config, current_context, errors, get_pyro_traceback

METHODS = {"echo", "error", "error_with_text", "generator", "inf", "nan", "oneway_echo", "oneway_slow", "shutdown", "slow",
           "__dunder__"}
ONEWAYS = {"oneway_echo", "oneway_slow"}
MODULE = "Pyro%d" % NUMBER


def invoke(proxy, method, args=(), kwargs=None, **more):
    return proxy._pyroInvoke(method, args, {} if kwargs is None else kwargs, **more)


def is_(*serializers):
    return config.SERIALIZER in serializers


def arrives(value):
    """What becomes of a value that is echoed."""
    if is_("json", "msgpack") and isinstance(value, (list, tuple)):
        return [arrives(item) for item in value]
    if isinstance(value, dict):
        return {str(key) if is_("json") else key: arrives(item) for key, item in value.items()}
    return value


@check
def values(uri):
    samples = [None, True, False, 0, -1, 127, 128, -129, 2 ** 31, 2 ** 63 - 1, -2 ** 63, 0.0, -0.0, 0.1, 1e300, "", "it's",
               "back\\slash\n\t\x00", "ä€😀", [], [1, [2.5, [None]]], {}, {"k": {"ä": [True]}}, "x" * 70000,
               list(range(1000)), (1, (2,)), {"a": ("b", {"c": ()})}, float("inf"), float("-inf"), float("nan")]
    with Proxy(uri) as proxy:
        for value in samples:
            equal(proxy.echo(value), arrives(value))


@check
def values_that_not_all_serializers_have(uri):
    samples = []
    if not is_("json"):
        samples += [2 ** 64 - 1]
    if not is_("msgpack"):
        samples += [2 ** 200, -2 ** 100]
    if is_("serpent", "marshal", "pickle"):
        samples += [(1, (2,)), 1 + 2j, {1: 2.5, (1, 2): "x"}, {1, 2, 3}, {"a", (1, "b")}]
    if is_("marshal", "pickle"):
        samples += [frozenset({1, 2}), b"\x00\xff", set()]
    if is_("msgpack"):
        samples += [b"\x00\xff"]
    if is_("pickle"):
        samples += [datetime.datetime(2020, 2, 3, 4, 5, 6, 789), datetime.date(2020, 2, 3), datetime.time(4, 5, 6),
                    datetime.timedelta(days=5, microseconds=3), decimal.Decimal("1.50"), uuid.UUID(int=5),
                    bytearray(b"\x00\xff"), ...]
    with Proxy(uri) as proxy:
        for value in samples:
            equal(proxy.echo(value), value)


@check
def arguments(uri):
    with Proxy(uri) as proxy:
        equal(proxy.echo(message="by name"), "by name")
        raises(TypeError, "EchoServer.echo() missing 1 required positional argument: 'message'", proxy.echo)
        raises(TypeError, "EchoServer.echo() takes 2 positional arguments but 3 were given", proxy.echo, 1, 2)
        raises(TypeError, "EchoServer.echo() got an unexpected keyword argument 'other'", proxy.echo, 1, other=2)
        raises(TypeError, "EchoServer.echo() got multiple values for argument 'message'", proxy.echo, 1, message=2)
        equal(proxy.echo("still here"), "still here")


@check
def exceptions(uri):
    with Proxy(uri) as proxy:
        error = raises(ValueError, "the message of the error", proxy.error_with_text)
        equal(error.args, ("the message of the error",))
        lines = error._pyroTraceback
        assert type(lines) is list and lines and all(type(line) is str for line in lines), lines
        assert "the message of the error" in "".join(lines), lines
        assert "Remote traceback" in "".join(get_pyro_traceback(type(error), error, error.__traceback__))
        equal(proxy.echo("still here"), "still here")


@check
def generator(uri):
    with Proxy(uri) as proxy:
        equal(list(proxy.generator()), ["one", "two", "three"])
        equal([list(proxy.generator()), proxy.echo("still here")], [["one", "two", "three"], "still here"])


@check
def members_that_are_refused(uri):
    with Proxy(uri) as proxy:
        for name in ["_private", "_EchoServer__private", "__private", "_verbose", "_", "__", "__init__", "__class__",
                     "__repr__", "__getattribute__", "__reduce__", "__call__"]:
            raises(AttributeError, "attempt to access private attribute '%s'" % name, invoke, proxy, name)
        for name in ["nosuch", "echo.echo", "échö", "__nosuch__", ""]:
            raises(AttributeError, "'EchoServer' object has no attribute '%s'" % name, invoke, proxy, name)
        raises(AttributeError, "attempt to access unexposed attribute 'verbose'", invoke, proxy, "verbose")
        equal(proxy.__dunder__(), "should be allowed (dunder)")


@check
def unknown_objects(uri):
    stranger = Proxy(uri.replace("test.echoserver", "no.such.object"))
    raises(errors.CommunicationError, None, stranger._pyroBind)
    with Proxy(uri) as proxy:
        raises(errors.DaemonError, "unknown object", invoke, proxy, "echo", (1,), objectId="no.such.object")
        equal(proxy.echo("still here"), "still here")


@check
def attributes(uri):
    # Python's own marshal serializer writes no calls without keyword arguments.
    if is_("marshal"):
        return
    with Proxy(uri) as proxy:
        equal(proxy.verbose, False)
        proxy.verbose = 0
        equal(proxy.verbose, False)
        for name in ["echo", "_private", "_verbose"]:
            text = "attempt to access unexposed or unknown remote attribute '%s'" % name
            raises(AttributeError, text, proxy._pyroInvoke, "__getattr__", (name,), None)
            raises(AttributeError, text, proxy._pyroInvoke, "__setattr__", (name, 1), None)
        text = "type object 'EchoServer' has no attribute 'nosuch'"
        raises(AttributeError, text, proxy._pyroInvoke, "__getattr__", ("nosuch",), None)


@check
def oneway_calls(uri):
    with Proxy(uri) as proxy:
        equal(proxy.oneway_echo("x"), None)
        equal(proxy.oneway_echo("too", "many"), None)
        equal(proxy.echo("next"), "next")


@check
def metadata_of_the_handshake(uri):
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        equal((proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs), (METHODS, ONEWAYS, {"verbose"}))
        raises(AttributeError, "remote object '%s' has no exposed attribute or method 'nosuch'" % uri, lambda: proxy.nosuch)


@check
def metadata_by_a_call(uri):
    with Proxy(uri) as proxy:
        def get(*args, **kwargs):
            return invoke(proxy, "get_metadata", ["test.echoserver", *args], kwargs, objectId="Pyro.Daemon")

        kind = list if is_("json", "msgpack") else set
        answers = [(kind, get())]
        if NUMBER == 4:
            answers += [(kind, get(False)), (list, get(True)), (list, get(as_lists=True))]
        for kind, answer in answers:
            equal(set(answer), {"methods", "oneway", "attrs"})
            for name, expected in [("methods", METHODS), ("oneway", ONEWAYS), ("attrs", {"verbose"})]:
                assert type(answer[name]) is kind, (name, answer[name], kind)
                equal(set(answer[name]), expected)
        raises(errors.DaemonError, "unknown object", invoke, proxy, "get_metadata", ["nosuch"], objectId="Pyro.Daemon")


@check
def a_client_that_wants_no_metadata(uri):
    if NUMBER == 5:
        return
    config.METADATA = False
    try:
        with Proxy(uri) as proxy:
            proxy._pyroBind()
            equal((proxy._pyroMethods, proxy._pyroAttrs), (set(), set()))
            equal(proxy.echo("x"), "x")
            raises(AttributeError, "'EchoServer' object has no attribute 'nosuch'", proxy.nosuch)
        # Nobody looks for the object before the first call.
        with Proxy(uri.replace("test.echoserver", "no.such.object")) as stranger:
            raises(errors.DaemonError, "unknown object", stranger.echo, 1)
    finally:
        config.METADATA = True


@check
def daemon_object(uri):
    with Proxy(uri.replace("test.echoserver", "Pyro.Daemon")) as daemon:
        equal(daemon.ping(), None)
        assert "test.echoserver" in daemon.registered() and "Pyro.Daemon" in daemon.registered()
        assert "objects registered" in daemon.info()


@check
def correlation_ids(uri):
    with Proxy(uri) as proxy:
        current_context.correlation_id = uuid.UUID(int=0x1234)
        try:
            equal(proxy.echo("x"), "x")
            if NUMBER == 4:
                equal(bytes(current_context.response_annotations["CORR"]), uuid.UUID(int=0x1234).bytes)
        finally:
            current_context.correlation_id = None
        if NUMBER == 4:
            proxy.echo("x")
            # Without one, the server makes one for each call.
            first = current_context.response_annotations["CORR"]
            proxy.echo("x")
            assert len(first) == 16 and first != current_context.response_annotations["CORR"]


@check
def annotations(uri):
    with Proxy(uri) as proxy:
        for size in [0, 5, 60000]:
            current_context.annotations = {"ABCD": b"x" * size, "EFGH": b"\x00\xff"}
            equal(proxy.echo(size), size)
            assert "ABCD" not in current_context.response_annotations
        current_context.annotations = {}
        equal(proxy.echo("after"), "after")


@check
def compression(uri):
    config.COMPRESSION, before = True, config.COMPRESSION
    try:
        with Proxy(uri) as proxy:
            for size in [50, 150, 250, 100000]:
                equal(proxy.echo("x" * size), "x" * size)
            raises(ValueError, "the message of the error", proxy.error_with_text)
    finally:
        config.COMPRESSION = before


@check
def sequence_numbers(uri):
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        for start in [65533, 5, 5, 0xFFFF]:
            proxy._pyroSeq = start
            for n in range(4):
                equal(proxy.echo(n), n)


@check
def pings(uri):
    if NUMBER == 5:
        return
    from Pyro4.message import Message
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        # It asserts that a PING is the answer.
        Message.ping(proxy._pyroConnection)
        equal(proxy.echo("after"), "after")


@check
def pyros_own_classes(uri):
    location = URI("PYRO:obj@host:55")
    with Proxy(uri) as proxy:
        equal(proxy.echo(location), location)
        other = Proxy("PYRO:other@host:56")
        other._pyroHandshake = "a secret"
        same = proxy.echo(other)
        equal((type(same), same._pyroUri, same._pyroHandshake), (Proxy, other._pyroUri, "a secret"))
        # Python's own readers of these make no exceptions out of what lies in a list.
        for error in [errors.NamingError("text", 5), errors.CommunicationError("lost"), ValueError("ä"), KeyError("k", 2)]:
            same = proxy.echo(error)
            equal((type(same), same.args), (type(error), error.args))


@check
def many_calls(uri):
    with Proxy(uri) as proxy:
        for n in range(300):
            equal(proxy.echo(n), n)


@check
def many_connections(uri):
    for n in range(30):
        with Proxy(uri) as proxy:
            equal(proxy.echo(n), n)
