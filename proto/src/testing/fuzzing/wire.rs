//! Messages of any bytes.

use std::ops::Range;

use super::Input;
use super::manner::Manner;
use crate::wire::{
    Annotations, COMPRESS_ABOVE, Dialect, Extensions, Flags, FrameStart, HEADER_LEN, Head, Header, MessageType,
    OwnedAnnotations, Parsed, decompress, open, parse,
};

/// What a payload may inflate to.
const MOST: usize = 1 << 16;

/// Reads any bytes as messages, and builds messages of them.
///
/// # Panics
/// If a message is not where it was found, or does not come back as it was built.
pub fn wire(data: &[u8]) {
    read(data);
    let extensions = Extensions::parse(data);
    assert_eq!(Extensions::parse(&extensions.to_bytes()), extensions);
    build(&mut Input(data));
}

fn read(data: &[u8]) {
    for max in [0, 100, usize::MAX] {
        let whole = parse(data, max);
        match &whole {
            Ok(Parsed::Partial) => assert!(data.len() < HEADER_LEN),
            Ok(Parsed::Header { header, len }) => {
                let body = header.body_len() as usize;
                assert!(*len > data.len() && *len == header.len() + body && body <= max);
            }
            Ok(Parsed::Message { header, annotations, payload }) => {
                check_message(data, header, annotations.clone(), payload.clone());
            }
            Err(_) => {}
        }
        // What is refused early is refused later too, and what is there in full does not change.
        for n in [5, 6, HEADER_LEN - 1, HEADER_LEN, data.len() / 2] {
            match parse(&data[..n.min(data.len())], max) {
                Err(error) => assert_eq!(whole, Err(error)),
                Ok(message @ Parsed::Message { .. }) => assert_eq!(whole, Ok(message)),
                Ok(_) => {}
            }
        }
    }
    if let Ok(plain) = decompress(data, MOST) {
        assert!(plain.len() <= MOST);
    }
}

fn check_message(data: &[u8], header: &Header, annotations: Range<usize>, payload: Range<usize>) {
    assert!(annotations.start == header.len() && annotations.end == payload.start && payload.end <= data.len());
    // What is above 255 is cut, as nobody knows it.
    let again = Header::parse(&header.to_bytes());
    assert_eq!(again, Ok(Some(*header)));
    let dialect = header.dialect;
    if let Ok(tags) = Annotations::parse(&data[annotations.clone()], dialect) {
        let owned = tags.to_owned();
        let mut bytes = Vec::new();
        owned.encode(dialect, &mut bytes);
        assert_eq!(bytes, &data[annotations]);
        assert_eq!(owned.encoded_len(dialect), bytes.len());
        for (key, _) in tags.iter() {
            assert_eq!(tags.get(key), owned.get(key).map(|value| &**value));
        }
    }
    if header.flags.contains(Flags::COMPRESSED)
        && let Ok(plain) = decompress(&data[payload], MOST)
    {
        assert!(plain.len() <= MOST);
    }
}

fn build(input: &mut Input<'_>) {
    use MessageType::{Connect, ConnectFail, ConnectOk, Invoke, Ping, Result};
    let dialect = [Dialect::Pyro5, Dialect::Pyro4][input.below(2)];
    let kind = [Connect, ConnectOk, ConnectFail, Invoke, Result, Ping][input.below(6)];
    let flags = Flags::from_bits(input.short());
    let compress = input.below(2) == 1;
    let correlation = (input.below(2) == 1).then(|| [input.byte(); 16]);
    let (serializer, sequence) = (input.byte(), input.short());
    let head = Head { dialect, kind, serializer, flags, sequence, correlation, compress };
    let mut tags = OwnedAnnotations::default();
    for _ in 0..input.below(4) {
        let key = [b'A' + input.byte() % 4, b'A', b'A', b'A'];
        tags.set(key, input.bytes().to_vec());
    }
    let key = Manner::new(input.byte()).key;
    let payload = input.0;
    let before = [7; 3];
    let mut out = before.to_vec();
    let frame = FrameStart::begin(&mut out, head, &tags, key.as_ref());
    out.extend_from_slice(payload);
    let max = 4096;
    if frame.finish(&mut out, 0, max).is_err() {
        assert_eq!(out, before, "a message that is not built leaves nothing");
        return;
    }
    let message = &out[3..];
    let Ok(Parsed::Message { mut header, annotations, payload: window }) = parse(message, max) else {
        panic!("what was built is no message");
    };
    let opened = open(&mut header, &message[annotations.clone()], &message[window.clone()], key.as_ref());
    let Ok(opened) = opened else { panic!("what was built does not open") };
    assert_eq!(window.end, message.len());
    assert_eq!((header.kind, header.serializer, header.sequence), (kind as u8, serializer, sequence));
    assert_eq!(header.correlation_id(), correlation);
    for (key, value) in tags.iter() {
        assert_eq!(opened.get(key), Some(&value[..]));
    }
    let sent = &message[window];
    if header.flags.contains(Flags::COMPRESSED) {
        assert!(compress && payload.len() > COMPRESS_ABOVE);
        assert!(dialect == Dialect::Pyro5 || sent.len() < payload.len());
        assert_eq!(decompress(sent, payload.len()).as_deref(), Ok(payload));
        assert!(decompress(sent, payload.len() - 1).is_err());
    } else {
        assert_eq!(sent, payload);
    }
}
