//! What firesteel's peers tell each other beyond Pyro: in one annotation, `FSTL`, which Pyro's programs pass over.
//!
//! A version byte (1), then entries of a kind (1 byte), a length (1 byte) and a value. Entries of unknown kinds are
//! passed over, and so is the whole of another version.
//!
//! | kind | value | where |
//! |---|---|---|
//! | 0 | a byte of capabilities, bit 0: answers may overtake | CONNECT and CONNECTOK; without a handshake, calls and answers |
//! | 1 | 8 bytes: how long the caller waits, in microseconds | calls |
//! | 2 | 2 bytes: the sequence number of a call that nobody waits for any more | a oneway call, of `ping` of `Pyro.Daemon` |
//!
//! Numbers are big-endian. A server tells its capabilities only to a client that told its own.

use std::time::Duration;

use smallvec::SmallVec;

use super::AnnotationKey;

/// The name of the annotation.
pub const EXTENSIONS: AnnotationKey = *b"FSTL";

const VERSION: u8 = 1;
const CAPABILITIES: u8 = 0;
const DEADLINE: u8 = 1;
const CANCEL: u8 = 2;
const OVERTAKING: u8 = 1;

/// The content of the annotation `FSTL`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Answers may come in another order than their calls.
    pub overtaking: bool,
    /// How long the caller still waits when the call is sent.
    pub deadline: Option<Duration>,
    /// Nobody waits for the call with this sequence number any more.
    pub cancel: Option<u16>,
}

impl Extensions {
    /// Reads the annotation's value; of what is malformed, what comes before counts.
    pub fn parse(value: &[u8]) -> Self {
        let mut extensions = Self::default();
        let Some((&VERSION, mut rest)) = value.split_first() else { return extensions };
        while let Some((&[kind, len], behind)) = rest.split_first_chunk()
            && let Some((value, next)) = behind.split_at_checked(usize::from(len))
        {
            match (kind, value) {
                (CAPABILITIES, [bits, ..]) => extensions.overtaking = bits & OVERTAKING != 0,
                (DEADLINE, value) => {
                    extensions.deadline = value.try_into().ok().map(|us| Duration::from_micros(u64::from_be_bytes(us)));
                }
                (CANCEL, value) => extensions.cancel = value.try_into().ok().map(u16::from_be_bytes),
                _ => {}
            }
            rest = next;
        }
        extensions
    }

    /// True when there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The annotation's value.
    pub fn to_bytes(&self) -> SmallVec<[u8; 24]> {
        let mut bytes = SmallVec::from_slice(&[VERSION]);
        let mut entry = |kind, value: &[u8]| {
            bytes.extend_from_slice(&[kind, value.len() as u8]);
            bytes.extend_from_slice(value);
        };
        if self.overtaking {
            entry(CAPABILITIES, &[OVERTAKING]);
        }
        if let Some(left) = self.deadline {
            entry(DEADLINE, &u64::try_from(left.as_micros()).unwrap_or(u64::MAX).to_be_bytes());
        }
        if let Some(sequence) = self.cancel {
            entry(CANCEL, &sequence.to_be_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_again() {
        for extensions in [
            Extensions::default(),
            Extensions { overtaking: true, ..Extensions::default() },
            Extensions { deadline: Some(Duration::from_micros(1_500_000)), ..Extensions::default() },
            Extensions { overtaking: true, deadline: Some(Duration::ZERO), cancel: Some(0x0102) },
        ] {
            assert_eq!(Extensions::parse(&extensions.to_bytes()), extensions);
        }
        let all = Extensions { overtaking: true, deadline: Some(Duration::from_micros(258)), cancel: Some(3) };
        assert_eq!(all.to_bytes()[..], *b"\x01\0\x01\x01\x01\x08\0\0\0\0\0\0\x01\x02\x02\x02\0\x03");
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let cancel = Extensions { cancel: Some(7), ..Extensions::default() };
        assert_eq!(Extensions::parse(b"\x01\x09\x03abc\x02\x02\0\x07"), cancel);
        assert_eq!(Extensions::parse(b"\x01\x02\x02\0\x07\x01\x40only"), cancel);
        assert_eq!(Extensions::parse(b"\x01\x02\x02\0\x07\x01\x01x\0"), cancel);
        for nothing in [&b""[..], b"\x02\0\x01\x01", b"\x01", b"\x01\0", b"\x01\0\0", b"\x01\x02\x01\x07"] {
            assert!(Extensions::parse(nothing).is_empty(), "{nothing:?}");
        }
    }
}
