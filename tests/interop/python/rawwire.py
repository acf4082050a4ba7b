"""Messages of protocol 502 by hand, for what Pyro's own client would never send."""

import marshal
import socket
import struct
import zlib

import serpent
from Pyro5.core import URI

CONNECT, CONNECTOK, CONNECTFAIL, INVOKE, RESULT, PING = 1, 2, 3, 4, 5, 6
EXCEPTION, COMPRESSED, ONEWAY, BATCH, ITEMSTREAM, KEEPSERIALIZED, CORR_ID = (1 << n for n in range(7))
SERPENT, MARSHAL = 1, 2
HEADER = struct.Struct("!4sHBBHHII16sHH")
MAGIC = 0x4DC5
TIMEOUT = 20.0


def message(msgtype, seq=0, data=b"", flags=0, serializer=SERPENT, annotations=b"", corr_id=bytes(16),
            tag=b"PYRO", version=502, magic=MAGIC, data_size=None, annotations_size=None, reserved=0):
    """The bytes of a message; each field of the header can be made a lie."""
    if isinstance(annotations, dict):
        annotations = b"".join(struct.pack("!4sI", k.encode(), len(v)) + v for k, v in annotations.items())
    data_size = len(data) if data_size is None else data_size
    annotations_size = len(annotations) if annotations_size is None else annotations_size
    return HEADER.pack(tag, version, msgtype, serializer, flags, seq, data_size, annotations_size,
                       corr_id, reserved, magic) + annotations + data


class Message:
    """A received message."""

    def __init__(self, header, annotations, data):
        (self.tag, self.version, self.type, self.serializer, self.flags, self.seq, self.data_size,
         self.annotations_size, self.corr_id, self.reserved, self.magic) = HEADER.unpack(header)
        self.data = data
        self.annotations = {}
        while annotations:
            name, size = struct.unpack("!4sI", annotations[:8])
            self.annotations[name.decode()] = annotations[8:8 + size]
            annotations = annotations[8 + size:]

    def plain(self):
        """The payload, decompressed where it is compressed."""
        return zlib.decompress(self.data) if self.flags & COMPRESSED else self.data

    def value(self):
        """The payload, decoded with serpent, classes as dictionaries."""
        assert self.serializer == SERPENT, self.serializer
        return serpent.loads(self.plain())

    def __repr__(self):
        return "<type=%d flags=%d seq=%d serializer=%d data=%r>" % (
            self.type, self.flags, self.seq, self.serializer, self.data[:200])


class Raw:
    """A connection that speaks bytes."""

    def __init__(self, uri):
        uri = URI(uri)
        if uri.sockname:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(TIMEOUT)
            self.sock.connect(uri.sockname)
        else:
            self.sock = socket.create_connection((uri.host, uri.port), timeout=TIMEOUT)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.object = uri.object

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def receive_exactly(self, size):
        data = b""
        while len(data) < size:
            chunk = self.sock.recv(size - len(data))
            assert chunk, "the connection was closed after %d of %d bytes" % (len(data), size)
            data += chunk
        return data

    def receive(self):
        header = self.receive_exactly(HEADER.size)
        fields = HEADER.unpack(header)
        assert fields[0] == b"PYRO" and fields[1] == 502 and fields[10] == MAGIC, header
        annotations = self.receive_exactly(fields[7])
        return Message(header, annotations, self.receive_exactly(fields[6]))

    def handshake(self, seq=0):
        """A proper CONNECT; returns the CONNECTOK."""
        data = serpent.dumps({"handshake": "hello", "object": self.object})
        self.send(message(CONNECT, seq, data))
        answer = self.receive()
        assert answer.type == CONNECTOK, answer
        return answer

    def call(self, method, args=(), kwargs=None, seq=1, flags=0, object=None, **fields):
        """The bytes of a call."""
        data = serpent.dumps((object or self.object, method, args, kwargs or {}), module_in_classname=True)
        return message(INVOKE, seq, data, flags, **fields)

    def assert_closed(self):
        """The other side ends the connection and sends nothing more."""
        try:
            rest = self.sock.recv(1000)
        except (ConnectionResetError, BrokenPipeError):
            return
        assert rest == b"", "expected the end of the connection, got %r" % rest

    def assert_refused(self, text, serializer=MARSHAL, seq=0):
        """The other side answers with CONNECTFAIL and closes."""
        answer = self.receive()
        assert answer.type == CONNECTFAIL, answer
        assert answer.serializer == serializer, answer
        assert answer.seq == seq, answer
        got = marshal.loads(answer.plain()) if serializer == MARSHAL else answer.value()
        assert text is None and isinstance(got, str) or got == text, (got, text)
        self.assert_closed()
        return got
