//! Whole messages: finding them in received bytes, and building them at the end of a buffer.

use std::ops::Range;

use super::compress::{COMPRESS_ABOVE, compress_tail};
use super::{Flags, HEADER_LEN, Header, MessageType, OwnedAnnotations};
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
/// Nothing is copied, and nothing is reserved for a length that is only claimed.
///
/// # Errors
/// Bytes that are not protocol 502, or a claimed length above `max`.
pub fn parse(bytes: &[u8], max: usize) -> Result<Parsed, ProtocolError> {
    let Some(header) = Header::parse(bytes)? else { return Ok(Parsed::Partial) };
    let body = header.body_len();
    if body > max as u64 {
        return Err(ProtocolError::TooLarge { size: body, max });
    }
    let len = HEADER_LEN + body as usize;
    if bytes.len() < len {
        return Ok(Parsed::Header { header, len });
    }
    let data = HEADER_LEN + header.annotations_len as usize;
    Ok(Parsed::Message { header, annotations: HEADER_LEN..data, payload: data..len })
}

/// A message under construction at the end of a buffer: header space and annotations are there,
/// the payload is being appended.
#[derive(Debug)]
#[must_use = "a message that is not finished has no header"]
pub struct FrameStart {
    start: usize,
    payload: usize,
}

impl FrameStart {
    /// Reserves a header at the end of `out` and appends the annotations. Append the payload next,
    /// then [`finish`](Self::finish).
    pub fn begin(out: &mut Vec<u8>, annotations: &OwnedAnnotations) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_LEN]);
        annotations.encode(out);
        Self { start, payload: out.len() }
    }

    /// Fills in the header. The lengths are taken from the buffer, plus `extra` payload bytes that
    /// are to follow it; the payload is compressed first where that is asked for and pays.
    ///
    /// # Errors
    /// A message above `max` bytes or the 32 bits of a length; the buffer is as before `begin`.
    pub fn finish(self, out: &mut Vec<u8>, head: Head, extra: usize, max: usize) -> Result<(), ProtocolError> {
        let mut flags = head.flags.without(Flags::COMPRESSED | Flags::CORRELATION_ID);
        if head.compress && extra == 0 && out.len() - self.payload > COMPRESS_ABOVE && compress_tail(out, self.payload)
        {
            flags |= Flags::COMPRESSED;
        }
        let annotations = self.payload - self.start - HEADER_LEN;
        let data = out.len() - self.payload + extra;
        let size = (annotations + data) as u64;
        if size > max as u64 || size > u64::from(u32::MAX) {
            out.truncate(self.start);
            return Err(ProtocolError::TooLarge { size, max });
        }
        if head.correlation.is_some() {
            flags |= Flags::CORRELATION_ID;
        }
        let header = Header {
            kind: head.kind as u8,
            serializer: head.serializer,
            flags,
            sequence: head.sequence,
            data_len: data as u32,
            annotations_len: annotations as u32,
            correlation: head.correlation.unwrap_or_default(),
        };
        out[self.start..self.start + HEADER_LEN].copy_from_slice(&header.to_bytes());
        Ok(())
    }

    /// Takes back what was appended since [`begin`](Self::begin).
    pub fn abandon(self, out: &mut Vec<u8>) {
        out.truncate(self.start);
    }
}

/// What a sender decides of a header; the rest follows from the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Head {
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
    /// Whether to compress payloads of more than [`COMPRESS_ABOVE`] bytes.
    pub compress: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            kind: MessageType::Invoke,
            serializer: 1,
            flags: Flags::ONEWAY,
            sequence: 7,
            correlation: None,
            compress: false,
        }
    }

    #[test]
    fn a_message_is_found_as_it_was_built() {
        let mut out = b"before".to_vec();
        let mut annotations = OwnedAnnotations::default();
        annotations.set(*b"TEST", &b"abc"[..]);
        let frame = FrameStart::begin(&mut out, &annotations);
        out.extend_from_slice(b"payload");
        frame.finish(&mut out, head(), 0, 100).expect("fits");
        let message = &out[6..];
        let Ok(Parsed::Message { header, annotations, payload }) = parse(message, 100) else {
            panic!("a whole message")
        };
        assert_eq!(&message[payload], b"payload");
        assert_eq!(&message[annotations], b"TEST\0\0\0\x03abc");
        assert_eq!((header.sequence, header.flags), (7, Flags::ONEWAY));
        for n in HEADER_LEN..message.len() {
            assert!(matches!(parse(&message[..n], 100), Ok(Parsed::Header { len, .. }) if len == message.len()));
        }
    }

    #[test]
    fn a_message_above_the_limit_is_neither_built_nor_awaited() {
        let mut out = b"before".to_vec();
        let frame = FrameStart::begin(&mut out, &OwnedAnnotations::default());
        out.extend_from_slice(b"payload");
        assert_eq!(frame.finish(&mut out, head(), 0, 6), Err(ProtocolError::TooLarge { size: 7, max: 6 }));
        assert_eq!(out, b"before");

        let frame = FrameStart::begin(&mut out, &OwnedAnnotations::default());
        out.extend_from_slice(b"payload");
        frame.finish(&mut out, head(), 0, 7).expect("fits");
        assert_eq!(parse(&out[6..46], 6), Err(ProtocolError::TooLarge { size: 7, max: 6 }));
    }
}
