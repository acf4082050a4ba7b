//! The writer.

mod compound;
mod head;
mod serializer;
mod special;

use firesteel_value::{FormatError, Rewrite};
use serde::Serialize;

pub use compound::{Map, Seq};

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How deeply containers may be nested. Default 200, which is what is read by default.
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
/// `Unhashable` for keys of dicts and elements of sets that are lists, dicts, sets or bytearrays, `Depth` for nesting
/// over the limit.
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
    options: Options,
    /// How many containers are open.
    depth: usize,
    /// In a key of a dict or an element of a set, where Python refuses what it cannot hash.
    hashing: bool,
    /// The next seq is a set, whose tag was written.
    set: bool,
    /// The next datetime or time has its fold set.
    fold: bool,
}

impl<'a> Serializer<'a> {
    /// A serializer.
    pub fn new(out: &'a mut Vec<u8>, options: &Options) -> Serializer<'a> {
        Serializer { out, options: *options, depth: 0, hashing: false, set: false, fold: false }
    }

    /// The vector, to write what stands between values.
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// Begins a container.
    #[inline]
    fn enter(&mut self) -> Result<(), FormatError> {
        if self.depth >= self.options.max_depth {
            return Err(FormatError::too_deep(self.options.max_depth));
        }
        self.depth += 1;
        Ok(())
    }

    /// Refuses a container where Python would have to hash it.
    #[inline]
    fn check_hashable(&self, class: &str) -> Result<(), FormatError> {
        if self.hashing {
            return Err(FormatError::unhashable(class));
        }
        Ok(())
    }
}
