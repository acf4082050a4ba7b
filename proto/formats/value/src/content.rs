//! The content of what travels under the reserved [`names`](crate::names), as the writers of formats need it.

use serde::Serialize;

use crate::{FormatError, FormatErrorKind, Value, to_value};

/// A text.
///
/// # Errors
/// `Type` if it is none.
pub fn text<T: Serialize + ?Sized>(name: &str, content: &T) -> Result<String, FormatError> {
    match to_value(content)? {
        Value::Str(text) => Ok(text),
        _ => Err(malformed(name)),
    }
}

/// The decimal digits of a large integer, with its sign.
///
/// # Errors
/// `NumberRange`, in Python's words, if there are more of them than Python writes.
pub fn digits<T: Serialize + ?Sized>(name: &str, content: &T) -> Result<String, FormatError> {
    let text = text(name, content)?;
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = "Exceeds the limit (4300 digits) for integer string conversion";
        return Err(FormatError::new(FormatErrorKind::NumberRange, message));
    }
    Ok(text)
}

/// The real and the imaginary part of a complex number.
///
/// # Errors
/// `Type` if it is none.
pub fn complex<T: Serialize + ?Sized>(name: &str, content: &T) -> Result<(f64, f64), FormatError> {
    match to_value(content)? {
        Value::Tuple(parts) => match parts[..] {
            [Value::Float(re), Value::Float(im)] => Ok((re, im)),
            _ => Err(malformed(name)),
        },
        _ => Err(malformed(name)),
    }
}

/// A type of a user's that writes something else under a reserved name.
#[cold]
pub fn malformed(name: &str) -> FormatError {
    FormatError::new(FormatErrorKind::Type, format!("wrong content of {name}"))
}
