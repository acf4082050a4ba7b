//! Universally unique identifiers.

use std::{fmt, str::FromStr};

use crate::{FormatError, FormatErrorKind};

/// Python's `uuid.UUID`: sixteen bytes.
///
/// `Display` is `str(uuid)`, with hyphens and in lower case; [`FromStr`] reads what Python's constructor reads: any
/// hyphens, braces around it, `urn:uuid:` in front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// The bytes in the order of the text.
    pub const fn from_bytes(bytes: [u8; 16]) -> Uuid {
        Uuid(bytes)
    }

    /// The bytes in the order of the text.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Uuid {
        Uuid(bytes)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let (mut text, mut at) = ([b'-'; 36], 0);
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 15)];
            at += 2;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Uuid {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Uuid, FormatError> {
        let wrong = || {
            FormatError::new(FormatErrorKind::Syntax, "expected a UUID such as 12345678-1234-5678-1234-567812345678")
        };
        let text = text.strip_prefix("urn:").unwrap_or(text);
        let text = text.strip_prefix("uuid:").unwrap_or(text).trim_matches(['{', '}']);
        let (mut bytes, mut count) = ([0_u8; 16], 0);
        for char in text.chars().filter(|char| *char != '-') {
            let digit = char.to_digit(16).ok_or_else(wrong)? as u8;
            let byte = bytes.get_mut(count / 2).ok_or_else(wrong)?;
            *byte = *byte << 4 | digit;
            count += 1;
        }
        if count == 32 { Ok(Uuid(bytes)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_python_are_read() {
        let uuid = Uuid::from_bytes([
            0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0xAB, 0xCD, 0xEF, 0x78,
        ]);
        assert_eq!(uuid.to_string(), "12345678-1234-5678-1234-5678abcdef78");
        for text in [
            "12345678-1234-5678-1234-5678abcdef78",
            "{12345678-1234-5678-1234-5678ABCDEF78}",
            "1234567812345678123456 78abcdef78".replace(' ', "").as_str(),
            "urn:uuid:12345678-1234-5678-1234-5678abcdef78",
        ] {
            assert_eq!(text.parse::<Uuid>().unwrap(), uuid, "{text}");
        }
        for text in ["", "1234", "12345678-1234-5678-1234-5678abcdef7", "12345678-1234-5678-1234-5678abcdef789", "ä"] {
            assert!(text.parse::<Uuid>().is_err(), "{text}");
        }
    }
}
