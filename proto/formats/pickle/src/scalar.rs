//! Numbers, texts and bytes, decoded where they stand.

mod text;

use std::borrow::Cow;

use firesteel_value::{BigInt, FormatError, FormatErrorKind};

use crate::op;
pub(crate) use text::line;

/// A value that is not made of others.
#[derive(Debug)]
pub(crate) enum Scalar<'de> {
    None,
    Ellipsis,
    Bool(bool),
    Int(i64),
    Big(BigInt),
    Float(f64),
    Str(&'de str),
    Text(String),
    Bytes(&'de [u8]),
    Raw(Vec<u8>),
    ByteArray(&'de [u8]),
    EmptyTuple,
}

/// The scalars of which there are many, looked at without decoding more than that.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quick<'de> {
    /// Hopefully UTF-8.
    Str(&'de [u8]),
    Int(i64),
    Float(f64),
    /// Anything else.
    Other,
}

/// Looks at the scalar whose opcode is at a place.
#[inline(always)]
pub(crate) fn quick(bytes: &[u8], at: usize) -> Quick<'_> {
    let quick = || {
        let (op, rest) = bytes.get(at..)?.split_first()?;
        Some(match *op {
            op::SHORT_BINUNICODE => {
                let (len, rest) = rest.split_first()?;
                Quick::Str(rest.get(..usize::from(*len))?)
            }
            op::BINUNICODE => {
                let (len, rest) = rest.split_first_chunk()?;
                Quick::Str(rest.get(..u32::from_le_bytes(*len) as usize)?)
            }
            op::BINFLOAT => Quick::Float(f64::from_be_bytes(*rest.first_chunk()?)),
            op::BININT1 => Quick::Int((*rest.first()?).into()),
            op::BININT2 => Quick::Int(u16::from_le_bytes(*rest.first_chunk()?).into()),
            op::BININT => Quick::Int(i32::from_le_bytes(*rest.first_chunk()?).into()),
            _ => return None,
        })
    };
    quick().unwrap_or(Quick::Other)
}

/// Decodes the scalar whose opcode is at a place.
#[inline]
pub(crate) fn read(bytes: &[u8], at: usize) -> Result<Scalar<'_>, FormatError> {
    let Some((op, rest)) = bytes.get(at..).and_then(<[u8]>::split_first) else {
        return Err(truncated(at));
    };
    Ok(match *op {
        op::SHORT_BINUNICODE | op::BINUNICODE => Scalar::Str(str(bytes, at)?),
        op::BININT1 => Scalar::Int(fixed::<1>(rest, at)?[0].into()),
        op::BINFLOAT => Scalar::Float(f64::from_be_bytes(fixed(rest, at)?)),
        op::BININT2 => Scalar::Int(u16::from_le_bytes(fixed(rest, at)?).into()),
        op::BININT => Scalar::Int(i32::from_le_bytes(fixed(rest, at)?).into()),
        op::NONE => Scalar::None,
        op::NEWTRUE => Scalar::Bool(true),
        op::NEWFALSE => Scalar::Bool(false),
        op::EMPTY_TUPLE => Scalar::EmptyTuple,
        op::LONG1 | op::LONG4 => long(content(bytes, at)?),
        op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 => Scalar::Bytes(content(bytes, at)?),
        op::BYTEARRAY8 => Scalar::ByteArray(content(bytes, at)?),
        _ => return text::read(bytes, at),
    })
}

/// The text of an opcode with a length and UTF-8.
#[inline]
pub(crate) fn str(bytes: &[u8], at: usize) -> Result<&str, FormatError> {
    let content = content(bytes, at)?;
    std::str::from_utf8(content).map_err(|error| text::not_utf8(content, error, at))
}

/// The content of bytes, of a bytearray, or of a str of Python 2.
pub(crate) fn raw(bytes: &[u8], at: usize) -> Result<Option<Cow<'_, [u8]>>, FormatError> {
    Ok(match bytes.get(at) {
        Some(
            &(op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 | op::BYTEARRAY8 | op::SHORT_BINSTRING | op::BINSTRING),
        ) => Some(content(bytes, at)?.into()),
        Some(&op::STRING) => Some(text::unescape(bytes, at)?),
        _ => None,
    })
}

/// What follows an opcode with a length, and that length.
#[inline(always)]
pub(crate) fn content(bytes: &[u8], at: usize) -> Result<&[u8], FormatError> {
    let Some((op, rest)) = bytes.get(at..).and_then(<[u8]>::split_first) else {
        return Err(truncated(at));
    };
    let content = match *op {
        op::SHORT_BINUNICODE | op::SHORT_BINBYTES | op::SHORT_BINSTRING | op::LONG1 => {
            rest.split_first().and_then(|(len, rest)| rest.get(..usize::from(*len)))
        }
        op::BINUNICODE | op::BINBYTES | op::BINSTRING | op::LONG4 => {
            rest.split_first_chunk().and_then(|(len, rest)| rest.get(..u32::from_le_bytes(*len) as usize))
        }
        op::BINUNICODE8 | op::BINBYTES8 | op::BYTEARRAY8 => {
            rest.split_first_chunk().and_then(|(len, rest)| rest.get(..usize::try_from(u64::from_le_bytes(*len)).ok()?))
        }
        _ => text::line(rest),
    };
    content.ok_or_else(|| truncated(at))
}

/// How many bytes of input the scalar takes at a place.
pub(crate) fn size(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(
            &(op::NONE
            | op::NEWTRUE
            | op::NEWFALSE
            | op::EMPTY_TUPLE
            | op::BININT
            | op::BININT1
            | op::BININT2
            | op::BINFLOAT),
        ) => 8,
        _ => content(bytes, at).map_or(8, |content| content.len() + 8),
    }
}

#[inline(always)]
fn fixed<const N: usize>(rest: &[u8], at: usize) -> Result<[u8; N], FormatError> {
    rest.first_chunk().copied().ok_or_else(|| truncated(at))
}

/// Two's complement, least significant first.
fn long(bytes: &[u8]) -> Scalar<'static> {
    if bytes.len() > 8 {
        return int(BigInt::from_signed_le(bytes));
    }
    let negative = bytes.last().is_some_and(|top| top & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Scalar::Int(i64::from_le_bytes(wide))
}

fn int(number: BigInt) -> Scalar<'static> {
    number.to_i64().map_or_else(|| Scalar::Big(number), Scalar::Int)
}

#[cold]
pub(crate) fn truncated(at: usize) -> FormatError {
    FormatError::at(FormatErrorKind::UnexpectedEnd, at, "the pickle ends within this value")
}

#[cold]
pub(crate) fn syntax(at: usize, message: impl Into<Cow<'static, str>>) -> FormatError {
    FormatError::at(FormatErrorKind::Syntax, at, message)
}
