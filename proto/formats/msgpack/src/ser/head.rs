//! Markers, lengths and numbers: each in the shortest form that holds it, as msgpack-python writes them.

use firesteel_value::{FormatError, FormatErrorKind, short::Short};

use super::Serializer;

/// A family of markers for lengths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// The marker of length 0 in its own byte, and how many lengths there are.
    fix: u8,
    fixed: usize,
    /// The marker of a length in one byte, if there is one.
    one: Option<u8>,
    /// The marker of a length in two bytes; that of four is the next.
    two: u8,
}

pub(super) const STR: Family = Family { fix: 0xa0, fixed: 32, one: Some(0xd9), two: 0xda };
pub(super) const BYTES: Family = Family { fix: 0, fixed: 0, one: Some(0xc4), two: 0xc5 };
pub(super) const ARRAY: Family = Family { fix: 0x90, fixed: 16, one: None, two: 0xdc };
pub(super) const MAP: Family = Family { fix: 0x80, fixed: 16, one: None, two: 0xde };
pub(super) const EXT: Family = Family { fix: 0, fixed: 0, one: Some(0xc7), two: 0xc8 };

impl Family {
    /// Appends a marker and a length.
    #[inline]
    pub(super) fn put(self, out: &mut Vec<u8>, len: usize) -> Result<(), FormatError> {
        if len < self.fixed {
            // Below 32.
            out.push(self.fix | len as u8);
            return Ok(());
        }
        self.put_long(out, len)
    }

    fn put_long(self, out: &mut Vec<u8>, len: usize) -> Result<(), FormatError> {
        match (self.one, u8::try_from(len), u16::try_from(len), u32::try_from(len)) {
            (Some(marker), Ok(len), ..) => out.extend_from_slice(&[marker, len]),
            (_, _, Ok(len), _) => {
                let [a, b] = len.to_be_bytes();
                out.extend_from_slice(&[self.two, a, b]);
            }
            (.., Ok(len)) => {
                let [a, b, c, d] = len.to_be_bytes();
                out.extend_from_slice(&[self.two + 1, a, b, c, d]);
            }
            _ => return Err(FormatError::new(FormatErrorKind::Size, "longer than msgpack can say, 2**32 - 1")),
        }
        Ok(())
    }

    /// Writes the right length in place of a wrong one: the bytes from `start` to `content` are the marker and length.
    #[cold]
    pub(super) fn replace(
        self,
        out: &mut Vec<u8>,
        start: usize,
        content: usize,
        len: usize,
    ) -> Result<(), FormatError> {
        let mut head = Vec::with_capacity(5);
        self.put(&mut head, len)?;
        out.splice(start..content, head);
        Ok(())
    }
}

impl Serializer<'_> {
    #[inline]
    pub(super) fn signed(&mut self, number: i64) {
        match number {
            0.. => self.unsigned(number as u64),
            -0x20.. => self.out.push(number as u8),
            -0x80.. => self.out.extend_from_slice(&[0xd0, number as u8]),
            -0x8000.. => {
                let [a, b] = (number as i16).to_be_bytes();
                self.out.extend_from_slice(&[0xd1, a, b]);
            }
            -0x8000_0000.. => {
                let [a, b, c, d] = (number as i32).to_be_bytes();
                self.out.extend_from_slice(&[0xd2, a, b, c, d]);
            }
            _ => self.eight(0xd3, number.to_be_bytes()),
        }
    }

    #[inline]
    pub(super) fn unsigned(&mut self, number: u64) {
        match number {
            0..0x80 => self.out.push(number as u8),
            0x80..0x100 => self.out.extend_from_slice(&[0xcc, number as u8]),
            0x100..0x1_0000 => {
                let [a, b] = (number as u16).to_be_bytes();
                self.out.extend_from_slice(&[0xcd, a, b]);
            }
            0x1_0000..0x1_0000_0000 => {
                let [a, b, c, d] = (number as u32).to_be_bytes();
                self.out.extend_from_slice(&[0xce, a, b, c, d]);
            }
            _ => self.eight(0xcf, number.to_be_bytes()),
        }
    }

    #[inline]
    pub(super) fn float(&mut self, number: f64) {
        self.eight(0xcb, number.to_be_bytes());
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) -> Result<(), FormatError> {
        if let Some(short) = Short::new(text.as_bytes()) {
            // At most 14.
            short.append_behind(STR.fix | text.len() as u8, self.out);
            return Ok(());
        }
        STR.put(self.out, text.len())?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        BYTES.put(self.out, bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn ext(&mut self, code: u8, data: &[u8]) -> Result<(), FormatError> {
        match data.len() {
            1 | 2 | 4 | 8 | 16 => self.out.push(0xd4 + data.len().trailing_zeros() as u8),
            len => EXT.put(self.out, len)?,
        }
        self.out.push(code);
        self.out.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn eight(&mut self, marker: u8, bytes: [u8; 8]) {
        let mut all = [marker; 9];
        all[1..].copy_from_slice(&bytes);
        self.out.extend_from_slice(&all);
    }
}
