//! The parts of ISO 8601 that Python writes, and the variants of them that it reads.

use crate::{FormatError, FormatErrorKind, TimeDelta};

/// A number of decimal digits only, which are few.
pub(super) fn digits(text: &[u8]) -> Option<u32> {
    let number = text
        .iter()
        .try_fold(0_u32, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')));
    number.filter(|_| !text.is_empty())
}

/// Hour, minute, second and microsecond of `HH[:MM[:SS[.fraction]]]`.
pub(super) fn clock(text: &[u8]) -> Option<[u32; 4]> {
    let mut parts = [0; 4];
    let mut rest = text;
    for (index, part) in parts[..3].iter_mut().enumerate() {
        if index > 0 {
            match rest {
                [] => break,
                [b':', behind @ ..] => rest = behind,
                _ => return None,
            }
        }
        let (number, behind) = rest.split_at_checked(2)?;
        *part = digits(number)?;
        rest = behind;
    }
    match rest {
        [] => {}
        [b'.' | b',', fraction @ ..] if text.len() - rest.len() == 8 => parts[3] = microseconds(fraction)?,
        _ => return None,
    }
    Some(parts)
}

/// The microseconds of the digits behind a decimal point; further digits are cut off.
pub(super) fn microseconds(fraction: &[u8]) -> Option<u32> {
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |index| fraction.get(index).map_or(0, |digit| u32::from(digit - b'0'));
    Some((0..6).fold(0, |number, index| number * 10 + digit(index)))
}

/// The offset from UTC behind a `+` or `-`.
pub(super) fn offset(sign: u8, text: &[u8]) -> Option<TimeDelta> {
    let [hour, minute, second, micros] = clock(text)?.map(i64::from);
    if minute > 59 || second > 59 {
        return None;
    }
    let micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
    TimeDelta::from_microseconds(if sign == b'-' { -micros } else { micros }.into()).ok()
}

#[cold]
pub(super) fn wrong(expected: &str, text: &str) -> FormatError {
    let shown: String = text.chars().take(40).collect();
    FormatError::new(FormatErrorKind::Syntax, format!("expected {expected}, found {shown:?}"))
}
