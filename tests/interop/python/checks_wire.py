"""Messages that a correct client may send, although Pyro's own does not."""

import time

import serpent

from checking import check, equal
from rawwire import CORR_ID, INVOKE, PING, RESULT, SERPENT, Raw, message


@check
def ping_is_answered(uri):
    with Raw(uri) as raw:
        raw.handshake()
        for seq, serializer, data in [(0, 42, b"ping"), (65535, 0, b""), (7, 255, b"x" * 5000), (8, 1, b"ping")]:
            raw.send(message(PING, seq, data, serializer=serializer, annotations={"ABCD": b"x"}))
            answer = raw.receive()
            equal((answer.type, answer.seq, answer.serializer, answer.data), (PING, seq, serializer, b"pong"))
            equal((answer.flags, answer.annotations), (CORR_ID, {}))
        raw.send(raw.call("echo", ["after"]))
        equal(raw.receive().value(), "after")


@check
def header_of_a_result(uri):
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(raw.call("echo", ["x"], seq=513))
        answer = raw.receive()
        equal((answer.type, answer.seq, answer.serializer, answer.flags, answer.reserved, answer.annotations),
              (RESULT, 513, SERPENT, CORR_ID, 0, {}))
        assert answer.data.startswith(b"# serpent utf-8 python3.2\n"), answer.data


@check
def ignored_fields_and_flags(uri):
    with Raw(uri) as raw:
        raw.handshake()
        # Flags that mean nothing in a request, and the reserved field.
        raw.send(raw.call("echo", ["x"], flags=0x8000 | 16 | 1, reserved=0xFFFF))
        equal(raw.receive().value(), "x")


@check
def arguments_in_any_sequence(uri):
    with Raw(uri) as raw:
        raw.handshake()
        for payload, expected in [
            (b"('test.echoserver','echo',('x',),{})", "x"),
            (b"['test.echoserver', 'echo', ['x'], {}]", "x"),
            (b"# serpent utf-8 python3.2\n('test.echoserver',\n  'echo',\n (\n'x' 'y', ), {})\n", "xy"),
            (b"(\"test.echoserver\",'echo',(),{'message': 0x1F})", 31),
        ]:
            raw.send(message(INVOKE, 1, payload))
            answer = raw.receive()
            equal(answer.value(), expected)


@check
def keys_of_a_dictionary_as_arguments(uri):
    # Nobody means it: Python takes apart whatever can be iterated.
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(message(INVOKE, 1, b"('test.echoserver','echo',{'only': 'keys'},{})"))
        equal(raw.receive().value(), "only")


@check
def pipelined_calls(uri):
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(b"".join(raw.call("echo", [n], seq=n) for n in range(100)))
        for n in range(100):
            answer = raw.receive()
            equal((answer.seq, answer.value()), (n, n))


@check
def byte_by_byte(uri):
    with Raw(uri) as raw:
        raw.handshake()
        for byte in raw.call("echo", ["trickle"], annotations={"ABCD": b"x"}):
            raw.send(bytes([byte]))
        equal(raw.receive().value(), "trickle")


@check
def delayed_halves(uri):
    call = None
    for at in [3, 6, 39, 40, 45]:
        with Raw(uri) as raw:
            raw.handshake()
            call = raw.call("echo", ["late"])
            raw.send(call[:at])
            time.sleep(0.02)
            raw.send(call[at:])
            equal(raw.receive().value(), "late")


@check
def last_call_before_the_end(uri):
    # Whoever stops sending still gets the answer.
    import socket
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(raw.call("echo", ["last"]))
        raw.sock.shutdown(socket.SHUT_WR)
        equal(raw.receive().value(), "last")
        raw.assert_closed()


@check
def connection_stays_usable_after_bad_payloads(uri):
    with Raw(uri) as raw:
        raw.handshake()
        payloads = [b"", b"(", b"nonsense", b"'texts'", b"(1, 2)", b"('test.echoserver', 'echo')", b"\xff\xfe",
                    b"('test.echoserver', 'echo', __import__('os'), {})", b"\x00", b"[" * 5000 + b"]" * 5000]
        for seq, payload in enumerate(payloads):
            raw.send(message(INVOKE, seq, payload))
            answer = raw.receive()
            equal((answer.type, answer.seq, answer.flags & 1), (RESULT, seq, 1))
            value = answer.value()
            assert value["__exception__"] is True and value["__class__"].startswith("builtins."), value
            raw.send(raw.call("echo", ["after"], seq=1000))
            equal(raw.receive().seq, 1000)
        raw.send(message(INVOKE, 1, serpent.dumps((raw.object, "echo", ["x"], {}))))
        equal(raw.receive().value(), "x")
