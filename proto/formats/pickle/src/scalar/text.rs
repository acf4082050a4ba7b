//! The text opcodes of protocol 0, and the strings of Python 2.

use std::borrow::Cow;

use firesteel_value::{BigInt, FormatError, FormatErrorKind, Radix};

use super::{Scalar, content, int, str, syntax};
use crate::op;

/// The bytes up to the end of the line.
#[inline]
pub(crate) fn line(rest: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b'\n', rest).map(|end| &rest[..end])
}

/// Decodes the scalars that are seldom.
pub(super) fn read(bytes: &[u8], at: usize) -> Result<Scalar<'_>, FormatError> {
    Ok(match bytes.get(at) {
        Some(&op::BINUNICODE8) => Scalar::Str(str(bytes, at)?),
        Some(&op::SHORT_BINSTRING | &op::BINSTRING) => python2(Cow::Borrowed(content(bytes, at)?)),
        Some(&op::STRING) => python2(unescape(bytes, at)?),
        Some(&op::UNICODE) => raw_unicode(content(bytes, at)?, at)?,
        Some(&op::INT) => match content(bytes, at)? {
            b"00" => Scalar::Bool(false),
            b"01" => Scalar::Bool(true),
            digits => number(digits, at)?,
        },
        Some(&op::LONG) => {
            let digits = content(bytes, at)?;
            number(digits.strip_suffix(b"L").unwrap_or(digits), at)?
        }
        Some(&op::FLOAT) => {
            let text = std::str::from_utf8(content(bytes, at)?).ok();
            let number: Option<f64> = text.and_then(|text| text.parse().ok());
            match number {
                Some(number) if number.is_infinite() && text.is_some_and(|text| !text.contains(['n', 'N'])) => {
                    return Err(FormatError::at(
                        FormatErrorKind::NumberRange,
                        at,
                        "value too large to convert to float",
                    ));
                }
                Some(number) => Scalar::Float(number),
                None => return Err(syntax(at, "expected the text of a float")),
            }
        }
        _ => return Err(syntax(at, "no value stands here")),
    })
}

fn number(digits: &[u8], at: usize) -> Result<Scalar<'static>, FormatError> {
    let (negative, digits) = match digits.trim_ascii() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let zeros = digits.len() > 1 && digits[0] == b'0' && digits.iter().any(|digit| *digit != b'0');
    if digits.is_empty() || zeros || !digits.iter().all(u8::is_ascii_digit) {
        return Err(syntax(at, "expected the decimal digits of an int"));
    }
    BigInt::from_digits(negative, digits, Radix::Decimal).map(int).map_err(|error| error.or_offset(at))
}

/// What Python 2 calls a str: text if it is ASCII, as Python 3 reads it, and bytes if not.
fn python2(bytes: Cow<'_, [u8]>) -> Scalar<'_> {
    match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()) {
            Some(text) => Scalar::Str(text),
            None => Scalar::Bytes(bytes),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) if text.is_ascii() => Scalar::Text(text),
            Ok(text) => Scalar::Raw(text.into_bytes()),
            Err(error) => Scalar::Raw(error.into_bytes()),
        },
    }
}

/// The bytes of a literal of Python 2, as `codecs.escape_decode` reads it.
pub(super) fn unescape(bytes: &[u8], at: usize) -> Result<Cow<'_, [u8]>, FormatError> {
    let quoted = match content(bytes, at)? {
        [open @ (b'\'' | b'"'), inner @ .., close] if open == close => inner,
        _ => return Err(syntax(at, "the STRING opcode argument must be quoted")),
    };
    let Some(first) = memchr::memchr(b'\\', quoted) else {
        return Ok(quoted.into());
    };
    let mut out = quoted[..first].to_vec();
    let mut rest = &quoted[first..];
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some((escape, behind)) = rest.split_first() else {
            return Err(syntax(at, "Trailing \\ in string"));
        };
        rest = behind;
        let byte = match escape {
            b'\\' | b'\'' | b'"' => *escape,
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'v' => 11,
            b'f' => 12,
            b'0'..=b'7' => {
                let len = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                let (digits, behind) = rest.split_at(len);
                rest = behind;
                // Above 0o377, Python drops the highest bit as well.
                digits.iter().fold(escape - b'0', |byte, digit| byte << 3 | (digit - b'0'))
            }
            b'x' => {
                let digits = rest.split_first_chunk::<2>();
                let byte =
                    digits.and_then(|(digits, _)| hex(digits)).ok_or_else(|| syntax(at, "invalid \\x escape"))?;
                rest = &rest[2..];
                byte as u8
            }
            other => {
                out.push(b'\\');
                *other
            }
        };
        out.push(byte);
    }
    Ok(out.into())
}

/// The codec `raw-unicode-escape`: Latin 1, with `\u` and four, or `\U` and eight, hexadecimal digits.
fn raw_unicode(bytes: &[u8], at: usize) -> Result<Scalar<'_>, FormatError> {
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii() && !text.contains('\\')) {
        return Ok(Scalar::Str(text));
    }
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        let digits = match (byte, rest.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            (b'\\', Some(other)) => {
                text.extend(['\\', char::from(*other)]);
                rest = &rest[1..];
                continue;
            }
            _ => {
                text.push(char::from(*byte));
                continue;
            }
        };
        let code = rest.get(1..=digits).and_then(hex).ok_or_else(|| syntax(at, "truncated \\u escape"))?;
        rest = &rest[digits + 1..];
        text.push(char::from_u32(code).ok_or_else(|| match code {
            0xd800..=0xdfff => surrogate(at),
            _ => syntax(at, "\\Uxxxxxxxx out of range"),
        })?);
    }
    Ok(Scalar::Text(text))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

/// Python writes lone surrogates as if UTF-8 allowed them.
#[cold]
pub(super) fn not_utf8(content: &[u8], error: std::str::Utf8Error, at: usize) -> FormatError {
    match content.get(error.valid_up_to()..) {
        Some([0xed, 0xa0..=0xbf, 0x80..=0xbf, ..]) => surrogate(at),
        _ => FormatError::at(FormatErrorKind::Utf8, at, "invalid utf-8"),
    }
}

#[cold]
fn surrogate(at: usize) -> FormatError {
    FormatError::at(FormatErrorKind::Surrogate, at, "lone surrogate in a str")
}
