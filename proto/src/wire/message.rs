//! Whole messages: finding them in received bytes, and building them at the end of a buffer.

use std::ops::Range;

use super::annotations::{CORRELATION, HMAC, push};
use super::compress::{compress_tail, pays};
use super::{
    Annotations, Dialect, EXTENSIONS, Extensions, Flags, HMAC_LEN, Header, HmacKey, MessageType, OwnedAnnotations,
};
use crate::error::ProtocolError;

/// What [`parse`] found at the start of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Not even a header.
    Partial,
    /// A header, whose body has not arrived in full: the message takes `len` bytes in all.
    Header {
        /// The header.
        header: Header,
        /// Bytes of the message, header included.
        len: usize,
    },
    /// A whole message.
    Message {
        /// The header.
        header: Header,
        /// Where the annotations lie.
        annotations: Range<usize>,
        /// Where the payload lies; the message ends where it ends.
        payload: Range<usize>,
    },
}

/// Looks for one message at the start of `bytes`, whose body is at most `max` bytes.
///
/// Nothing is copied, and nothing is reserved for a length that is only claimed. The header is as it was sent:
/// [`open`] adds what protocol 48 has in annotations.
///
/// # Errors
/// Bytes that are neither protocol, or a claimed length above `max`.
#[inline]
pub fn parse(bytes: &[u8], max: usize) -> Result<Parsed, ProtocolError> {
    let Some(header) = Header::parse(bytes)? else { return Ok(Parsed::Partial) };
    let len = header.message_len(max)?;
    if bytes.len() < len {
        return Ok(Parsed::Header { header, len });
    }
    let (annotations, payload) = header.ranges();
    Ok(Parsed::Message { header, annotations, payload })
}

/// Checks the annotations of a whole message and its signature, and puts into the header what protocol 48
/// has in annotations. The others are left.
///
/// # Errors
/// Malformed annotations; in protocol 48 a signature that is wrong, missing, or there without a key.
#[inline]
pub fn open<'a>(
    header: &mut Header,
    annotations: &'a [u8],
    payload: &[u8],
    key: Option<&HmacKey>,
) -> Result<Annotations<'a>, ProtocolError> {
    let tags = Annotations::parse(annotations, header.dialect)?;
    if header.dialect == Dialect::Pyro4 {
        open_48(header, tags, payload, key)?;
    }
    Ok(tags.of_users())
}

fn open_48(
    header: &mut Header,
    tags: Annotations<'_>,
    payload: &[u8],
    key: Option<&HmacKey>,
) -> Result<(), ProtocolError> {
    match (tags.get(HMAC), key) {
        (None, None) => {}
        (Some(signature), Some(key)) if key.verifies(signature, payload, &values(tags)) => {}
        (Some(_), Some(_)) => return Err(ProtocolError::Signature),
        (None, Some(_)) | (Some(_), None) => return Err(ProtocolError::SignatureMissing),
    }
    if let Some(id) = tags.get(CORRELATION).and_then(|id| id.try_into().ok()) {
        header.correlation = id;
        header.flags |= Flags::CORRELATION_ID;
    }
    Ok(())
}

/// What a signature covers beside the payload: the values of the annotations, by the order of their names.
fn values(tags: Annotations<'_>) -> Vec<&[u8]> {
    // A repeated name counts once, with its last value, as in Python.
    let sorted: std::collections::BTreeMap<_, _> = tags.iter().filter(|(key, _)| *key != HMAC).collect();
    sorted.into_values().collect()
}

/// A message under construction at the end of a buffer: header space and annotations are there,
/// the payload is being appended.
#[derive(Debug)]
#[must_use = "a message that is not finished has no header"]
pub struct FrameStart<'k> {
    head: Head,
    start: usize,
    payload: usize,
    key: Option<&'k HmacKey>,
}

impl<'k> FrameStart<'k> {
    /// Reserves a header at the end of `out` and appends the annotations. Append the payload next,
    /// then [`finish`](Self::finish). The key signs messages of protocol 48; in the other it means nothing.
    #[inline]
    pub fn begin(out: &mut Vec<u8>, head: Head, annotations: &OwnedAnnotations, key: Option<&'k HmacKey>) -> Self {
        Self::begin_extended(out, head, annotations, Extensions::default(), key)
    }

    /// The same, with what only a peer that knows more than Pyro understands; others pass over it.
    #[inline]
    pub fn begin_extended(
        out: &mut Vec<u8>,
        head: Head,
        annotations: &OwnedAnnotations,
        extensions: Extensions,
        key: Option<&'k HmacKey>,
    ) -> Self {
        let start = out.len();
        match head.dialect {
            Dialect::Pyro5 => out.extend_from_slice(&[0; Dialect::Pyro5.header_len()]),
            Dialect::Pyro4 => out.extend_from_slice(&[0; Dialect::Pyro4.header_len()]),
        }
        annotations.encode(head.dialect, out);
        if !extensions.is_empty() {
            push(EXTENSIONS, &extensions.to_bytes(), head.dialect, out);
        }
        let key = key.filter(|_| head.dialect == Dialect::Pyro4);
        if head.dialect == Dialect::Pyro4 {
            if let Some(id) = &head.correlation {
                push(CORRELATION, id, head.dialect, out);
            }
            if key.is_some() {
                push(HMAC, &[0; HMAC_LEN], head.dialect, out);
            }
        }
        Self { head, start, payload: out.len(), key }
    }

    /// Fills in the header. The lengths are taken from the buffer, plus `extra` payload bytes that
    /// are to follow it; the payload is compressed first where that is asked for and pays.
    ///
    /// # Errors
    /// A message above `max` bytes or what the header's lengths can tell; the buffer is as before `begin`. So it is
    /// when extra bytes would have to be signed: append them to the buffer instead.
    #[inline]
    pub fn finish(self, out: &mut Vec<u8>, extra: usize, max: usize) -> Result<(), ProtocolError> {
        let head = self.head;
        let mut flags = head.flags.without(Flags::COMPRESSED | Flags::CORRELATION_ID);
        let plain = out.len() - self.payload;
        if head.compress && extra == 0 && pays(plain, head.dialect) && compress_tail(out, self.payload, head.dialect) {
            flags |= Flags::COMPRESSED;
        }
        let annotations = self.payload - self.start - head.dialect.header_len();
        let data = out.len() - self.payload + extra;
        let size = (annotations + data) as u64;
        let (most_data, most_annotations) = match head.dialect {
            Dialect::Pyro5 => (u32::MAX, u32::MAX),
            Dialect::Pyro4 => (i32::MAX as u32, u32::from(u16::MAX)),
        };
        let fits = size <= max as u64 && data as u64 <= u64::from(most_data);
        if !fits || annotations as u64 > u64::from(most_annotations) || (extra > 0 && self.key.is_some()) {
            out.truncate(self.start);
            let max = if fits { most_annotations as usize } else { max };
            return Err(ProtocolError::TooLarge { size, max });
        }
        if head.correlation.is_some() {
            flags |= Flags::CORRELATION_ID;
        }
        let header = Header {
            dialect: head.dialect,
            kind: head.kind as u8,
            serializer: head.serializer,
            flags,
            sequence: head.sequence,
            data_len: data as u32,
            annotations_len: annotations as u32,
            correlation: head.correlation.unwrap_or_default(),
        };
        header.write(&mut out[self.start..self.start + header.len()]);
        if let Some(key) = self.key {
            self.sign(out, key);
        }
        Ok(())
    }

    /// The signature is the last annotation.
    fn sign(&self, out: &mut [u8], key: &HmacKey) {
        let (front, payload) = out.split_at_mut(self.payload);
        let (front, signature) = front.split_at_mut(self.payload - HMAC_LEN);
        // The annotation's own head is still in front; as a chunk without its value it ends the walk.
        let tags = Annotations::walk(&front[self.start + self.head.dialect.header_len()..], self.head.dialect);
        signature.copy_from_slice(&key.sign(payload, &values(tags)));
    }

    /// Takes back what was appended since [`begin`](Self::begin).
    pub fn abandon(self, out: &mut Vec<u8>) {
        out.truncate(self.start);
    }
}

/// What a sender decides of a header; the rest follows from the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The protocol that the peer speaks.
    pub dialect: Dialect,
    /// The message type.
    pub kind: MessageType,
    /// The serializer of the payload.
    pub serializer: u8,
    /// Flags, without those for compression and correlation id.
    pub flags: Flags,
    /// The sequence number.
    pub sequence: u16,
    /// The correlation id, where there is one.
    pub correlation: Option<[u8; 16]>,
    /// Whether to compress payloads where Pyro does so.
    pub compress: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECTS: [Dialect; 2] = [Dialect::Pyro5, Dialect::Pyro4];

    fn head(dialect: Dialect) -> Head {
        Head {
            dialect,
            kind: MessageType::Invoke,
            serializer: 1,
            flags: Flags::ONEWAY,
            sequence: 7,
            correlation: Some([9; 16]),
            compress: false,
        }
    }

    fn build(dialect: Dialect, key: Option<&HmacKey>, max: usize) -> Result<Vec<u8>, ProtocolError> {
        let mut out = b"before".to_vec();
        let mut annotations = OwnedAnnotations::default();
        annotations.set(*b"TEST", &b"abc"[..]);
        annotations.set(*b"AAAA", &b"first"[..]);
        let frame = FrameStart::begin(&mut out, head(dialect), &annotations, key);
        out.extend_from_slice(b"payload");
        let result = frame.finish(&mut out, 0, max);
        assert!(out.starts_with(b"before"));
        result.map(|()| out.split_off(6)).inspect_err(|_| assert_eq!(out, b"before"))
    }

    #[test]
    fn a_message_is_found_as_it_was_built() {
        for dialect in DIALECTS {
            let message = build(dialect, None, 100).expect("fits");
            let Ok(Parsed::Message { mut header, annotations, payload }) = parse(&message, 100) else {
                panic!("a whole message")
            };
            assert_eq!(&message[payload.clone()], b"payload");
            let tags = open(&mut header, &message[annotations], b"payload", None).expect("well-formed");
            assert_eq!(tags.get(*b"TEST"), Some(&b"abc"[..]));
            assert_eq!((header.sequence, header.flags), (7, Flags::ONEWAY | Flags::CORRELATION_ID));
            assert_eq!(header.correlation_id(), Some([9; 16]));
            for n in dialect.header_len()..message.len() {
                assert!(matches!(parse(&message[..n], 100), Ok(Parsed::Header { len, .. }) if len == message.len()));
            }
        }
    }

    #[test]
    fn a_message_above_the_limit_is_neither_built_nor_awaited() {
        for dialect in DIALECTS {
            let message = build(dialect, None, 100).expect("fits");
            let size = message.len() - dialect.header_len();
            let error = ProtocolError::TooLarge { size: size as u64, max: size - 1 };
            assert_eq!(build(dialect, None, size - 1), Err(error.clone()));
            assert_eq!(parse(&message[..40], size - 1), Err(error));
        }
    }

    #[test]
    fn annotations_of_protocol_48_end_at_64_kib() {
        for (dialect, fits) in [(Dialect::Pyro5, true), (Dialect::Pyro4, false)] {
            let mut annotations = OwnedAnnotations::default();
            annotations.set(*b"AAAA", vec![0; 40_000]);
            annotations.set(*b"BBBB", vec![0; 40_000]);
            let mut out = Vec::new();
            let frame = FrameStart::begin(&mut out, head(dialect), &annotations, None);
            assert_eq!(frame.finish(&mut out, 0, 1 << 20).is_ok(), fits, "{dialect}");
        }
    }

    #[cfg(feature = "hmac")]
    #[test]
    fn signatures_are_those_of_pyro4_and_are_asked_for_at_both_ends() {
        let (key, other) = (HmacKey::new(b"secret"), HmacKey::new(b"other"));
        let message = build(Dialect::Pyro4, Some(&key), 200).expect("fits");
        let Ok(Parsed::Message { mut header, annotations, payload }) = parse(&message, 200) else {
            panic!("a whole message")
        };
        let (tags, payload) = (&message[annotations], &message[payload]);
        // hmac.new(b"secret", b"payload" + b"first" + b"\x09" * 16 + b"abc", "sha1").hexdigest()
        let signature = Annotations::parse(tags, Dialect::Pyro4).expect("well-formed").get(HMAC).expect("signed");
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "99d55e934ea30b83420572ee54bb4240736fdd1b");
        assert!(open(&mut header, tags, payload, Some(&key)).is_ok());
        assert_eq!(open(&mut header, tags, payload, Some(&other)).err(), Some(ProtocolError::Signature));
        assert_eq!(open(&mut header, tags, b"forged", Some(&key)).err(), Some(ProtocolError::Signature));
        assert_eq!(open(&mut header, tags, payload, None).err(), Some(ProtocolError::SignatureMissing));
        assert_eq!(open(&mut header, b"", payload, Some(&key)).err(), Some(ProtocolError::SignatureMissing));
        // Protocol 502 knows no signatures.
        header.dialect = Dialect::Pyro5;
        assert!(open(&mut header, b"", payload, Some(&key)).is_ok());
        assert_eq!(build(Dialect::Pyro5, Some(&key), 200), build(Dialect::Pyro5, None, 200));
    }
    #[cfg(feature = "hmac")]
    #[test]
    fn a_key_may_be_longer_than_a_block_of_the_hash() {
        // hmac.new(b"k" * length, b"payload", "sha1").hexdigest()
        for (length, signature) in
            [(64, "a87c016e4e529aa58126fe021c573aa7b8ddafd4"), (65, "0eb723fdd9df5bd04e9da92a357f08d67b246f16")]
        {
            let signed = HmacKey::new(vec![b'k'; length]).sign(b"payload", &[]);
            let hex: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, signature, "{length}");
        }
    }
}
