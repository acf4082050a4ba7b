//! The 40 bytes that begin every message.

use super::Flags;
use crate::error::ProtocolError;

/// Length of a header in bytes.
pub const HEADER_LEN: usize = 40;
/// The protocol version of Pyro5.
pub const PROTOCOL_VERSION: u16 = 502;
/// The last two bytes of every header.
pub const MAGIC: u16 = 0x4dc5;

const TAG: &[u8; 4] = b"PYRO";

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MessageType {
    /// A client asks to be let in.
    Connect = 1,
    /// The server lets it in.
    ConnectOk = 2,
    /// The server does not.
    ConnectFail = 3,
    /// A call.
    Invoke = 4,
    /// The answer to a call.
    Result = 5,
    /// Either way: are you there?
    Ping = 6,
}

impl MessageType {
    /// From the byte of a header.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Connect,
            2 => Self::ConnectOk,
            3 => Self::ConnectFail,
            4 => Self::Invoke,
            5 => Self::Result,
            6 => Self::Ping,
            _ => return None,
        })
    }
}

/// A message's header. All numbers are big-endian on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The message type as sent; see [`MessageType::from_byte`].
    pub kind: u8,
    /// The serializer of the payload, as sent.
    pub serializer: u8,
    /// Flag bits.
    pub flags: Flags,
    /// Ties an answer to its request.
    pub sequence: u16,
    /// Bytes of payload.
    pub data_len: u32,
    /// Bytes of annotations.
    pub annotations_len: u32,
    /// The correlation id, meaningful with [`Flags::CORRELATION_ID`].
    pub correlation: [u8; 16],
}

impl Header {
    /// Reads a header.
    ///
    /// # Errors
    /// With fewer than 40 bytes, as soon as they cannot become a header of protocol 502. Pyro looks
    /// at six bytes first, then at all; the texts of the errors are Pyro's.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, ProtocolError> {
        if bytes.len() < 6 {
            return Ok(None);
        }
        if &bytes[..4] != TAG {
            return Err(ProtocolError::NotPyro);
        }
        let short = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let version = short(4);
        if version != PROTOCOL_VERSION {
            return Err(ProtocolError::Version(version));
        }
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else { return Ok(None) };
        if short(38) != MAGIC {
            return Err(ProtocolError::Magic);
        }
        let long = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut correlation = [0; 16];
        correlation.copy_from_slice(&bytes[20..36]);
        Ok(Some(Self {
            kind: bytes[6],
            serializer: bytes[7],
            flags: Flags::from_bits(short(8)),
            sequence: short(10),
            data_len: long(12),
            annotations_len: long(16),
            correlation,
        }))
    }

    /// The bytes of the header.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(TAG);
        bytes[4..6].copy_from_slice(&PROTOCOL_VERSION.to_be_bytes());
        bytes[6] = self.kind;
        bytes[7] = self.serializer;
        bytes[8..10].copy_from_slice(&self.flags.bits().to_be_bytes());
        bytes[10..12].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.data_len.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.annotations_len.to_be_bytes());
        bytes[20..36].copy_from_slice(&self.correlation);
        bytes[38..].copy_from_slice(&MAGIC.to_be_bytes());
        bytes
    }

    /// Bytes that follow the header.
    pub fn body_len(&self) -> u64 {
        u64::from(self.data_len) + u64::from(self.annotations_len)
    }

    /// The correlation id, where there is one.
    pub fn correlation_id(&self) -> Option<[u8; 16]> {
        self.flags.contains(Flags::CORRELATION_ID).then_some(self.correlation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            kind: MessageType::Invoke as u8,
            serializer: 1,
            flags: Flags::ONEWAY | Flags::CORRELATION_ID,
            sequence: 0x0102,
            data_len: 3,
            annotations_len: 9,
            correlation: *b"0123456789abcdef",
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let bytes = header().to_bytes();
        assert_eq!(Header::parse(&bytes), Ok(Some(header())));
        for n in 0..HEADER_LEN {
            assert_eq!(Header::parse(&bytes[..n]), Ok(None), "{n} bytes");
        }
    }

    #[test]
    fn the_errors_come_as_early_as_in_pyro() {
        let good = header().to_bytes();
        assert_eq!(Header::parse(b"GET / HTTP/1.1"), Err(ProtocolError::NotPyro));
        let mut version = good;
        version[5] = 48;
        assert_eq!(Header::parse(&version[..6]), Err(ProtocolError::Version(0x0130)));
        let mut magic = good;
        magic[39] = 0;
        assert_eq!(Header::parse(&magic[..39]), Ok(None));
        assert_eq!(Header::parse(&magic), Err(ProtocolError::Magic));
    }
}
