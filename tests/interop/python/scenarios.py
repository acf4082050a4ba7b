"""What record.py records: each function is given the URI (or the socket) and the daemon."""

import uuid
import zlib

import serpent
from Pyro5 import config
from Pyro5.api import BatchProxy, Proxy, current_context
from Pyro5.core import URI
from Pyro5.errors import CommunicationError, DaemonError

from checking import equal, raises
from rawwire import COMPRESSED, CONNECT, CORR_ID, INVOKE, PING, SERPENT, Raw, message

OBJECT = "test.echoserver"
SCENARIOS = {}


def scenario(socketpair=False, server_ends=False):
    def decorate(function):
        function.socketpair, function.server_ends = socketpair, server_ends
        SCENARIOS[function.__name__] = function
        return function
    return decorate


@scenario()
def connect_echo(uri, daemon):
    """connect, echo a text and a number, leave"""
    with Proxy(uri) as proxy:
        equal(proxy.echo("hello"), "hello")
        equal(proxy.echo(42), 42)


@scenario()
def values(uri, daemon):
    """unicode text, nested containers, every type that serpent knows"""
    samples = [
        None, True, 0, -1, 2 ** 63, 10 ** 50, 0.0, -0.0, 0.1, 1e16, 1e-5, 1e300, float("inf"), float("-inf"), 1 + 2j,
        "", "it's", 'both \' and "', "back\\slash\n\t\x00\x7f", "ä€😀\u200b\u2028", [], (), {}, [1, (2,), {"k": [None]}],
        {"a": {"b": {1: 2.5, True: "x"}}}, {1}, {("a", 1): {2}},
    ]
    with Proxy(uri) as proxy:
        for sample in samples:
            equal(proxy.echo(sample), sample)
        equal(repr(proxy.echo(float("nan"))), "nan")
        equal(proxy.echo(set()), ())
        equal(proxy.echo(b"\x00\xffabc"), {"data": "AP9hYmM=", "encoding": "base64"})
        equal(proxy.echo(URI("PYRO:obj@host:55")), URI("PYRO:obj@host:55"))
        equal(proxy.echo(uuid.UUID(int=5)), str(uuid.UUID(int=5)))


@scenario()
def bytes_literals(uri, daemon):
    """both sides write bytes as literals (SERPENT_BYTES_REPR)"""
    config.SERPENT_BYTES_REPR = True
    with Proxy(uri) as proxy:
        equal(proxy.echo(b"\x00\xffabc'\n"), b"\x00\xffabc'\n")


@scenario()
def keyword_arguments(uri, daemon):
    """arguments by name, too many, unknown names"""
    with Proxy(uri) as proxy:
        equal(proxy.echo(message="by name"), "by name")
        raises(TypeError, None, proxy.echo)
        raises(TypeError, None, proxy.echo, 1, 2)
        raises(TypeError, None, proxy.echo, 1, other=2)


@scenario()
def exception(uri, daemon):
    """a remote exception, then the connection goes on"""
    with Proxy(uri) as proxy:
        raises(ValueError, "the message of the error", proxy.error_with_text)
        equal(proxy.echo("still here"), "still here")


@scenario()
def refused_members(uri, daemon):
    """private, unknown and unexposed members, and an unknown object"""
    with Proxy(uri) as proxy:
        for name in ["_private", "__init__", "nosuch", "verbose", "a.b"]:
            raises(AttributeError, None, proxy._pyroInvoke, name, (), {})
        equal(proxy.__dunder__(), "should be allowed (dunder)")
        raises(AttributeError, None, proxy._pyroInvoke, "__getattr__", ("echo",), None)
        raises(AttributeError, None, proxy._pyroInvoke, "__getattr__", ("nosuch",), None)
        raises(DaemonError, "unknown object", proxy._pyroInvoke, "echo", (1,), {}, objectId="no.such.object")


@scenario()
def oneway(uri, daemon):
    """oneway calls (one of them wrong) and a normal one behind them"""
    with Proxy(uri) as proxy:
        proxy.oneway_echo("unanswered")
        proxy.oneway_echo("too", "many")
        equal(proxy.echo("answered"), "answered")


@scenario()
def attributes(uri, daemon):
    """get and set an attribute"""
    with Proxy(uri) as proxy:
        equal(proxy.verbose, False)
        proxy.verbose = 0
        equal(proxy.verbose, False)


@scenario()
def get_metadata(uri, daemon):
    """the daemon's own object: metadata, registered objects, ping"""
    with Proxy(uri) as proxy:
        for name in [OBJECT, "Pyro.Daemon"]:
            proxy._pyroInvoke("get_metadata", [name], {}, objectId="Pyro.Daemon")
        raises(DaemonError, "unknown object", proxy._pyroInvoke, "get_metadata", ["nosuch"], {}, objectId="Pyro.Daemon")
        equal(proxy._pyroInvoke("registered", [], {}, objectId="Pyro.Daemon"), ["Pyro.Daemon", OBJECT])
        equal(proxy._pyroInvoke("ping", [], {}, objectId="Pyro.Daemon"), None)


@scenario()
def ping(uri, daemon):
    """PING, with a serializer id that nobody knows"""
    with Raw(uri) as raw:
        raw.handshake()
        for seq, serializer in [(0, 42), (65535, 1)]:
            raw.send(message(PING, seq, b"ping", serializer=serializer))
            equal(raw.receive().data, b"pong")


@scenario()
def sequence_wraps(uri, daemon):
    """the sequence number goes from 65535 to 0"""
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        proxy._pyroSeq = 65533
        for n in range(4):
            equal(proxy.echo(n), n)


@scenario()
def batch(uri, daemon):
    """batches: whole, with an exception, with an unknown method, oneway"""
    with Proxy(uri) as proxy:
        calls = BatchProxy(proxy)
        calls.echo(1)
        calls.echo(message="two")
        equal(list(calls()), [1, "two"])
        calls.echo(1)
        calls.error_with_text()
        calls.echo(3)
        raises(ValueError, None, list, calls())
        calls.echo(1)
        calls.nosuch()
        raises(AttributeError, None, calls)
        raises(AttributeError, None, proxy._pyroInvokeBatch, [("_private", (), {})])
        calls = BatchProxy(proxy)
        calls.echo(1)
        equal(calls(oneway=True), None)
        equal(list(BatchProxy(proxy)()), [])


@scenario()
def compression(uri, daemon):
    """both sides compress what is longer than 100 bytes, an error too"""
    config.COMPRESSION = True
    with Proxy(uri) as proxy:
        equal(proxy.echo("x" * 1000), "x" * 1000)
        equal(proxy.echo("short"), "short")
        raises(ValueError, None, proxy.error)


@scenario()
def annotations(uri, daemon):
    """annotations and a correlation id in requests, other annotations in answers"""
    daemon.answer_annotations = {"DMON": b"from the daemon", "NULL": b""}
    current_context.annotations = {"ABCD": b"\x00\xff from the client"}
    current_context.correlation_id = uuid.UUID(int=0x1234567890)
    try:
        with Proxy(uri) as proxy:
            equal(proxy.echo("x"), "x")
            equal(bytes(current_context.response_annotations["DMON"]), b"from the daemon")
            raises(ValueError, None, proxy.error)
    finally:
        current_context.annotations = {}
        current_context.correlation_id = None


@scenario()
def stream(uri, daemon):
    """a generator, item by item, and what comes after its end"""
    with Proxy(uri) as proxy:
        items = proxy.generator()
        equal(list(items), ["one", "two", "three"])
        items = proxy.generator()
        equal(next(items), "one")
        items.close()
        equal(proxy.echo("after"), "after")


@scenario()
def bad_payload(uri, daemon):
    """calls whose data cannot be read: an error is the answer, the connection goes on"""
    with Raw(uri) as raw:
        raw.handshake()
        for seq, payload in enumerate([b"(", b"", b"(1, 2)"]):
            raw.send(message(INVOKE, seq, payload))
            raw.receive()
        raw.send(raw.call("echo", ["after"], seq=9))
        equal(raw.receive().value(), "after")


@scenario(socketpair=True)
def socketpair(sock, daemon):
    """a connected socket: no CONNECT, metadata first, two proxies"""
    proxy = Proxy(OBJECT, connected_socket=sock)
    equal(proxy.echo("first"), "first")
    second = Proxy(OBJECT, connected_socket=sock)
    equal(second.echo("second"), "second")
    equal(proxy.echo("first again"), "first again")


@scenario(server_ends=True)
def unknown_object(uri, daemon):
    """CONNECT to an object that is not there"""
    with Proxy(uri.replace(OBJECT, "no.such.object")) as proxy:
        raises(CommunicationError, None, proxy._pyroBind)


def refusal(name, doc, serializer, data):
    def run(uri, daemon):
        with Raw(uri) as raw:
            raw.send(data)
            raw.assert_refused(None, serializer=serializer, seq=3 if serializer == SERPENT else 0)
    run.__name__, run.__doc__ = name, doc
    scenario(server_ends=True)(run)


HELLO = serpent.dumps({"handshake": "hello", "object": OBJECT})
refusal("garbage", "not Pyro at all", 2, b"GET / ")
refusal("wrong_version", "CONNECT with protocol version 501", 2, message(CONNECT, 3, HELLO, version=501))
refusal("wrong_magic", "CONNECT with another magic number", 2, message(CONNECT, 3, HELLO, magic=0x4DC4))
refusal("wrong_first_message", "INVOKE before CONNECT", 2,
        message(INVOKE, 3, serpent.dumps((OBJECT, "echo", ("x",), {}))))
refusal("missing_handshake", "CONNECT whose data lack the handshake", SERPENT,
        message(CONNECT, 3, serpent.dumps({"object": OBJECT})))


@scenario(server_ends=True)
def unknown_serializer(uri, daemon):
    """CONNECT with serializer 98 ends the connection without an answer"""
    with Raw(uri) as raw:
        raw.send(message(CONNECT, 3, HELLO, serializer=98))
        raw.assert_closed()


@scenario(server_ends=True)
def refused_class(uri, daemon):
    """an argument of an unknown class: an answer, then the connection is closed"""
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(raw.call("echo", [{"__class__": "some.Thing", "x": 1}]))
        equal(raw.receive().value()["args"], ("unsupported serialized class: some.Thing",))
        raw.assert_closed()


@scenario(server_ends=True)
def wrong_message_in_a_session(uri, daemon):
    """a second CONNECT ends the connection without an answer"""
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(message(CONNECT, 1, HELLO))
        raw.assert_closed()


@scenario()
def compressed_by_hand(uri, daemon):
    """a short compressed request with a correlation id and an annotation"""
    with Raw(uri) as raw:
        raw.handshake()
        data = zlib.compress(serpent.dumps((OBJECT, "echo", ("x",), {})))
        raw.send(message(INVOKE, 1, data, COMPRESSED | CORR_ID, annotations={"ABCD": b"plain"}, corr_id=b"0123456789abcdef"))
        answer = raw.receive()
        equal((answer.value(), answer.corr_id), ("x", b"0123456789abcdef"))
