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
        // No length is more than a usize.
        let len = Some(number as usize);
        put_header(
            out,
            match self {
                Major::Positive => Header::Positive(number),
                Major::Negative => Header::Negative(number),
                Major::Bytes => Header::Bytes(len),
                Major::Text => Header::Text(len),
                Major::Array => Header::Array(len),
                Major::Map => Header::Map(len),
                Major::Tag => Header::Tag(number),
            },
        );
    }
}

#[inline]
fn put_header(out: &mut Vec<u8>, header: Header) {
    let mut buffer = [0; 9];
    let mut free = &mut buffer[..];
    // No header is longer than the buffer.
    let _ = Encoder::from(&mut free).push(header);
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
        if f64::from(number as f32).to_bits() != number.to_bits() {
            let mut bytes = [0xfb; 9];
            bytes[1..].copy_from_slice(&number.to_be_bytes());
            self.out.extend_from_slice(&bytes);
        } else {
            put_header(self.out, Header::Float(number));
        }
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.out.reserve(text.len() + 9);
        Major::Text.put(self.out, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 9);
        Major::Bytes.put(self.out, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    pub(super) fn tag(&mut self, number: u64) {
        Major::Tag.put(self.out, number);
    }
}
