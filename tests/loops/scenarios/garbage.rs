//! Peers that do not speak the protocol: each is shut out, everybody else is served on.

use firesteel::wire::{Dialect, Flags, FrameStart, Head, Header, MessageType, OwnedAnnotations};

use crate::stage::{Loop, Stage, Transport};

/// What a hostile client sends, and what it sends it on.
struct Garbage {
    /// A good call comes first.
    admitted: bool,
    bytes: Vec<u8>,
    /// The server closes by itself; else it waits for more, or answers.
    shut_out: bool,
}

pub fn garbage_beside_good_clients<L: Loop>(transport: Transport) {
    let all = garbage(transport);
    let stage = Stage::with::<L>(transport, 1 + all.len(), |config| {
        config.limits.max_message = 1 << 20;
        config.limits.max_decompressed = 1 << 20;
    });
    let good = stage.proxy();
    let session: String = good.call("session", &()).expect("an answer");
    for (n, Garbage { admitted, bytes, shut_out }) in all.into_iter().enumerate() {
        let mut raw = stage.raw();
        if admitted {
            let call = raw.call("nop", &());
            raw.end_of(call).expect("an answer");
        }
        raw.wire.push(&bytes);
        assert_eq!(good.call::<usize>("echo", &(n,)).expect("an answer"), n);
        if !shut_out {
            raw.wire.end();
        }
        raw.wire.drain();
    }
    assert_eq!(good.call::<String>("session", &()).expect("an answer"), session);
    drop(good);
    stage.end();
}

fn garbage(transport: Transport) -> Vec<Garbage> {
    let mut all = Vec::new();
    let mut add = |admitted, shut_out, bytes: Vec<u8>| all.push(Garbage { admitted, bytes, shut_out });
    for admitted in [false, true] {
        add(admitted, true, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec());
        add(admitted, true, noise(10_000));
        add(admitted, true, changed(call(b"('thing', 'nop', (), {})"), 5, 0xff)); // the version
        add(admitted, true, changed(call(b"('thing', 'nop', (), {})"), 39, 0)); // the magic number
        add(admitted, true, lying(0xffff_ffff, 0));
        add(admitted, true, lying(0, 0xffff_ffff));
        add(admitted, true, message(MessageType::Result, 1, b"None"));
        add(admitted, true, message(MessageType::ConnectOk, 1, b"{}"));
        add(admitted, true, changed(call(b"('thing', 'nop', (), {})"), 6, 99)); // the message's type
        add(admitted, false, lying(60_000, 0));
        add(admitted, false, b"PYRO".to_vec());
    }
    // Annotations that are longer than their chunk says.
    let mut annotated = call(b"TEST\0\0\0\x05abc('thing', 'nop', (), {})");
    annotated[19] = 11;
    annotated[15] -= 11;
    let serpent: &[&[u8]] = &[
        b"('thing', 'echo', ('\xff\xfe',), {})",
        b"('thing', 'echo', (",
        b"",
        b"7",
        b"('thing', 'echo', (1, 2, 3, 4), {'value': 5})",
        b"('nobody', 'echo', (1,), {})",
        b"('thing', '__class__', (), {})",
        b"('Pyro.Daemon', 'register', (), {})",
    ];
    if transport == Transport::Pair {
        add(true, true, message(MessageType::Connect, 1, b"{'handshake': 'hello', 'object': 'thing'}"));
    } else {
        add(false, true, call(b"('thing', 'nop', (), {})"));
        add(true, true, message(MessageType::Connect, 1, b"{'handshake': 'hello', 'object': 'thing'}"));
        add(false, true, message(MessageType::Connect, 1, b"{'handshake': 'hello', 'object': 'nobody'}"));
        add(false, true, message(MessageType::Connect, 1, b"{'object': 'thing'}"));
        add(false, true, message(MessageType::Connect, 1, b"{"));
        add(false, true, message(MessageType::Connect, 77, b"{}"));
        add(false, true, lying(100_000, 0));
    }
    add(true, true, annotated);
    add(true, true, message(MessageType::Invoke, 77, b"()"));
    add(true, true, compressed(b"no zlib at all"));
    add(true, true, bomb());
    for payload in serpent {
        add(true, false, call(payload));
    }
    add(true, false, call(nested(50_000).as_bytes()));
    all
}

fn message(kind: MessageType, serializer: u8, payload: &[u8]) -> Vec<u8> {
    let (dialect, flags) = (Dialect::Pyro5, Flags::NONE);
    build(Head { dialect, kind, serializer, flags, sequence: 1, correlation: None, compress: false }, payload)
}

fn build(head: Head, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = FrameStart::begin(&mut out, head, &OwnedAnnotations::default(), None);
    out.extend_from_slice(payload);
    frame.finish(&mut out, 0, usize::MAX).expect("below the limit");
    out
}

fn call(payload: &[u8]) -> Vec<u8> {
    message(MessageType::Invoke, 1, payload)
}

fn changed(mut message: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    message[at] = byte;
    message
}

/// A call whose header claims more than comes.
fn lying(data: u32, annotations: u32) -> Vec<u8> {
    let header = Header {
        dialect: Dialect::Pyro5,
        kind: MessageType::Ping as u8,
        serializer: 1,
        flags: Flags::NONE,
        sequence: 1,
        data_len: data,
        annotations_len: annotations,
        correlation: [0; 16],
    };
    [&header.to_bytes()[..], b"only this"].concat()
}

fn compressed(payload: &[u8]) -> Vec<u8> {
    changed(call(payload), 9, Flags::COMPRESSED.bits() as u8)
}

/// Small on the wire, too large when it is unpacked.
fn bomb() -> Vec<u8> {
    let text = [b"('thing', 'text', ('", "x".repeat(2 << 20).as_bytes(), b"',), {})"].concat();
    let head = Head {
        dialect: Dialect::Pyro5,
        kind: MessageType::Invoke,
        serializer: 1,
        flags: Flags::NONE,
        sequence: 1,
        correlation: None,
        compress: true,
    };
    let bytes = build(head, &text);
    assert!(bytes.len() < 10_000);
    bytes
}

fn nested(depth: usize) -> String {
    format!("('thing', 'echo', ({}{},), {{}})", "[".repeat(depth), "]".repeat(depth))
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}
