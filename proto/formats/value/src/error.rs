//! What went wrong in a text or in bytes, and where.

use std::{borrow::Cow, fmt};

/// An error of reading or writing a format: a category for programs, a byte offset where there is one, and a
/// message for people.
///
/// It displays in lower case with the offset at the end: `expected a comma at byte 17`.
#[derive(Clone, PartialEq, Eq)]
pub struct FormatError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    category: FormatErrorKind,
    offset: Option<u64>,
    message: Cow<'static, str>,
    /// The exception that it is in Python, where it is a particular one.
    class: Option<Box<str>>,
}

/// The category of a [`FormatError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// The input is not in this format.
    Syntax,
    /// The input ends in the middle of a value.
    UnexpectedEnd,
    /// Nested more deeply than the limit.
    Depth,
    /// Larger than a limit.
    Size,
    /// Not UTF-8.
    Utf8,
    /// A lone surrogate in a text.
    Surrogate,
    /// A number outside the range of what can hold it.
    NumberRange,
    /// Valid, but not supported by this format or by firesteel.
    Unsupported,
    /// A key of a dict or an element of a set that Python cannot hash.
    Unhashable,
    /// The value is of another type than was asked for; what serde reports as well.
    Type,
    /// Something follows after the value.
    Trailing,
    /// A function that converts values of a class raised an exception.
    Raised,
}

impl FormatError {
    /// An error without a place.
    #[cold]
    pub fn new(category: FormatErrorKind, message: impl Into<Cow<'static, str>>) -> FormatError {
        FormatError(Box::new(Inner { category, offset: None, message: message.into(), class: None }))
    }

    /// An error at a byte offset of the input.
    #[cold]
    pub fn at(category: FormatErrorKind, offset: usize, message: impl Into<Cow<'static, str>>) -> FormatError {
        FormatError(Box::new(Inner { category, offset: Some(offset as u64), message: message.into(), class: None }))
    }

    /// What a function raised that converts values of a class: an exception of `class`.
    #[cold]
    pub fn raised(class: impl Into<Box<str>>, message: impl Into<Cow<'static, str>>) -> FormatError {
        let (category, class) = (FormatErrorKind::Raised, Some(class.into()));
        FormatError(Box::new(Inner { category, offset: None, message: message.into(), class }))
    }

    /// More containers inside of each other than a limit allows.
    #[cold]
    #[doc(hidden)]
    pub fn too_deep(max_depth: usize) -> FormatError {
        FormatError::new(FormatErrorKind::Depth, format!("nested more deeply than {max_depth} levels"))
    }

    /// What Python cannot hash, where it would have to; in its words.
    #[cold]
    #[doc(hidden)]
    pub fn unhashable(class: &str) -> FormatError {
        FormatError::new(FormatErrorKind::Unhashable, format!("unhashable type: '{class}'"))
    }

    /// The category.
    pub fn category(&self) -> FormatErrorKind {
        self.0.category
    }

    /// The byte offset in the input, where the error has a place.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The message without the offset.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The class of the exception that was [raised](Self::raised).
    pub fn class(&self) -> Option<&str> {
        self.0.class.as_deref()
    }

    /// Adds the offset if there is none yet; formats use it for errors that visitors report.
    #[cold]
    pub fn or_offset(mut self, offset: usize) -> FormatError {
        self.0.offset.get_or_insert(offset as u64);
        self
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(class) = &self.0.class {
            write!(f, "{class}: ")?;
        }
        f.write_str(&self.0.message)?;
        match self.0.offset {
            Some(offset) => write!(f, " at byte {offset}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormatError")
            .field("category", &self.0.category)
            .field("offset", &self.0.offset)
            .field("message", &self.0.message)
            .finish()
    }
}

impl std::error::Error for FormatError {}

impl serde::ser::Error for FormatError {
    fn custom<T: fmt::Display>(message: T) -> FormatError {
        FormatError::new(FormatErrorKind::Type, message.to_string())
    }
}

impl serde::de::Error for FormatError {
    fn custom<T: fmt::Display>(message: T) -> FormatError {
        FormatError::new(FormatErrorKind::Type, message.to_string())
    }
}
