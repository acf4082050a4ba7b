//! The writer.

mod compound;
mod serializer;

use firesteel_value::{BigInt, FormatError, FormatErrorKind, Rewrite};
use serde::Serialize;

use crate::codes;
pub use compound::{Map, Seq};

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How deeply containers may be nested. Default 200, as in the other formats; Python reads 2000, on Windows 1000.
    pub max_depth: usize,
    /// What to make of instances before they are written. Default none: they are written as they are.
    pub rewrite: Option<Rewrite>,
}

impl Default for Options {
    fn default() -> Options {
        Options { max_depth: 200, rewrite: None }
    }
}

/// Writes a value into a new vector.
///
/// # Errors
/// `Unhashable` for keys of dicts and elements of sets that are lists, dicts, sets or bytearrays, `Depth` over the
/// limit, `Size` for what is larger than 2 GiB.
pub fn to_vec<T: Serialize + ?Sized>(value: &T, options: &Options) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::with_capacity(128);
    append(&mut out, value, options)?;
    Ok(out)
}

/// Appends a value to a vector, which is as before after an error.
///
/// # Errors
/// Those of [`to_vec`].
pub fn append<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T, options: &Options) -> Result<(), FormatError> {
    let start = out.len();
    let result = value.serialize(&mut Serializer::new(out, options));
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// A serde serializer that appends to a vector. Several values may be written one after the other, with bytes of the
/// caller's between them.
#[derive(Debug)]
pub struct Serializer<'a> {
    out: &'a mut Vec<u8>,
    max_depth: usize,
    rewrite: Option<Rewrite>,
    /// How many containers are open.
    depth: usize,
    /// In a key of a dict or an element of a set.
    hashing: bool,
    /// The code of a set, if the next seq is one.
    set: Option<u8>,
}

impl<'a> Serializer<'a> {
    /// A serializer.
    #[inline]
    pub fn new(out: &'a mut Vec<u8>, options: &Options) -> Serializer<'a> {
        Serializer { out, max_depth: options.max_depth, rewrite: options.rewrite, depth: 0, hashing: false, set: None }
    }

    /// The vector, to write what stands between values.
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// Writes a code and a fixed number of bytes at once.
    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.out.extend_from_slice(&bytes);
    }

    /// Writes a code and a size.
    #[inline(always)]
    fn put_size(&mut self, code: u8, size: usize) -> Result<(), FormatError> {
        let [a, b, c, d] = size_bytes(size)?;
        self.put([code, a, b, c, d]);
        Ok(())
    }

    #[inline(always)]
    fn int(&mut self, number: i64) {
        match i32::try_from(number) {
            Ok(small) => {
                let [a, b, c, d] = small.to_le_bytes();
                self.put([codes::INT, a, b, c, d]);
            }
            Err(_) => self.wide(number < 0, number.unsigned_abs().into()),
        }
    }

    /// A magnitude that is not zero, in digits of 15 bits.
    fn wide(&mut self, negative: bool, mut magnitude: u128) {
        let mut bytes = [0; 18];
        let mut count: i32 = 0;
        for digit in bytes.as_chunks_mut().0 {
            if magnitude == 0 {
                break;
            }
            *digit = (magnitude as u16 & 0x7fff).to_le_bytes();
            magnitude >>= 15;
            count += 1;
        }
        let [a, b, c, d] = (if negative { -count } else { count }).to_le_bytes();
        self.put([codes::LONG, a, b, c, d]);
        self.out.extend_from_slice(&bytes[..count as usize * 2]);
    }

    fn big(&mut self, number: &BigInt) -> Result<(), FormatError> {
        if let Some(small) = number.to_i64() {
            self.int(small);
            return Ok(());
        }
        let count = i32::try_from(number.bits().div_ceil(15)).map_err(|_| too_large())?;
        let [a, b, c, d] = (if number.is_negative() { -count } else { count }).to_le_bytes();
        self.put([codes::LONG, a, b, c, d]);
        let mut left = count;
        // Fifteen bytes are eight digits.
        for some in number.magnitude_le().chunks(15) {
            let mut bytes = [0; 16];
            bytes[..some.len()].copy_from_slice(some);
            let mut bits = u128::from_le_bytes(bytes);
            for _ in 0..left.min(8) {
                self.put((bits as u16 & 0x7fff).to_le_bytes());
                bits >>= 15;
            }
            left = (left - 8).max(0);
        }
        Ok(())
    }

    #[inline(always)]
    fn float(&mut self, number: f64) {
        let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
        self.put([codes::FLOAT, a, b, c, d, e, f, g, h]);
    }

    fn complex(&mut self, re: f64, im: f64) {
        self.out.push(codes::COMPLEX);
        self.put(re.to_le_bytes());
        self.put(im.to_le_bytes());
    }

    #[inline(always)]
    fn str(&mut self, text: &str) -> Result<(), FormatError> {
        match u8::try_from(text.len()) {
            Ok(len) if text.is_ascii() => {
                self.put([codes::SHORT_ASCII, len]);
                self.out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            _ => self.long_str(text),
        }
    }

    fn long_str(&mut self, text: &str) -> Result<(), FormatError> {
        self.put_size(if text.is_ascii() { codes::ASCII } else { codes::UNICODE }, text.len())?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.put_size(codes::BYTES, bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Before a container, or something else that Python cannot hash.
    #[inline(always)]
    fn check_hashable(&self, class: &str) -> Result<(), FormatError> {
        if self.hashing { Err(FormatError::unhashable(class)) } else { Ok(()) }
    }

    #[inline(always)]
    fn enter(&mut self) -> Result<(), FormatError> {
        if self.depth >= self.max_depth {
            return Err(FormatError::too_deep(self.max_depth));
        }
        self.depth += 1;
        Ok(())
    }
}

#[inline(always)]
fn size_bytes(size: usize) -> Result<[u8; 4], FormatError> {
    match i32::try_from(size) {
        Ok(size) => Ok(size.to_le_bytes()),
        Err(_) => Err(too_large()),
    }
}

#[cold]
fn too_large() -> FormatError {
    FormatError::new(FormatErrorKind::Size, "marshal holds nothing larger than 2 GiB")
}
