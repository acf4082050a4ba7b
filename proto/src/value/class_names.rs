//! Python class names for Rust types.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Tells which structs are written as instances of a class: with a `__class__` entry, which Python's
/// side turns into an object through its own registry (`register_dict_to_class`).
///
/// A plain struct is a dictionary without `__class__`. To read, a struct ignores the `__class__` of
/// what it is read from; the class itself can be read into a [`Value::Instance`](crate::Value).
///
/// ```
/// let classes = firesteel_proto::ClassNames::default().with("Point", "shapes.Point");
/// assert_eq!(classes.class_of("Point"), Some("shapes.Point"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassNames(Option<Arc<BTreeMap<&'static str, String>>>);

impl ClassNames {
    /// The struct that serde knows as `name` (its Rust name, unless renamed) is an instance of
    /// `class`.
    #[must_use]
    pub fn with(mut self, name: &'static str, class: impl Into<String>) -> Self {
        Arc::make_mut(self.0.get_or_insert_default()).insert(name, class.into());
        self
    }

    /// The class of a struct.
    pub fn class_of(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.get(name).map(String::as_str)
    }

    /// True when no struct has a class.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
