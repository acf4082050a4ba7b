//! The writer.

mod compound;
mod key;
mod serializer;
mod text;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firesteel_value::{FormatError, FormatErrorKind, Rewrite, pyrepr};
use serde::Serialize;

pub use compound::{Map, Seq};
pub use key::MapKey;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How deeply containers may be nested. Default 200, which is what readers accept by default.
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
/// `Unsupported` for what Pyro's `JsonSerializer` refuses as well: frozen sets, complex numbers, times, time deltas, `...`, and
/// keys that are not `None`, a bool, a number or a str. `NumberRange` for ints of more than 4300 digits, `Depth` over
/// the limit.
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

/// A serde serializer that appends to a vector. Several values may be written one after the other, with text of the
/// caller's between them.
///
/// ```
/// use firesteel_json::{Options, Serializer};
/// use serde::Serialize;
///
/// let mut out = Vec::new();
/// let mut serializer = Serializer::new(&mut out, &Options::default());
/// serializer.output().extend_from_slice(b"{\"params\": ");
/// (1, 2).serialize(&mut serializer).unwrap();
/// serializer.output().push(b'}');
/// assert_eq!(out, b"{\"params\": [1, 2]}");
/// ```
#[derive(Debug)]
pub struct Serializer<'a> {
    out: &'a mut Vec<u8>,
    /// How many containers are open.
    depth: usize,
    max_depth: usize,
    rewrite: Option<Rewrite>,
}

impl<'a> Serializer<'a> {
    /// A serializer.
    pub fn new(out: &'a mut Vec<u8>, options: &Options) -> Serializer<'a> {
        Serializer { out, depth: 0, max_depth: options.max_depth, rewrite: options.rewrite }
    }

    /// The vector, to write what stands between values.
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.out
    }

    #[inline]
    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    /// Writes an opening bracket.
    #[inline]
    fn open(&mut self, bracket: u8) -> Result<(), FormatError> {
        if self.depth >= self.max_depth {
            return Err(FormatError::too_deep(self.max_depth));
        }
        self.depth += 1;
        self.out.push(bracket);
        Ok(())
    }

    /// Writes a closing bracket.
    #[inline]
    fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        self.out.push(bracket);
    }

    #[inline]
    fn string(&mut self, text: &str) {
        text::string(self.out, text);
    }

    /// A key, and what stands before and after it.
    #[inline]
    fn key(&mut self, text: &str, first: bool) {
        text::key(self.out, text, first);
    }

    #[inline]
    fn float(&mut self, number: f64) {
        if number.is_finite() {
            pyrepr::float(self.out, number);
        } else if number.is_nan() {
            self.put(b"NaN");
        } else {
            self.put(if number > 0.0 { b"Infinity" } else { b"-Infinity" });
        }
    }

    /// Bytes as serpent writes them.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.open(b'{')?;
        self.put(b"\"data\": \"");
        let start = self.out.len();
        self.out.resize(start + bytes.len().div_ceil(3) * 4, 0);
        let written = STANDARD
            .encode_slice(bytes, &mut self.out[start..])
            .map_err(|_| FormatError::new(FormatErrorKind::Size, "too many bytes"))?;
        self.out.truncate(start + written);
        self.put(b"\", \"encoding\": \"base64\"");
        self.close(b'}');
        Ok(())
    }
}

/// What Python's json knows nothing of, and Pyro neither.
#[cold]
fn unsupported(class: &str) -> FormatError {
    FormatError::new(
        FormatErrorKind::Unsupported,
        format!(
            "don't know how to serialize class <class '{class}'> using serializer JsonSerializer. \
             Give it vars() or an appropriate __getstate__"
        ),
    )
}
