"""Correlation ids, annotations, compression."""

import uuid
import zlib

from Pyro5 import config
import serpent
from Pyro5.callcontext import current_context
from Pyro5.client import Proxy

import options
from checking import check, equal, raises
from rawwire import COMPRESSED, CONNECT, CONNECTOK, CORR_ID, EXCEPTION, INVOKE, PING, Raw, message


@check
def correlation_id_is_echoed(uri):
    ids = [uuid.uuid4().bytes for _ in range(4)]
    with Raw(uri) as raw:
        data = serpent.dumps({"handshake": "hello", "object": raw.object})
        raw.send(message(CONNECT, 0, data, CORR_ID, corr_id=ids[0]))
        answer = raw.receive()
        equal((answer.type, answer.flags & CORR_ID, answer.corr_id), (CONNECTOK, CORR_ID, ids[0]))
        for number, (method, args) in enumerate([("echo", [1]), ("error", []), ("nosuch", [])], 1):
            raw.send(raw.call(method, args, flags=CORR_ID, corr_id=ids[number]))
            answer = raw.receive()
            equal((answer.flags & CORR_ID, answer.corr_id), (CORR_ID, ids[number]))
        raw.send(message(PING, 3, b"ping", CORR_ID, corr_id=ids[0]))
        answer = raw.receive()
        equal((answer.type, answer.flags & CORR_ID, answer.corr_id), (PING, CORR_ID, ids[0]))


@check
def correlation_id_is_made(uri):
    with Raw(uri) as raw:
        seen = {raw.handshake().corr_id}
        for n in range(3):
            # Without the flag the field means nothing.
            raw.send(raw.call("echo", [n], seq=n, corr_id=b"x" * 16))
            answer = raw.receive()
            equal(answer.flags & CORR_ID, CORR_ID)
            seen.add(answer.corr_id)
    equal(len(seen), 4)
    assert bytes(16) not in seen and b"x" * 16 not in seen, seen


@check
def correlation_id_of_the_client(uri):
    current_context.correlation_id = uuid.uuid4()
    try:
        with Proxy(uri) as proxy:
            equal(proxy.echo(1), 1)
            proxy._pyroRawWireResponse = True
            equal(proxy.echo(1).corr_id, current_context.correlation_id.bytes)
    finally:
        current_context.correlation_id = None


@check
def request_annotations_are_not_echoed(uri):
    current_context.annotations = {"XYZZ": b"some data", "ABCD": b"", "LONG": b"\x00" * 70000}
    try:
        with Proxy(uri) as proxy:
            equal(proxy.echo(1), 1)
            equal(current_context.response_annotations, {})
            raises(ValueError, None, proxy.error)
            equal(current_context.response_annotations, {})
    finally:
        current_context.annotations = {}


@check
def compressed_requests(uri):
    config.COMPRESSION = True
    try:
        with Proxy(uri) as proxy:
            proxy._pyroHandshake = "x" * 1000
            for value in ["short", "y" * 101, "z" * 500000, list(range(1000))]:
                equal(proxy.echo(value), value)
            raises(TypeError, None, proxy.nan, "x" * 1000)
    finally:
        config.COMPRESSION = False
    with Raw(uri) as raw:
        raw.handshake()
        # Even what is too small for Pyro's own client to compress.
        data = zlib.compress(serpent.dumps((raw.object, "echo", ["x"], {})))
        raw.send(message(INVOKE, 1, data, COMPRESSED, annotations={"ABCD": b"never compressed"}))
        equal(raw.receive().value(), "x")


@check
def compressed_replies(uri):
    """Over 100 bytes, if the server is configured so; errors too; never the annotations."""
    with Raw(uri) as raw:
        answer = raw.handshake()
        equal(bool(answer.flags & COMPRESSED), options.compressing)
        for method, args in [("echo", ["x" * 5000]), ("echo", ["short"]), ("error", []), ("echo", []), ("echo", ["a" * 64])]:
            raw.send(raw.call(method, args))
            answer = raw.receive()
            data = answer.plain()
            compressed = bool(answer.flags & COMPRESSED)
            equal(compressed, options.compressing and len(data) > 100)
            equal(bool(answer.flags & EXCEPTION), method == "error" or not args)
            equal(answer.flags & ~(EXCEPTION | COMPRESSED | CORR_ID), 0)
            if method == "echo" and args:
                equal(answer.value(), args[0])


@check
def threshold_of_compression(uri):
    if not options.compressing:
        return
    with Raw(uri) as raw:
        raw.handshake()
        for size in range(40, 110):
            raw.send(raw.call("echo", ["a" * size]))
            answer = raw.receive()
            equal(bool(answer.flags & COMPRESSED), len(answer.plain()) > 100)
            equal(answer.value(), "a" * size)
