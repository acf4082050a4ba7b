//! The writer.

mod compound;
mod instance;
mod proxy;
mod serializer;
mod special;

use firesteel_value::{BigInt, FormatError, FormatErrorKind, Rewrite};
use serde::Serialize;

pub use compound::{Map, Seq};

use crate::op;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The protocol, 2 to 4. Default 2, which Pyro4 uses and Python 2 can read. From 3 on bytes are shorter, with 4
    /// sets and strs are; `fold` is written from 4 on, as Python does.
    pub protocol: u8,
    /// How deeply containers may be nested. Default 200.
    pub max_depth: usize,
    /// Writes instances of any class by the name of the class, which makes the reader import its module and make an
    /// instance without calling its constructor. Default true. Without, only exceptions that are known and the
    /// classes of Pyro4 are written, and others are refused: for programs that pass on instances from one peer to
    /// another, so that no peer chooses what another one imports.
    pub any_class: bool,
    /// What to make of instances before they are written. Default none: they are written as they are.
    pub rewrite: Option<Rewrite>,
}

impl Default for Options {
    fn default() -> Options {
        Options { protocol: 2, max_depth: 200, any_class: true, rewrite: None }
    }
}

/// Writes a value into a new vector.
///
/// # Errors
/// `Unhashable` for keys of dicts and elements of sets that Python cannot hash; `Depth` over the limit; `Unsupported`
/// for instances whose class is no name that Python could import, or not allowed, and for a protocol outside of 2 to 4.
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
    if !(2..=4).contains(&options.protocol) {
        return Err(unsupported(format!("pickle protocol {} is not written, only 2 to 4", options.protocol)));
    }
    let start = out.len();
    out.extend_from_slice(&[op::PROTO, options.protocol]);
    let result = value.serialize(&mut Serializer::new(out, options));
    match result {
        Ok(()) => out.push(op::STOP),
        Err(_) => out.truncate(start),
    }
    result
}

/// A serde serializer that appends to a vector, without the head and the end of a pickle and without a memo. Several
/// values may be written one after the other, with opcodes of the caller's between them.
#[derive(Debug)]
pub struct Serializer<'a> {
    out: &'a mut Vec<u8>,
    options: Options,
    /// How many containers are open.
    depth: usize,
    /// In a key of a dict or an element of a set.
    hashing: bool,
    /// What the next seq is.
    seq: Kind,
    /// The next datetime or time is folded.
    fold: bool,
}

/// What a seq is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    List,
    Tuple,
    Set,
    FrozenSet,
}

impl<'a> Serializer<'a> {
    /// A serializer for a protocol of the options, or the one next to it if it is not in 2 to 4.
    pub fn new(out: &'a mut Vec<u8>, options: &Options) -> Serializer<'a> {
        let options = Options { protocol: options.protocol.clamp(2, 4), ..*options };
        Serializer { out, options, depth: 0, hashing: false, seq: Kind::List, fold: false }
    }

    /// The vector, to write what stands between values.
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.out
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    fn op(&mut self, op: u8) {
        self.out.push(op);
    }

    #[inline]
    fn int(&mut self, number: i64) {
        if let Ok(byte) = u8::try_from(number) {
            self.put(&[op::BININT1, byte]);
        } else if let Ok(number) = u16::try_from(number) {
            let [low, high] = number.to_le_bytes();
            self.put(&[op::BININT2, low, high]);
        } else if let Ok(number) = i32::try_from(number) {
            let [a, b, c, d] = number.to_le_bytes();
            self.put(&[op::BININT, a, b, c, d]);
        } else {
            self.long(number.into());
        }
    }

    /// An integer beyond 32 bits, in as few bytes as possible.
    fn long(&mut self, number: i128) {
        // Bits with one for the sign.
        let bits = 129 - number.unsigned_abs().leading_zeros() - u32::from(is_lowest(number));
        let len = bits.div_ceil(8) as usize;
        self.put(&[op::LONG1, len as u8]);
        self.put(&number.to_le_bytes()[..len.min(16)]);
    }

    fn big_int(&mut self, number: &BigInt) -> Result<(), FormatError> {
        let bytes = number.to_signed_le();
        match u8::try_from(bytes.len()) {
            Ok(len) => self.put(&[op::LONG1, len]),
            Err(_) => {
                let len = i32::try_from(bytes.len()).map_err(|_| too_large("int"))?;
                self.op(op::LONG4);
                self.put(&len.to_le_bytes());
            }
        }
        self.put(&bytes);
        Ok(())
    }

    #[inline]
    fn float(&mut self, number: f64) {
        let mut bytes = [op::BINFLOAT; 9];
        bytes[1..].copy_from_slice(&number.to_be_bytes());
        self.put(&bytes);
    }

    #[inline]
    fn str(&mut self, text: &str) -> Result<(), FormatError> {
        match u8::try_from(text.len()) {
            Ok(len) if self.options.protocol >= 4 => self.put(&[op::SHORT_BINUNICODE, len]),
            _ => self.len(op::BINUNICODE, op::BINUNICODE8, text.len())?,
        }
        self.put(text.as_bytes());
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        if self.options.protocol < 3 {
            return self.latin1(bytes);
        }
        match u8::try_from(bytes.len()) {
            Ok(len) => self.put(&[op::SHORT_BINBYTES, len]),
            Err(_) => self.len(op::BINBYTES, op::BINBYTES8, bytes.len())?,
        }
        self.put(bytes);
        Ok(())
    }

    /// Bytes in protocol 2, as Python 3 writes them: as a text whose characters are the bytes.
    fn latin1(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        if bytes.is_empty() {
            self.builtin("bytes");
            self.put(&[op::EMPTY_TUPLE, op::REDUCE]);
            return Ok(());
        }
        self.put(b"c_codecs\nencode\n");
        let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
        self.len(op::BINUNICODE, op::BINUNICODE8, bytes.len() + high)?;
        self.out.reserve(bytes.len() + high + 16);
        if high == 0 {
            self.put(bytes);
        } else {
            for byte in bytes {
                self.put(char::from(*byte).encode_utf8(&mut [0; 2]).as_bytes());
            }
        }
        self.str("latin1")?;
        self.put(&[op::TUPLE2, op::REDUCE]);
        Ok(())
    }

    /// An opcode with a length of four bytes, or another one with eight.
    #[inline]
    fn len(&mut self, short: u8, long: u8, len: usize) -> Result<(), FormatError> {
        let Ok(small) = u32::try_from(len) else {
            if self.options.protocol < 4 {
                return Err(too_large("str or bytes"));
            }
            self.op(long);
            self.put(&(len as u64).to_le_bytes());
            return Ok(());
        };
        let [a, b, c, d] = small.to_le_bytes();
        self.put(&[short, a, b, c, d]);
        Ok(())
    }

    /// A name of the module that Python 2 calls `__builtin__`.
    fn builtin(&mut self, name: &str) {
        self.global(if self.options.protocol < 3 { "__builtin__" } else { "builtins" }, name);
    }

    fn global(&mut self, module: &str, name: &str) {
        self.op(op::GLOBAL);
        self.put(module.as_bytes());
        self.op(b'\n');
        self.put(name.as_bytes());
        self.op(b'\n');
    }

    /// Before the first element of a container.
    #[inline]
    fn check_depth(&self) -> Result<(), FormatError> {
        if self.depth > self.options.max_depth {
            return Err(FormatError::too_deep(self.options.max_depth));
        }
        Ok(())
    }

    /// Refuses what cannot be hashed where it has to be.
    #[inline]
    fn check_hashable(&self, class: &str) -> Result<(), FormatError> {
        if self.hashing {
            return Err(FormatError::unhashable(class));
        }
        Ok(())
    }
}

/// Whether a number is the lowest of its length, which needs no further bit for the sign.
fn is_lowest(number: i128) -> bool {
    number < 0 && number.unsigned_abs().is_power_of_two()
}

#[cold]
fn unsupported(message: impl Into<std::borrow::Cow<'static, str>>) -> FormatError {
    FormatError::new(FormatErrorKind::Unsupported, message)
}

#[cold]
fn too_large(what: &str) -> FormatError {
    FormatError::new(FormatErrorKind::Size, format!("a {what} is too large for this protocol of pickle"))
}
