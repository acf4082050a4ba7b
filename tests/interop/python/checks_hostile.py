"""Bad input: the answer that Pyro gives, the connection closed, everybody else served on."""

import re
import struct

import serpent
from Pyro5.client import Proxy

from checking import check, equal
from rawwire import (CONNECT, CONNECTOK, COMPRESSED, INVOKE, PING, RESULT, SERPENT, Raw, message)

HELLO = {"handshake": "hello", "object": "test.echoserver"}


def refused(uri, data, text, **expected):
    """These first bytes are answered with a CONNECTFAIL."""
    with Raw(uri) as raw:
        raw.send(data)
        got = raw.assert_refused(text, **expected)
    served_on(uri)
    return got


def closed(uri, *chunks):
    """These bytes after the handshake end the connection without an answer."""
    with Raw(uri) as raw:
        raw.handshake()
        for chunk in chunks:
            raw.send(chunk)
        raw.assert_closed()
    served_on(uri)


def served_on(uri):
    with Proxy(uri) as proxy:
        equal(proxy.echo("served"), "served")


@check
def garbage_at_connect(uri):
    for data in [b"GET / HTTP/1.0\r\n\r\n" + b"x" * 100, bytes(100), b"\xff" * 40, b"pyro" + bytes(36)]:
        refused(uri, data, "invalid data")


@check
def short_garbage_at_connect(uri):
    # Six bytes are enough to know.
    refused(uri, b"GET / ", "invalid data")
    refused(uri, b"PYRO\x00\x63", "invalid protocol version: 99")


@check
def wrong_version_at_connect(uri):
    for version in [0, 47, 501, 503, 65535]:
        data = message(CONNECT, 3, serpent.dumps(HELLO), version=version)
        refused(uri, data, "invalid protocol version: %d" % version)


@check
def wrong_magic_at_connect(uri):
    data = message(CONNECT, 3, serpent.dumps(HELLO), magic=0x4DC4)
    refused(uri, data, "invalid message or protocol version")


@check
def wrong_first_message(uri):
    call = serpent.dumps(("test.echoserver", "echo", ["x"], {}))
    for kind, data in [(INVOKE, call), (PING, b"ping"), (RESULT, b"x"), (CONNECTOK, b"x"), (0, b"x"), (99, b"x")]:
        refused(uri, message(kind, 3, data), "invalid msg type %d received (expected: 1)" % kind)


@check
def oversized_connect(uri):
    for data, annotations in [(0xFFFFFFFF, 0), (5, 0xFFFFFFFF), (0x7FFFFFFF, 0x7FFFFFFF)]:
        text = refused(uri, message(CONNECT, 3, b"x", data_size=data, annotations_size=annotations), None)
        match = re.fullmatch(r"message too large \((\d+), max=(\d+)\)", text)
        assert match and int(match.group(1)) == data + annotations, text


@check
def lying_annotations_at_connect(uri):
    for lie in [struct.pack("!4sI", b"ABCD", 5) + b"four", b"ABCD", struct.pack("!4sI", b"ABCD", 0xFFFFFFFF)]:
        data = message(CONNECT, 3, serpent.dumps(HELLO), annotations=lie)
        refused(uri, data, "annotation chunk length exceeds remaining data")


@check
def missing_keys_at_connect(uri):
    for hello, text in [({"object": "test.echoserver"}, "'handshake'"), ({"handshake": "hello"}, "'object'"),
                        ({}, "'handshake'"), ({"handshake": "hello", "object": "no.such.object"}, "unknown object")]:
        refused(uri, message(CONNECT, 3, serpent.dumps(hello)), text, serializer=SERPENT, seq=3)


@check
def unreadable_data_at_connect(uri):
    for data in [b"", b"(", b"\xff\xfe", b"[1, 2]", b"'text'", b"5", b"[" * 5000]:
        refused(uri, message(CONNECT, 3, data), None, serializer=SERPENT, seq=3)


@check
def unknown_serializer_at_connect(uri):
    for serializer in [0, 42, 98, 255]:
        with Raw(uri) as raw:
            raw.send(message(CONNECT, 3, serpent.dumps(HELLO), serializer=serializer))
            raw.assert_closed()
        served_on(uri)


@check
def unknown_serializer_in_a_call(uri):
    for serializer in [0, 42, 98, 255]:
        closed(uri, message(INVOKE, 1, serpent.dumps(("test.echoserver", "echo", ["x"], {})), serializer=serializer))


@check
def garbage_in_a_session(uri):
    closed(uri, b"x" * 100)
    closed(uri, bytes(40))
    closed(uri, message(INVOKE, 1, b"x", version=501))
    closed(uri, message(INVOKE, 1, b"x", magic=0))
    closed(uri, message(INVOKE, 1, b"x", tag=b"PYRP"))


@check
def wrong_message_in_a_session(uri):
    for kind in [CONNECT, CONNECTOK, RESULT, 0, 7, 255]:
        closed(uri, message(kind, 1, serpent.dumps(HELLO)))


@check
def oversized_call(uri):
    closed(uri, message(INVOKE, 1, b"x", data_size=0xFFFFFFFF))
    closed(uri, message(INVOKE, 1, b"x", annotations_size=0xFFFFFFFF))
    closed(uri, message(PING, 1, b"x", data_size=0xFFFFFFFF))


@check
def lying_annotations_in_a_call(uri):
    for lie in [struct.pack("!4sI", b"ABCD", 5) + b"four", b"ABCD", struct.pack("!4sI", b"ABCD", 0xFFFFFFFF),
                struct.pack("!4sI", b"\xff\xff\xff\xff", 0)]:
        closed(uri, message(INVOKE, 1, serpent.dumps(("test.echoserver", "echo", ["x"], {})), annotations=lie))


@check
def broken_compression(uri):
    call = serpent.dumps(("test.echoserver", "echo", ["x"], {}))
    for data in [call, b"", b"x\x9c", b"\x78\x9c" + b"\xff" * 50]:
        closed(uri, message(INVOKE, 1, data, COMPRESSED))


@check
def half_a_message(uri):
    import socket
    whole = message(CONNECT, 3, serpent.dumps(HELLO))
    for size in [0, 1, 5, 6, 20, 39, 40, 41, len(whole) - 1]:
        with Raw(uri) as raw:
            raw.send(whole[:size])
        served_on(uri)
        with Raw(uri) as raw:
            raw.send(whole[:size])
            raw.sock.shutdown(socket.SHUT_WR)
            raw.assert_closed()
    for size in [1, 6, 20, 40, 50]:
        with Raw(uri) as raw:
            raw.handshake()
            raw.send(raw.call("echo", ["x" * 1000])[:size])
        served_on(uri)


@check
def gone_without_reading(uri):
    for _ in range(5):
        with Raw(uri) as raw:
            raw.handshake()
            raw.send(raw.call("echo", ["x" * 100000]))
        served_on(uri)
