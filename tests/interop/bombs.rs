//! Small messages that claim much, in each serializer: refused in milliseconds, and everybody is served on.

use std::time::{Duration, Instant};

use firesteel::wire::{Dialect, Flags, FrameStart, Head, MessageType, OwnedAnnotations};
use firesteel::{Config, SerializerId};

use crate::echo::{ECHO, EchoServer};
use crate::hosted::{Hosted, server_config};
use crate::raw::{Message, Raw};

/// Far below a second, even where other tests use the machine.
const SOON: Duration = Duration::from_millis(500);

const NESTED: usize = 10_000;
const DIGITS: usize = 100_000;

fn server() -> Hosted {
    let mut config: Config = server_config();
    config.limits.max_message = 1 << 20;
    config.limits.max_decompressed = 1 << 20;
    config.serializers = SerializerId::ALL.into_iter().collect();
    Hosted::shared("127.0.0.1:0", config, ECHO, EchoServer::new)
}

/// Where a serializer has an id: in both dialects, or in one.
fn dialects(serializer: SerializerId) -> impl Iterator<Item = (Dialect, u8)> {
    let of = move |dialect| Some((dialect, serializer.to_wire(dialect)?));
    [Dialect::Pyro5, Dialect::Pyro4].into_iter().filter_map(of)
}

/// A call of `echo` with an argument that is serialized already.
fn call(serializer: SerializerId, argument: &[u8]) -> Vec<u8> {
    let (object, method) = (ECHO.as_bytes(), b"echo");
    let short = |head: u8, text: &[u8]| [&[head, text.len() as u8], text].concat();
    match serializer {
        SerializerId::Serpent => [b"('", object, b"','", method, b"',(", argument, b",),{})"].concat(),
        SerializerId::Json => {
            [b"{\"object\":\"", object, b"\",\"method\":\"", method, b"\",\"params\":[", argument, b"],\"kwargs\":{}}"]
                .concat()
        }
        SerializerId::Marshal => {
            [b")\x04", &short(b'z', object)[..], &short(b'z', method), b")\x01", argument, b"{0"].concat()
        }
        SerializerId::Msgpack => {
            [b"\x94", &short(0xd9, object)[..], &short(0xd9, method), b"\x91", argument, b"\x80"].concat()
        }
        SerializerId::Cbor => {
            [b"\x84", &short(0x78, object)[..], &short(0x78, method), b"\x81", argument, b"\xa0"].concat()
        }
        _ => [b"\x80\x04(", &short(0x8c, object)[..], &short(0x8c, method), b"(", argument, b"t}t."].concat(),
    }
}

/// Lists in lists in lists.
fn nested(serializer: SerializerId) -> Vec<u8> {
    let (open, inner, close): (&[u8], &[u8], &[u8]) = match serializer {
        SerializerId::Serpent | SerializerId::Json => (b"[", b"", b"]"),
        SerializerId::Marshal => (b"[\x01\0\0\0", b"N", b""),
        SerializerId::Msgpack => (b"\x91", b"\xc0", b""),
        SerializerId::Cbor => (b"\x81", b"\xf6", b""),
        _ => (b"]", b"N", b"a"),
    };
    [open.repeat(NESTED), inner.to_vec(), close.repeat(NESTED)].concat()
}

/// Sizes of 2 to the 31st, or what comes closest, in a few bytes.
fn long(serializer: SerializerId) -> Vec<&'static [u8]> {
    match serializer {
        // Texts tell no lengths.
        SerializerId::Serpent | SerializerId::Json => vec![],
        SerializerId::Marshal => vec![
            b"[\xff\xff\xff\x7f",
            b"(\xff\xff\xff\x7f",
            b"<\xff\xff\xff\x7f",
            b"s\xff\xff\xff\x7f",
            b"u\xff\xff\xff\x7f",
            b"l\xff\xff\xff\x7f",
            b"[\0\0\0\x80",
        ],
        SerializerId::Msgpack => {
            vec![b"\xdd\x80\0\0\0", b"\xdf\x80\0\0\0", b"\xdb\x80\0\0\0", b"\xc6\x80\0\0\0", b"\xc9\x80\0\0\0\x31"]
        }
        SerializerId::Cbor => {
            vec![b"\x9a\x80\0\0\0", b"\xba\x80\0\0\0", b"\x7a\x80\0\0\0", b"\x5a\x80\0\0\0", b"\x9b\x80\0\0\0\0\0\0\0"]
        }
        _ => vec![
            b"X\0\0\0\x80",
            b"B\0\0\0\x80",
            b"T\xff\xff\xff\x7f",
            b"\x8b\xff\xff\xff\x7f",
            b"\x8d\0\0\0\x80\0\0\0\0",
            b"\x96\0\0\0\x80\0\0\0\0",
            b"r\xff\xff\xff\x7fN",
        ],
    }
}

/// An integer that takes long to read, where digits are text.
fn digits(serializer: SerializerId) -> Option<Vec<u8>> {
    let digits = "7".repeat(DIGITS);
    match serializer {
        SerializerId::Serpent | SerializerId::Json => Some(digits.into_bytes()),
        SerializerId::Msgpack => {
            Some([&[0xc9], &(DIGITS as u32).to_be_bytes()[..], &[0x31], digits.as_bytes()].concat())
        }
        SerializerId::Pickle | SerializerId::Dill | SerializerId::Cloudpickle => {
            Some(format!("L{digits}L\n").into_bytes())
        }
        _ => None,
    }
}

struct Target<'s> {
    server: &'s Hosted,
    serializer: SerializerId,
    dialect: Dialect,
    id: u8,
}

impl Target<'_> {
    fn open(&self) -> Raw {
        let mut raw = Raw::connect(&self.server.uri);
        let mut hello = Message::connect(ECHO);
        hello.header.dialect = self.dialect;
        raw.send(&hello.to_bytes());
        assert!(raw.receive().expect("an answer").is(MessageType::ConnectOk));
        raw
    }

    fn message(&self, kind: MessageType, data: &[u8]) -> Vec<u8> {
        let message = Message::new(kind, 1, data);
        message.header(|header| (header.dialect, header.serializer) = (self.dialect, self.id)).to_bytes()
    }

    /// An exception is the answer, soon, and the connection goes on.
    #[track_caller]
    fn refuses(&self, what: &str, argument: &[u8]) {
        let mut raw = self.open();
        let begun = Instant::now();
        raw.send(&self.message(MessageType::Invoke, &call(self.serializer, argument)));
        let answer = raw.receive().expect("an answer");
        let (time, who) = (begun.elapsed(), format!("{what} in {}, {}", self.serializer, self.dialect));
        assert!(answer.header.flags.contains(Flags::EXCEPTION), "{who}: {answer:?}");
        assert!(time < SOON, "{who} took {time:?}");
        self.serves(&mut raw, &who);
        // As a stranger's first bytes.
        let mut raw = Raw::connect(&self.server.uri);
        let begun = Instant::now();
        raw.send(&self.message(MessageType::Connect, argument));
        assert!(raw.receive().expect("a CONNECTFAIL").is(MessageType::ConnectFail), "{who}");
        assert!(begun.elapsed() < SOON, "{who} took {:?}", begun.elapsed());
    }

    #[track_caller]
    fn serves(&self, raw: &mut Raw, who: &str) {
        let none: &[u8] = match self.serializer {
            SerializerId::Serpent => b"None",
            SerializerId::Json => b"null",
            SerializerId::Msgpack => b"\xc0",
            SerializerId::Cbor => b"\xf6",
            _ => b"N",
        };
        raw.send(&self.message(MessageType::Invoke, &call(self.serializer, none)));
        let answer = raw.receive().expect("an answer");
        assert!(!answer.header.flags.contains(Flags::EXCEPTION), "{who}: {answer:?}");
    }

    /// Blanks, or what a reader takes for them, a thousand times more than are sent.
    #[track_caller]
    fn refuses_a_zip_bomb(&self, bomb: &[u8]) {
        let message = Message::new(MessageType::Invoke, 1, bomb).header(|header| {
            (header.dialect, header.serializer, header.flags) = (self.dialect, self.id, Flags::COMPRESSED);
        });
        let mut raw = self.open();
        let begun = Instant::now();
        raw.send(&message.to_bytes());
        raw.assert_closed();
        assert!(begun.elapsed() < SOON, "{}, {} took {:?}", self.serializer, self.dialect, begun.elapsed());
        self.serves(&mut self.open(), "after a zip bomb");
    }
}

fn each(mut attack: impl FnMut(Target<'_>)) {
    let server = server();
    for serializer in SerializerId::ALL {
        for (dialect, id) in dialects(serializer) {
            attack(Target { server: &server, serializer, dialect, id });
        }
    }
}

#[test]
fn ten_thousand_nested_lists() {
    each(|target| target.refuses("nesting", &nested(target.serializer)));
}

#[test]
fn lengths_that_nothing_follows() {
    each(|target| long(target.serializer).into_iter().for_each(|bytes| target.refuses(&format!("{bytes:?}"), bytes)));
}

#[test]
fn a_hundred_thousand_digits() {
    each(|target| {
        if let Some(digits) = digits(target.serializer) {
            target.refuses("digits", &digits);
        }
    });
}

#[test]
fn zip_bombs() {
    let mut bytes = Vec::new();
    let head = Head {
        dialect: Dialect::Pyro5,
        kind: MessageType::Invoke,
        serializer: 1,
        flags: Flags::NONE,
        sequence: 1,
        correlation: None,
        compress: true,
    };
    let frame = FrameStart::begin(&mut bytes, head, &OwnedAnnotations::default(), None);
    bytes.resize(bytes.len() + (64 << 20), b' ');
    frame.finish(&mut bytes, 0, usize::MAX).expect("it fits");
    let bomb = Message::read(&bytes).expect("a message").0.data;
    assert!(bomb.len() < 1 << 18, "{} bytes", bomb.len());
    each(|target| target.refuses_a_zip_bomb(&bomb));
}
