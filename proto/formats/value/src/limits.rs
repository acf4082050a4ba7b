//! Limits of reading, shared by the formats.

use crate::{FormatError, FormatErrorKind};

/// What a reader accepts at most.
///
/// ```
/// let mut limits = firesteel_value::Limits::default();
/// limits.max_depth = 50;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How deeply containers may be nested. Default 200, which is where Python's own parser stops. Each level costs
    /// stack while it is read: well below a kilobyte in an optimised build, several in an unoptimised one.
    pub max_depth: usize,
    /// How long the input may be, in bytes. Default 1 GiB, which is Pyro's limit for a message. A dynamic value takes
    /// up to about thirty times the memory of its text (`[[0],[0],..`), typically two to five times.
    pub max_size: usize,
}

impl Limits {
    /// Refuses input that is too long.
    ///
    /// # Errors
    /// `Size`.
    #[doc(hidden)]
    #[inline]
    pub fn check_size(&self, input: &[u8]) -> Result<(), FormatError> {
        if input.len() > self.max_size {
            return Err(FormatError::new(FormatErrorKind::Size, format!("larger than {} bytes", self.max_size)));
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_depth: 200, max_size: 1 << 30 }
    }
}
