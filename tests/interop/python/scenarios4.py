"""What record.py records from Pyro4: each function is given the URI (or the socket) and the daemon."""

import socket
import uuid

from Pyro4 import config
from Pyro4.core import URI, Proxy, current_context
from Pyro4.errors import CommunicationError, DaemonError
from Pyro4.message import MSG_CONNECT, MSG_PING, Message

from checking import equal, raises

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
    """containers, numbers, and classes of Pyro's own"""
    samples = [None, True, -1, 10 ** 50, -0.0, 0.1, float("inf"), 1 + 2j, "it's ä€😀\n", [1, (2,), {"k": [None]}], {1}]
    with Proxy(uri) as proxy:
        for sample in samples:
            equal(proxy.echo(sample), sample)
        equal(proxy.echo(URI("PYRO:obj@host:55")), URI("PYRO:obj@host:55"))
        # A proxy takes its sender's timeout along, which other implementations may not.
        config.COMMTIMEOUT = 0.0
        equal(proxy.echo(Proxy("PYRO:obj@host:55"))._pyroUri, URI("PYRO:obj@host:55"))


@scenario()
def exceptions(uri, daemon):
    """remote exceptions, with a correlation id and without, then the connection goes on"""
    with Proxy(uri) as proxy:
        raises(ValueError, "the message of the error", proxy.error_with_text)
        current_context.correlation_id = uuid.UUID(int=0x77)
        raises(ValueError, "the message of the error", proxy.error_with_text)
        current_context.correlation_id = None
        raises(DaemonError, "unknown object", proxy._pyroInvoke, "echo", (1,), {}, objectId="no.such.object")
        equal(proxy.echo("still here"), "still here")


@scenario()
def members(uri, daemon):
    """attributes, oneway calls, and members that are refused"""
    with Proxy(uri) as proxy:
        equal(proxy.verbose, False)
        proxy.verbose = 0
        proxy.oneway_echo("unanswered")
        equal(proxy.echo(message="by name"), "by name")
        for name in ["_private", "__init__", "nosuch", "verbose"]:
            raises(AttributeError, None, proxy._pyroInvoke, name, (), {})
        raises(AttributeError, None, proxy._pyroInvoke, "__getattr__", ("echo",), None)


@scenario()
def annotations(uri, daemon):
    """annotations and a correlation id in a request"""
    current_context.correlation_id = uuid.UUID(int=0x1234567890)
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        current_context.annotations = {"ABCD": b"\x00\xff from the client"}
        equal(proxy.echo("x"), "x")
    current_context.annotations = {}
    current_context.correlation_id = None


@scenario()
def without_metadata(uri, daemon):
    """a client that wants no metadata with the handshake, and asks for them later"""
    config.METADATA = False
    with Proxy(uri) as proxy:
        equal(proxy.echo("x"), "x")
        for args in [[OBJECT], [OBJECT, True]]:
            proxy._pyroInvoke("get_metadata", args, {}, objectId="Pyro.Daemon")


@scenario()
def compression(uri, daemon):
    """both sides compress what is longer than 200 bytes, but no exceptions"""
    config.COMPRESSION = True
    with Proxy(uri) as proxy:
        equal(proxy.echo("x" * 1000), "x" * 1000)
        equal(proxy.echo("x" * 120), "x" * 120)
        raises(ValueError, None, proxy.error_with_text)


@scenario()
def signed(uri, daemon):
    """both sides sign (the key is `secret`), annotations and compressed payloads included"""
    daemon._pyroHmacKey = b"secret"
    config.COMPRESSION = True
    current_context.correlation_id = uuid.UUID(int=0x99)
    with Proxy(uri) as proxy:
        proxy._pyroHmacKey = b"secret"
        equal(proxy.echo("x" * 1000), "x" * 1000)
        raises(ValueError, None, proxy.error_with_text)
    current_context.correlation_id = None


def in_serializer(name):
    def run(uri, daemon):
        config.SERIALIZER = name
        with Proxy(uri) as proxy:
            for sample in ["hello", 42, None, [1.5, True], {"k": "v"}]:
                equal(proxy.echo(sample), sample)
            equal(proxy.echo(message="by name"), "by name")
            raises(ValueError, "the message of the error", proxy.error_with_text)
    run.__name__, run.__doc__ = name, "echo and an exception in " + name
    scenario()(run)


for serializer in ["json", "marshal", "msgpack", "pickle"]:
    in_serializer(serializer)


@scenario()
def ping(uri, daemon):
    """PING, with a serializer id that nobody knows"""
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        Message.ping(proxy._pyroConnection)


@scenario(socketpair=True)
def socketpair(sock, daemon):
    """a connected socket: no CONNECT, metadata first"""
    proxy = Proxy(OBJECT, connected_socket=sock)
    equal(proxy.echo("first"), "first")


@scenario(server_ends=True)
def unknown_object(uri, daemon):
    """CONNECT to an object that is not there"""
    raises(CommunicationError, None, Proxy(uri.replace(OBJECT, "no.such.object"))._pyroBind)


def refusal(name, doc, data):
    def run(uri, daemon):
        host, port = uri.rsplit("@", 1)[1].split(":")
        with socket.create_connection((host, int(port)), timeout=20) as sock:
            sock.sendall(data)
            while sock.recv(1000):
                pass
    run.__name__, run.__doc__ = name, doc
    scenario(server_ends=True)(run)


HELLO = Message(MSG_CONNECT, b"{'handshake': 'hello', 'object': '%s'}" % OBJECT.encode(), 1, 16, 3).to_bytes()
refusal("bad_checksum", "CONNECT with another checksum", HELLO[:22] + b"\x00\x00" + HELLO[24:])
refusal("wrong_first_message", "PING before CONNECT", Message(MSG_PING, b"ping", 1, 0, 3).to_bytes())
refusal("missing_handshake", "CONNECT whose data lack the handshake",
        Message(MSG_CONNECT, b"{'object': '%s'}" % OBJECT.encode(), 1, 16, 3).to_bytes())
