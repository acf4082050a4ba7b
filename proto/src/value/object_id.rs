//! The id under which a daemon knows an object.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// An object's id, unique in its daemon. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(Arc<str>);

impl ObjectId {
    /// The id of every daemon's own object, `Pyro.Daemon`.
    pub const DAEMON: &'static str = "Pyro.Daemon";

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id that nobody has used, in the form that Pyro generates.
    pub(crate) fn generate(uuid: [u8; 16]) -> Self {
        let mut text = String::with_capacity(36);
        text.push_str("obj_");
        for byte in uuid {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        Self(text.into())
    }
}

impl<T: Into<Arc<str>>> From<T> for ObjectId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl From<&ObjectId> for ObjectId {
    fn from(id: &ObjectId) -> Self {
        id.clone()
    }
}

impl Borrow<str> for ObjectId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
