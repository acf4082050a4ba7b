//! What begins every message: 40 bytes in protocol 502, 24 in protocol 48.

use std::ops::Range;

use super::{Dialect, Flags};
use crate::error::ProtocolError;

/// Length of the longest header in bytes.
pub const HEADER_LEN: usize = 40;
/// The last two bytes of every header of protocol 502.
const MAGIC: u16 = 0x4dc5;
/// What the checksum of protocol 48 begins with.
const CHECKSUM: u16 = 0x34e9;

pub(crate) const TAG: &[u8; 4] = b"PYRO";

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
    /// Which protocol it is in.
    pub dialect: Dialect,
    /// The message type as sent (above 255: 255); see [`MessageType::from_byte`].
    pub kind: u8,
    /// The serializer of the payload as sent (above 255: 255).
    pub serializer: u8,
    /// Flags.
    pub flags: Flags,
    /// Ties an answer to its request.
    pub sequence: u16,
    /// Bytes of payload.
    pub data_len: u32,
    /// Bytes of annotations: up to 65,535 in protocol 48.
    pub annotations_len: u32,
    /// The correlation id, meaningful with [`Flags::CORRELATION_ID`]. Protocol 48 has it in an annotation.
    pub correlation: [u8; 16],
}

impl Header {
    /// Reads a header of either protocol.
    ///
    /// # Errors
    /// With fewer bytes than a header has, as soon as they cannot become one. Pyro5 looks at six bytes first,
    /// then at all; the texts of the errors are Pyro's.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let Some((start, _)) = bytes.split_first_chunk::<6>() else { return Ok(None) };
        if &start[..4] != TAG {
            // The header of a TLS record: its type, and a version that begins with 3.
            let tls = matches!(start, [0x14..=0x17, 0x03, 0..=4, ..]);
            return Err(if tls { ProtocolError::Tls } else { ProtocolError::NotPyro });
        }
        let version = u16::from_be_bytes([start[4], start[5]]);
        match Dialect::from_version(version) {
            Some(Dialect::Pyro5) => match bytes.first_chunk() {
                None => Ok(None),
                Some(bytes) if short(bytes, 38) != MAGIC => Err(ProtocolError::Magic),
                Some(bytes) => Ok(Some(Self::from_502(bytes))),
            },
            Some(Dialect::Pyro4) => bytes.first_chunk().map(Self::parse_48).transpose(),
            None => Err(ProtocolError::Version(version)),
        }
    }

    #[inline]
    fn from_502(bytes: &[u8; 40]) -> Self {
        let mut correlation = [0; 16];
        correlation.copy_from_slice(&bytes[20..36]);
        Self {
            dialect: Dialect::Pyro5,
            kind: bytes[6],
            serializer: bytes[7],
            flags: Flags::from_bits(short(bytes, 8)),
            sequence: short(bytes, 10),
            data_len: long(bytes, 12),
            annotations_len: long(bytes, 16),
            correlation,
        }
    }

    fn parse_48(bytes: &[u8; 24]) -> Result<Self, ProtocolError> {
        let data_len = long(bytes, 12);
        if data_len > i32::MAX as u32 {
            return Err(ProtocolError::NegativeLength);
        }
        let header = Self {
            dialect: Dialect::Pyro4,
            kind: short(bytes, 6).min(255) as u8,
            serializer: short(bytes, 16).min(255) as u8,
            flags: Flags::from_pyro4(short(bytes, 8)),
            sequence: short(bytes, 10),
            data_len,
            annotations_len: u32::from(short(bytes, 18)),
            correlation: [0; 16],
        };
        let fields = [6, 4, 16, 8, 10, 18].map(|at| short(bytes, at));
        if short(bytes, 22) != checksum(fields, data_len) {
            return Err(ProtocolError::Checksum);
        }
        Ok(header)
    }

    /// The bytes of the header.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len()];
        self.write(&mut bytes);
        bytes
    }

    /// Writes the header into [`len`](Self::len) bytes that are zero.
    #[inline]
    pub(super) fn write(&self, bytes: &mut [u8]) {
        let version = self.dialect.version();
        bytes[..4].copy_from_slice(TAG);
        bytes[4..6].copy_from_slice(&version.to_be_bytes());
        bytes[10..12].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.data_len.to_be_bytes());
        match self.dialect {
            Dialect::Pyro5 => {
                bytes[6] = self.kind;
                bytes[7] = self.serializer;
                bytes[8..10].copy_from_slice(&self.flags.bits().to_be_bytes());
                bytes[16..20].copy_from_slice(&self.annotations_len.to_be_bytes());
                bytes[20..36].copy_from_slice(&self.correlation);
                bytes[38..40].copy_from_slice(&MAGIC.to_be_bytes());
            }
            Dialect::Pyro4 => {
                let (flags, annotations) = (self.flags.to_pyro4(), self.annotations_len as u16);
                bytes[7] = self.kind;
                bytes[8..10].copy_from_slice(&flags.to_be_bytes());
                bytes[17] = self.serializer;
                bytes[18..20].copy_from_slice(&annotations.to_be_bytes());
                let (kind, serializer) = (u16::from(self.kind), u16::from(self.serializer));
                let sum = checksum([kind, version, serializer, flags, self.sequence, annotations], self.data_len);
                bytes[22..24].copy_from_slice(&sum.to_be_bytes());
            }
        }
    }

    /// Bytes of the header itself.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.dialect.header_len()
    }

    /// Bytes that follow the header.
    pub fn body_len(&self) -> u64 {
        u64::from(self.data_len) + u64::from(self.annotations_len)
    }

    /// Bytes of the whole message, whose body is at most `max` bytes.
    #[inline]
    pub(crate) fn message_len(&self, max: usize) -> Result<usize, ProtocolError> {
        let size = self.body_len();
        if size > max as u64 {
            return Err(ProtocolError::TooLarge { size, max });
        }
        Ok(self.len() + size as usize)
    }

    /// Where annotations and payload lie in a message whose length was checked.
    #[inline]
    pub(crate) fn ranges(&self) -> (Range<usize>, Range<usize>) {
        let start = self.len();
        let data = start + self.annotations_len as usize;
        (start..data, data..data + self.data_len as usize)
    }

    /// The correlation id, where there is one.
    pub fn correlation_id(&self) -> Option<[u8; 16]> {
        self.flags.contains(Flags::CORRELATION_ID).then_some(self.correlation)
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The checksum of protocol 48: the low 16 bits of a sum.
fn checksum(fields: [u16; 6], data_len: u32) -> u16 {
    fields.iter().fold(CHECKSUM.wrapping_add(data_len as u16), |sum, field| sum.wrapping_add(*field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(dialect: Dialect) -> Header {
        Header {
            dialect,
            kind: MessageType::Invoke as u8,
            serializer: 1,
            flags: match dialect {
                Dialect::Pyro5 => Flags::ONEWAY | Flags::CORRELATION_ID,
                Dialect::Pyro4 => Flags::ONEWAY | Flags::ITEM_STREAM | Flags::META_ON_CONNECT,
            },
            sequence: 0x0102,
            data_len: 70_000,
            annotations_len: 9,
            correlation: match dialect {
                Dialect::Pyro5 => *b"0123456789abcdef",
                Dialect::Pyro4 => [0; 16],
            },
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for dialect in [Dialect::Pyro5, Dialect::Pyro4] {
            let bytes = header(dialect).to_bytes();
            assert_eq!(bytes.len(), dialect.header_len());
            assert_eq!(Header::parse(&bytes), Ok(Some(header(dialect))));
            for n in 0..bytes.len() {
                assert_eq!(Header::parse(&bytes[..n]), Ok(None), "{n} bytes");
            }
        }
    }

    #[test]
    fn protocol_48_is_as_pyro4_writes_it() {
        // `Pyro4.message.Message(MSG_INVOKE, b"x" * 70000, 1, 0x34, 0x0102, {"ABCD": b"abc"})`
        let wanted = b"PYRO\0\x30\0\x04\0\x34\x01\x02\0\x01\x11\x70\0\x01\0\x09\0\0\x47\xcd";
        assert_eq!(header(Dialect::Pyro4).to_bytes(), wanted);
    }

    #[test]
    fn the_errors_come_as_early_as_in_pyro() {
        let good = header(Dialect::Pyro5).to_bytes();
        assert_eq!(Header::parse(b"GET / HTTP/1.1"), Err(ProtocolError::NotPyro));
        let mut version = good.clone();
        version[5] = 0xf5;
        assert_eq!(Header::parse(&version[..6]), Err(ProtocolError::Version(501)));
        let mut magic = good;
        magic[39] = 0;
        assert_eq!(Header::parse(&magic[..39]), Ok(None));
        assert_eq!(Header::parse(&magic), Err(ProtocolError::Magic));
        let mut sum = header(Dialect::Pyro4).to_bytes();
        sum[11] += 1;
        assert_eq!(Header::parse(&sum), Err(ProtocolError::Checksum));
        sum[12] = 0x80;
        assert_eq!(Header::parse(&sum), Err(ProtocolError::NegativeLength));
    }
}
