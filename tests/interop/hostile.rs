//! Bad input to a server with threads: the answer or the end that Pyro gives, while everybody else is served on.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use firesteel::Config;
use firesteel::wire::{Dialect, Flags, FrameStart, Head, MessageType, OwnedAnnotations};

use crate::echo::{ECHO, EchoServer};
use crate::hosted::Hosted;
use crate::raw::{Message, Raw, SERPENT};
use crate::support::{config, connect, eventually};

/// Above what any honest client here needs.
const LIMIT: usize = 1 << 20;

fn strict() -> Config {
    let mut config = Config::default();
    config.limits.max_message = LIMIT;
    config.limits.max_decompressed = LIMIT;
    config
}

/// A client that calls all the time and must never wait for long.
#[derive(Default)]
struct Neighbour {
    calls: AtomicUsize,
    over: AtomicBool,
}

impl Neighbour {
    fn call_all_the_time(&self, uri: &str) {
        let proxy = connect(uri, config()).timeout(Duration::from_secs(15));
        while !self.over.load(Ordering::Relaxed) {
            let n = self.calls.load(Ordering::Relaxed);
            assert_eq!(proxy.call::<usize>("echo", &(n,)).expect("served on"), n);
            self.calls.store(n + 1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Two more of its calls are answered.
    fn is_served_on(&self) {
        let before = self.calls.load(Ordering::Relaxed);
        eventually("the neighbour is served", || self.calls.load(Ordering::Relaxed) > before + 1);
    }
}

/// A server with a neighbour, under attack.
fn besieged(config: Config, attack: impl FnOnce(&Hosted, &Neighbour)) {
    let server = Hosted::shared("127.0.0.1:0", config, ECHO, EchoServer::new);
    let neighbour = Neighbour::default();
    thread::scope(|threads| {
        let calling = threads.spawn(|| neighbour.call_all_the_time(&server.uri.to_string()));
        let attacked = panic::catch_unwind(AssertUnwindSafe(|| {
            neighbour.is_served_on();
            attack(&server, &neighbour);
            neighbour.is_served_on();
        }));
        neighbour.over.store(true, Ordering::Relaxed);
        calling.join().expect("the neighbour was served all the time");
        if let Err(panic) = attacked {
            panic::resume_unwind(panic);
        }
    });
}

/// A call of `echo` with these arguments.
fn echo(args: &str) -> Message {
    Message::call(1, ECHO, "echo", args)
}

/// The first bytes of a connection, and the text that refuses them.
fn refused(server: &Hosted, bytes: &[u8], text: &str) {
    let mut raw = Raw::connect(&server.uri);
    raw.send(bytes);
    raw.assert_refused(text);
}

/// Bytes in a session that end it without an answer.
fn closed(server: &Hosted, bytes: &[u8]) {
    let mut raw = Raw::open(&server.uri);
    raw.send(bytes);
    raw.assert_closed();
}

/// A call that is answered with an exception of Python's, and the connection goes on.
#[track_caller]
fn survived(server: &Hosted, call: &Message) -> String {
    let mut raw = Raw::open(&server.uri);
    raw.send(&call.to_bytes());
    let answer = raw.receive().expect("an answer");
    assert!(answer.is(MessageType::Result) && answer.header.flags.contains(Flags::EXCEPTION), "{answer:?}");
    let value = answer.value();
    let class = value.as_instance().expect("an exception").class.clone();
    assert!(class.starts_with("builtins."), "{class}");
    raw.send(&echo("('after',)").to_bytes());
    assert_eq!(raw.receive().expect("an answer").value().as_str(), Some("after"));
    class
}

#[test]
fn garbage_is_no_pyro() {
    besieged(strict(), |server, _| {
        for garbage in
            [&b"GET / HTTP/1.0\r\n\r\n"[..], &[0; 100], &[0xff; 40], b"pyro\x01\xf6", b"\x16\x03\x01\x02\x00\x01"]
        {
            refused(server, garbage, "invalid data");
            closed(server, garbage);
        }
    });
}

#[test]
fn another_version_or_magic_is_refused() {
    besieged(strict(), |server, _| {
        let hello = Message::connect(ECHO).to_bytes();
        for version in [0u16, 47, 49, 501, 503, 0xffff] {
            let mut bytes = hello.clone();
            bytes[4..6].copy_from_slice(&version.to_be_bytes());
            refused(server, &bytes, &format!("invalid protocol version: {version}"));
            closed(server, &bytes);
        }
        let mut bytes = hello;
        bytes[38] ^= 1;
        refused(server, &bytes, "invalid message or protocol version");
        closed(server, &bytes);
    });
}

#[test]
fn lengths_that_lie_are_refused_at_the_header() {
    besieged(strict(), |server, _| {
        let limit = Config::default().limits.max_handshake;
        for (data, annotations) in [(u32::MAX, 0), (5, u32::MAX), (u32::MAX, u32::MAX), (limit as u32 + 1, 0)] {
            let size = u64::from(data) + u64::from(annotations);
            let lie = |message: Message| {
                let lie = message.header(|header| (header.data_len, header.annotations_len) = (data, annotations));
                lie.to_bytes()
            };
            refused(server, &lie(Message::connect(ECHO)), &format!("message too large ({size}, max={limit})"));
            if size > LIMIT as u64 {
                closed(server, &lie(echo("('x',)")));
                closed(server, &lie(Message::new(MessageType::Ping, 1, b"ping")));
            }
        }
        for lie in [&b"ABCD\0\0\0\x05four"[..], b"ABCD", b"ABCD\xff\xff\xff\xff", b"AB\xff\xff\0\0\0\0"] {
            let bytes = |message: Message| {
                let message = message.header(|header| header.annotations_len = lie.len() as u32);
                [&message.header.to_bytes()[..], lie, &message.data].concat()
            };
            refused(server, &bytes(Message::connect(ECHO)), "annotation chunk length exceeds remaining data");
            closed(server, &bytes(echo("('x',)")));
        }
    });
}

#[test]
fn half_a_message_and_then_silence_ends_with_the_time_for_handshakes() {
    let mut config = strict();
    config.handshake_timeout = Duration::from_millis(500);
    besieged(config, |server, _| {
        let begun = Instant::now();
        let hello = Message::connect(ECHO).to_bytes();
        let mut silent: Vec<_> = [0, 1, 5, 6, 39, 40, 41, hello.len() - 1]
            .into_iter()
            .map(|size| {
                let mut raw = Raw::connect(&server.uri);
                raw.send(&hello[..size]);
                raw
            })
            .collect();
        silent.iter_mut().for_each(Raw::assert_closed);
        assert!(begun.elapsed() >= Duration::from_millis(400), "it took {:?}", begun.elapsed());
        // Who is in may be silent for as long as it likes, in the middle of a message, too.
        let mut slow = Raw::open(&server.uri);
        let call = echo("('late',)").to_bytes();
        slow.send(&call[..45]);
        thread::sleep(Duration::from_millis(800));
        slow.send(&call[45..]);
        assert_eq!(slow.receive().expect("an answer").value().as_str(), Some("late"));
    });
}

#[test]
fn half_a_message_and_then_the_end_is_the_end() {
    besieged(strict(), |server, _| {
        let hello = Message::connect(ECHO).to_bytes();
        for size in [0, 1, 5, 6, 20, 39, 40, 41, hello.len() - 1] {
            let mut raw = Raw::connect(&server.uri);
            raw.send(&hello[..size]);
            raw.finish();
            raw.assert_closed();
        }
        let call = echo(&format!("('{}',)", "x".repeat(100_000))).to_bytes();
        for size in [1, 6, 39, 40, 41, 50_000, call.len() - 1] {
            let mut raw = Raw::open(&server.uri);
            raw.send(&call[..size]);
            raw.finish();
            raw.assert_closed();
            // Gone at once, with the answer unread.
            let mut raw = Raw::open(&server.uri);
            raw.send(&call);
            drop(raw);
        }
    });
}

#[test]
fn text_that_is_no_utf8_is_an_error() {
    besieged(strict(), |server, _| {
        for bytes in [&b"\xff\xfe"[..], b"'\xc3'", b"('test.echoserver','echo',('\xed\xa0\x80',),{})", b"# \xff\n1"] {
            let class = survived(server, &Message::new(MessageType::Invoke, 1, bytes));
            assert!(["builtins.ValueError", "builtins.TypeError"].contains(&class.as_str()), "{class}");
            let mut raw = Raw::connect(&server.uri);
            raw.send(&Message::new(MessageType::Connect, 3, bytes).to_bytes());
            let answer = raw.receive().expect("a CONNECTFAIL");
            assert!(answer.is(MessageType::ConnectFail) && answer.header.sequence == 3, "{answer:?}");
            assert!(answer.value().as_str().is_some(), "{answer:?}");
            raw.assert_closed();
        }
    });
}

#[test]
fn a_serializer_that_nobody_knows_ends_the_connection() {
    besieged(strict(), |server, _| {
        for serializer in [0, 42, 98, 255] {
            let unknown = |message: Message| message.header(|header| header.serializer = serializer).to_bytes();
            let mut raw = Raw::connect(&server.uri);
            raw.send(&unknown(Message::connect(ECHO)));
            raw.assert_closed();
            closed(server, &unknown(echo("('x',)")));
        }
    });
}

#[test]
fn messages_that_have_no_place_are_refused() {
    use MessageType::{Connect, ConnectFail, ConnectOk, Ping, Result};
    besieged(strict(), |server, _| {
        let call = echo("('x',)");
        for kind in [4, Result as u8, ConnectOk as u8, ConnectFail as u8, Ping as u8, 0, 7, 255] {
            let bytes = call.clone().header(|header| header.kind = kind).to_bytes();
            refused(server, &bytes, &format!("invalid msg type {kind} received (expected: 1)"));
        }
        for kind in [Connect as u8, Result as u8, ConnectOk as u8, ConnectFail as u8, 0, 7, 255] {
            closed(server, &call.clone().header(|header| header.kind = kind).to_bytes());
        }
    });
}

#[test]
fn nesting_bombs_are_errors() {
    besieged(strict(), |server, _| {
        for open in ["[", "(", "{", "{1:", "[[(", "{(", "-", "- +~", "((),", "{'a':[", "set(", "'' ", "1+"] {
            let bomb = open.repeat(LIMIT / open.len() / 2);
            survived(server, &Message::new(MessageType::Invoke, 1, bomb.as_bytes()));
            survived(server, &echo(&format!("({bomb}")));
        }
        let balanced = format!("({}{},)", "[".repeat(100_000), "]".repeat(100_000));
        survived(server, &echo(&balanced));
        let hello = format!("{{'object':'x','handshake':{}", "[".repeat(50_000));
        let mut raw = Raw::connect(&server.uri);
        raw.send(&Message::new(MessageType::Connect, 3, hello.as_bytes()).to_bytes());
        assert!(raw.receive().expect("a CONNECTFAIL").is(MessageType::ConnectFail));
        raw.assert_closed();
    });
}

#[test]
fn numbers_that_take_long_are_errors() {
    besieged(strict(), |server, _| {
        let digits = "9".repeat(LIMIT / 2);
        assert_eq!(survived(server, &echo(&format!("({digits},)"))), "builtins.ValueError");
        assert_eq!(survived(server, &echo(&format!("({{{digits}: 1}},)"))), "builtins.ValueError");
        // Others are just long.
        for (long, short) in
            [(format!("0.{digits}"), "1.0"), (format!("1e{digits}"), "inf"), (format!("1e-{digits}"), "0.0")]
        {
            let mut raw = Raw::open(&server.uri);
            raw.send(&echo(&format!("({long},)")).to_bytes());
            assert_eq!(raw.receive().expect("an answer").value().to_string(), short);
        }
    });
}

/// A payload of this many blanks, in a few thousand bytes.
fn bomb(kind: MessageType, size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (dialect, flags) = (Dialect::Pyro5, Flags::NONE);
    let head = Head { dialect, kind, serializer: SERPENT, flags, sequence: 1, correlation: None, compress: true };
    let frame = FrameStart::begin(&mut bytes, head, &OwnedAnnotations::default(), None);
    bytes.resize(bytes.len() + size, b' ');
    frame.finish(&mut bytes, 0, usize::MAX).expect("it fits");
    assert!(bytes.len() < size / 100, "{} bytes", bytes.len());
    bytes
}

#[test]
fn zip_bombs_are_refused() {
    besieged(strict(), |server, _| {
        let limit = Config::default().limits.max_handshake;
        let text = format!("the payload inflates to more than {limit} bytes");
        refused(server, &bomb(MessageType::Connect, 32 << 20), &text);
        closed(server, &bomb(MessageType::Invoke, 32 << 20));
        closed(server, &bomb(MessageType::Invoke, LIMIT + 1));
        // What just fits is only blank.
        let mut raw = Raw::open(&server.uri);
        raw.send(&bomb(MessageType::Invoke, LIMIT));
        assert!(raw.receive().expect("an answer").header.flags.contains(Flags::EXCEPTION));
        for data in [&b"('test.echoserver','echo',('x',),{})"[..], b"", b"x\x9c", &[0x78, 0x9c, 0xff, 0xff, 0xff]] {
            let broken = Message::new(MessageType::Invoke, 1, data).header(|header| header.flags = Flags::COMPRESSED);
            closed(server, &broken.to_bytes());
        }
    });
}

#[test]
fn eighty_silent_connections_keep_nobody_out() {
    let mut config = strict();
    config.handshake_timeout = Duration::from_secs(5);
    besieged(config, |server, _| {
        let mut silent: Vec<_> = (0..80).map(|_| Raw::connect(&server.uri)).collect();
        let idle: Vec<_> = (0..80).map(|_| Raw::open(&server.uri)).collect();
        for n in 0..20 {
            let proxy = connect(&server.uri.to_string(), self::config()).timeout(Duration::from_secs(15));
            assert_eq!(proxy.call::<i32>("echo", &(n,)).expect("served"), n);
        }
        silent.iter_mut().for_each(Raw::assert_closed);
        // Who is in stays in.
        for mut raw in idle {
            raw.send(&echo("('here',)").to_bytes());
            assert_eq!(raw.receive().expect("an answer").value().as_str(), Some("here"));
        }
    });
}

#[test]
fn who_does_not_read_answers_is_not_read_either() {
    besieged(strict(), |server, neighbour| {
        let mut greedy = Raw::open(&server.uri);
        let call = echo(&format!("('{}',)", "x".repeat(200_000))).to_bytes();
        // More than the sockets and the limits can hold.
        let sent = greedy.send_what_goes(&call.repeat(100), Duration::from_millis(500));
        assert!(sent < call.len() * 100, "all of it was taken");
        neighbour.is_served_on();
    });
}

#[test]
fn a_flood_of_pings_is_answered_as_fast_as_it_is_read() {
    besieged(strict(), |server, neighbour| {
        let mut flood = Raw::open(&server.uri);
        let ping = Message::new(MessageType::Ping, 1, &[b'x'; 10]).to_bytes();
        let sent = flood.send_what_goes(&ping.repeat(1_000_000), Duration::from_millis(500));
        assert!(sent < ping.len() * 1_000_000, "all of it was taken");
        neighbour.is_served_on();
        // It wakes up, and gets all that it asked for.
        let complete = sent / ping.len();
        for _ in 0..complete {
            assert!(flood.receive().expect("an answer").is(MessageType::Ping));
        }
    });
}

#[test]
fn one_connection_too_many_is_closed() {
    let mut config = strict();
    config.limits.max_sessions = 10;
    besieged(config, |server, _| {
        // The neighbour has one.
        let inside: Vec<_> = (0..9).map(|_| Raw::open(&server.uri)).collect();
        Raw::connect(&server.uri).assert_closed();
        drop(inside);
        eventually("there is room again", || {
            let proxy = connect(&server.uri.to_string(), self::config());
            proxy.call::<i32>("echo", &(1,)).is_ok()
        });
    });
}
