//! Headers and numbers: each in the shortest form that holds it.

use ciborium_ll::{Encoder, Header};

use super::Serializer;

/// What kind of item a header begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Major {
    Positive = 0,
    Negative = 1,
    Bytes = 2,
    Text = 3,
    Array = 4,
    Map = 5,
    Tag = 6,
}

impl Major {
    /// Appends a header with a number or a length.
    #[inline]
    pub(super) fn put(self, out: &mut Vec<u8>, number: u64) {
        if number < 24 {
            out.push((self as u8) << 5 | number as u8);
        } else {
            self.put_long(out, number);
        }
    }

    fn put_long(self, out: &mut Vec<u8>, number: u64) {
        let major = (self as u8) << 5;
        match number {
            0..0x100 => out.extend_from_slice(&[major | 24, number as u8]),
            0x100..0x1_0000 => {
                let [a, b] = (number as u16).to_be_bytes();
                out.extend_from_slice(&[major | 25, a, b]);
            }
            0x1_0000..0x1_0000_0000 => {
                let [a, b, c, d] = (number as u32).to_be_bytes();
                out.extend_from_slice(&[major | 26, a, b, c, d]);
            }
            _ => put_eight(out, major | 27, number.to_be_bytes()),
        }
    }
}

#[inline]
fn put_eight(out: &mut Vec<u8>, first: u8, bytes: [u8; 8]) {
    let mut all = [first; 9];
    all[1..].copy_from_slice(&bytes);
    out.extend_from_slice(&all);
}

/// A float that 32 bits hold, in 16 bits if they do as well.
fn put_short(out: &mut Vec<u8>, number: f64) {
    let mut buffer = [0; 9];
    let mut free = &mut buffer[..];
    // No header is longer than the buffer.
    let _ = Encoder::from(&mut free).push(Header::Float(number));
    let len = 9 - free.len();
    out.extend_from_slice(&buffer[..len]);
}

impl Serializer<'_> {
    #[inline]
    pub(super) fn signed(&mut self, number: i64) {
        if number < 0 {
            Major::Negative.put(self.out, !number as u64);
        } else {
            Major::Positive.put(self.out, number as u64);
        }
    }

    #[inline]
    pub(super) fn unsigned(&mut self, number: u64) {
        Major::Positive.put(self.out, number);
    }

    /// In 16, 32 or 64 bits, whatever is exact.
    #[inline]
    pub(super) fn float(&mut self, number: f64) {
        if f64::from(number as f32).to_bits() == number.to_bits() {
            put_short(self.out, number);
        } else {
            put_eight(self.out, 0xfb, number.to_be_bytes());
        }
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        Major::Text.put(self.out, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        Major::Bytes.put(self.out, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    pub(super) fn tag(&mut self, number: u64) {
        Major::Tag.put(self.out, number);
    }
}
