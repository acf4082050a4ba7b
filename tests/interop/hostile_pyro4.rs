//! Bad input in protocol 48: the answer or the end that Pyro4 gives, and the server serves on.

use std::net::TcpListener;
use std::thread;

use firesteel::wire::{Dialect, Header, MessageType};
use firesteel::{CallFailure, CloseReason, Config, Protocol, ProtocolError, SerializerId, Value};

use crate::echo::{ECHO, EchoServer};
use crate::hosted::Hosted;
use crate::raw::{Message, Raw, SERPENT};
use crate::support::{config, connect};

const LIMIT: usize = 1 << 20;
/// The serializer of refusals, in protocol 48.
const MARSHAL: u8 = 3;

fn server() -> Hosted {
    let mut config = Config::default();
    config.limits.max_message = LIMIT;
    Hosted::shared("127.0.0.1:0", config, ECHO, EchoServer::new)
}

fn in_48(message: Message) -> Message {
    message.header(|header| header.dialect = Dialect::Pyro4)
}

fn hello() -> Message {
    in_48(Message::connect(ECHO))
}

fn echo(args: &str) -> Message {
    in_48(Message::call(1, ECHO, "echo", args))
}

fn open(server: &Hosted) -> Raw {
    let mut raw = Raw::connect(&server.uri);
    raw.send(&hello().to_bytes());
    assert!(raw.receive().expect("an answer").is(MessageType::ConnectOk));
    raw
}

/// Lies in the header, with a checksum that fits.
fn lie(message: Message, change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let right = message.clone();
    let body = right.to_bytes()[right.header.len()..].to_vec();
    [message.header(change).header.to_bytes(), body].concat()
}

/// The first bytes of a connection, and the text that refuses them in protocol 48.
#[track_caller]
fn refused(server: &Hosted, bytes: &[u8], text: &str) {
    let mut raw = Raw::connect(&server.uri);
    raw.send(bytes);
    let answer = raw.receive().expect("a CONNECTFAIL");
    assert!(answer.is(MessageType::ConnectFail), "{answer:?}");
    assert_eq!((answer.header.dialect, answer.header.serializer), (Dialect::Pyro4, MARSHAL));
    assert!(String::from_utf8_lossy(&answer.data).ends_with(text), "{answer:?}");
    raw.assert_closed();
}

/// Bytes in a session that end it without an answer.
#[track_caller]
fn closed(server: &Hosted, bytes: &[u8]) {
    let mut raw = open(server);
    raw.send(bytes);
    raw.assert_closed();
    // Others are served on.
    let mut raw = open(server);
    raw.send(&echo("('after',)").to_bytes());
    assert_eq!(raw.receive().expect("an answer").value().as_str(), Some("after"));
}

#[test]
fn a_wrong_checksum_is_refused() {
    let server = server();
    for at in [6, 8, 10, 15, 17, 19, 22, 23] {
        let broken = |message: Message| {
            let mut bytes = message.to_bytes();
            bytes[at] ^= 1;
            bytes
        };
        refused(&server, &broken(hello()), "header checksum mismatch");
        closed(&server, &broken(echo("('x',)")));
    }
}

#[test]
fn lengths_that_lie_are_refused_at_the_header() {
    let server = server();
    // The length has a sign.
    for length in [0x8000_0000_u32, 0xffff_ffff] {
        let negative = |message: Message| lie(message, |header| header.data_len = length);
        refused(&server, &negative(hello()), "invalid data: negative length");
        closed(&server, &negative(echo("('x',)")));
    }
    // Pyro4 closes without a word.
    for length in [0x7fff_ffff, LIMIT as u32 + 1] {
        let mut raw = Raw::connect(&server.uri);
        raw.send(&lie(hello(), |header| header.data_len = length));
        raw.assert_closed();
        closed(&server, &lie(echo("('x',)"), |header| header.data_len = length));
    }
    for chunk in [&b"ABCD\0\x05four"[..], b"ABCD", b"ABCD\xff\xff", b"AB\xff\xff\0\0"] {
        let bytes = |message: Message| {
            let header = message.clone().header(|header| header.annotations_len = chunk.len() as u32).header;
            [&header.to_bytes()[..], chunk, &message.data].concat()
        };
        refused(&server, &bytes(hello()), "annotation chunk length exceeds remaining data");
        closed(&server, &bytes(echo("('x',)")));
    }
}

#[test]
fn messages_that_have_no_place_are_refused() {
    use MessageType::{Connect, ConnectFail, ConnectOk, Ping, Result};
    let server = server();
    for kind in [4, Result as u8, ConnectOk as u8, ConnectFail as u8, Ping as u8, 0, 7, 255] {
        let bytes = lie(hello(), |header| header.kind = kind);
        refused(&server, &bytes, &format!("invalid msg type {kind} received"));
    }
    for kind in [Connect as u8, Result as u8, ConnectOk as u8, ConnectFail as u8, 0, 7, 255] {
        closed(&server, &lie(echo("('x',)"), |header| header.kind = kind));
    }
}

#[test]
fn a_connection_keeps_its_protocol() {
    let server = server();
    closed(&server, &Message::call(1, ECHO, "echo", "('x',)").to_bytes());
    closed(&server, &Message::new(MessageType::Ping, 1, b"ping").to_bytes());
    let mut raw = Raw::open(&server.uri);
    raw.send(&echo("('x',)").to_bytes());
    raw.assert_closed();
}

#[test]
fn a_serializer_that_nobody_knows_is_named_and_closes() {
    let server = server();
    for serializer in [0, 8, 42, 255] {
        let unknown = |message: Message| lie(message, |header| header.serializer = serializer);
        let text = format!("message used serializer that is not accepted: {serializer}");
        refused(&server, &unknown(hello()), &text);
        closed(&server, &unknown(echo("('x',)")));
    }
    // One that is known and not accepted is answered in itself.
    let mut raw = open(&server);
    raw.send(&lie(echo("('x',)"), |header| header.serializer = 4));
    let answer = raw.receive().expect("an answer");
    assert_eq!(answer.header.serializer, 4);
    let text = "message used serializer that is not accepted: 4";
    assert!(String::from_utf8_lossy(&answer.data).contains(text), "{answer:?}");
    raw.assert_closed();
}

#[test]
fn half_a_message_and_then_the_end_is_the_end() {
    let server = server();
    let call = echo("('x',)").to_bytes();
    for size in [0, 1, 6, 23, 24, 25, call.len() - 1] {
        let mut raw = open(&server);
        raw.send(&call[..size]);
        raw.finish();
        raw.assert_closed();
    }
}

/// A server for one connection, which answers the first message with these bytes.
fn answering(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let uri = format!("PYRO:{ECHO}@{}", listener.local_addr().expect("a port"));
    thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().expect("a client");
        let mut chunk = [0; 4096];
        let _ = stream.read(&mut chunk);
        let _ = stream.write_all(&bytes);
        // Until the client has gone.
        while matches!(stream.read(&mut chunk), Ok(1..)) {}
    });
    uri
}

#[test]
fn a_client_is_not_misled() {
    let ok = || in_48(Message::new(MessageType::ConnectOk, 0, b"'hello'"));
    let mut checksum = ok().to_bytes();
    checksum[23] ^= 1;
    let lost = |bytes: Vec<u8>| {
        let mut config = config();
        config.protocol = Protocol::Always(Dialect::Pyro4);
        match connect(&answering(bytes), config).call::<Value>("echo", &(1,)).expect_err("nobody answers") {
            CallFailure::Lost(CloseReason::Protocol(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(lost(checksum), ProtocolError::Checksum);
    assert_eq!(lost(lie(ok(), |header| header.data_len = u32::MAX)), ProtocolError::NegativeLength);
    assert_eq!(lost(b"HTTP/1.0 400 Bad Request\r\n\r\n".to_vec()), ProtocolError::NotPyro);
    let call = lost(lie(ok(), |header| header.kind = MessageType::Invoke as u8));
    assert!(matches!(call, ProtocolError::UnexpectedType { got: 4, .. }), "{call:?}");
    let in_502 = Message::new(MessageType::ConnectOk, 0, b"'hello'").to_bytes();
    assert_eq!(lost(in_502.clone()), ProtocolError::Dialect(Dialect::Pyro5));
    // The protocol changes behind the handshake.
    let result = Message::new(MessageType::Result, 1, b"1").to_bytes();
    assert_eq!(lost([ok().to_bytes(), result].concat()), ProtocolError::Dialect(Dialect::Pyro5));
    let other = in_48(Message::new(MessageType::Result, 1, b"1")).header(|header| header.serializer = 2).to_bytes();
    let expected = SerializerId::Serpent.to_wire(Dialect::Pyro4).expect("known");
    assert_eq!(expected, SERPENT);
    assert_eq!(lost([ok().to_bytes(), other].concat()), ProtocolError::SerializerMismatch { got: 2, expected });
}
