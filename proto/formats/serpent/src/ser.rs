//! The writer.

mod compound;
mod serializer;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firesteel_value::{FormatError, FormatErrorKind, Rewrite, pyrepr};
use serde::Serialize;

pub use compound::{Map, Seq};

/// The first line of every text of serpent.
pub const HEADER: &[u8] = b"# serpent utf-8 python3.2\n";

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Writes bytes as literals, `b'..'`, which are shorter for text-like bytes and which Python reads as bytes.
    /// Default false: the dict `{'data': base64, 'encoding': 'base64'}`, as serpent does by default.
    pub bytes_repr: bool,
    /// Begins with the line `# serpent utf-8 python3.2`. Default true. Readers take it for a comment.
    pub header: bool,
    /// How deeply containers may be nested. Default 200, as in serpent; Python cannot read deeper ones.
    pub max_depth: usize,
    /// What to make of instances before they are written. Default none: they are written as they are.
    pub rewrite: Option<Rewrite>,
}

impl Default for Options {
    fn default() -> Options {
        Options { bytes_repr: false, header: true, max_depth: 200, rewrite: None }
    }
}

/// Writes a value into a new vector.
///
/// # Errors
/// What Python's serpent refuses as well: keys of dicts and elements of sets that are `None`, lists, dicts, sets,
/// dates, times or UUIDs; ints of more than 4300 digits; `...`; nesting over the limit. Also keys and elements that could not be read back.
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
    if options.header {
        out.extend_from_slice(HEADER);
    }
    let result = value.serialize(&mut Serializer::new(out, options));
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// A serde serializer that appends to a vector, without the header. Several values may be written one after the
/// other, with text of the caller's between them.
#[derive(Debug)]
pub struct Serializer<'a> {
    out: &'a mut Vec<u8>,
    options: Options,
    /// How many containers are open.
    depth: usize,
    place: Place,
    /// The next seq is a set.
    set: bool,
}

/// Where the next value stands; Python refuses some as keys, and what is written as a dict could not be read there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Value,
    /// A key of a dict or an element of a set.
    Key,
    /// Inside of a tuple that is one.
    InKey,
}

impl<'a> Serializer<'a> {
    /// A serializer; the option for the header means nothing here.
    pub fn new(out: &'a mut Vec<u8>, options: &Options) -> Serializer<'a> {
        Serializer { out, options: *options, depth: 0, place: Place::Value, set: false }
    }

    /// The vector, to write what stands between values.
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.out
    }

    #[inline]
    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    #[inline]
    fn float(&mut self, number: f64) -> Result<(), FormatError> {
        if number.is_finite() {
            pyrepr::float(self.out, number);
        } else if number.is_nan() {
            if self.place != Place::Value {
                return Err(unreadable("NaN"));
            }
            self.put(b"{'__class__':'float','value':'nan'}");
        } else {
            self.put(if number > 0.0 { b"1e30000" } else { b"-1e30000" });
        }
        Ok(())
    }

    fn complex(&mut self, re: f64, im: f64) -> Result<(), FormatError> {
        if re.is_nan() || im.is_nan() {
            if self.place != Place::Value {
                return Err(unreadable("NaN"));
            }
            self.put(b"{'__class__':'complex','real':");
            self.float(re)?;
            self.put(b",'imag':");
            self.float(im)?;
            self.put(b"}");
        } else {
            self.put(b"(");
            self.float(re)?;
            if im.is_sign_positive() {
                self.put(b"+");
            }
            self.float(im)?;
            self.put(b"j)");
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        if self.options.bytes_repr {
            pyrepr::bytes(self.out, bytes);
            return Ok(());
        }
        if self.place != Place::Value {
            return Err(unreadable("bytes"));
        }
        // Python makes this dict with repr, hence the blanks.
        self.put(b"{'data': '");
        let start = self.out.len();
        self.out.resize(start + bytes.len().div_ceil(3) * 4, 0);
        let written = STANDARD
            .encode_slice(bytes, &mut self.out[start..])
            .map_err(|_| FormatError::new(FormatErrorKind::Size, "too many bytes"))?;
        self.out.truncate(start + written);
        self.put(b"', 'encoding': 'base64'}");
        Ok(())
    }

    /// `None` and types that Python refuses as keys only directly.
    fn refuse_as_key(&self, class: &str) -> Result<(), FormatError> {
        if self.place == Place::Key {
            return Err(not_hashable(class));
        }
        Ok(())
    }

    /// Before the first element of a container.
    fn check_depth(&self) -> Result<(), FormatError> {
        if self.depth > self.options.max_depth {
            return Err(FormatError::too_deep(self.options.max_depth));
        }
        Ok(())
    }
}

fn not_hashable(class: &str) -> FormatError {
    FormatError::new(
        FormatErrorKind::Unhashable,
        format!(
            "one of the keys in a dict or set is not of a primitive hashable type: <class '{class}'>. \
             Use simple types as keys or use a list or tuple as container."
        ),
    )
}

/// Python would write these, and then nobody could read the text.
fn unreadable(what: &str) -> FormatError {
    FormatError::new(
        FormatErrorKind::Unsupported,
        format!("{what} cannot be a key of a dict or an element of a set in serpent"),
    )
}
