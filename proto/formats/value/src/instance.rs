//! Instances of classes, in Pyro's form: a dict with the key `__class__`.

use crate::{Dict, Value};

/// The key that makes a dict an instance.
pub const CLASS: &str = "__class__";

/// An instance of a class: what Pyro calls a class dictionary.
///
/// A dict with a str under the str key `__class__` is read as an instance from every format, and an instance is written as a dict whose
/// first key is `__class__`. Exceptions, URIs, proxies and instances of users' classes all travel so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    /// The name of the class, with its module where the writer gave it: `builtins.ValueError`.
    pub class: String,
    /// All keys but `__class__`.
    pub fields: Dict,
}

impl Instance {
    /// An instance without fields.
    pub fn new(class: impl Into<String>) -> Instance {
        Instance { class: class.into(), fields: Dict::new() }
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Instance {
        self.fields.insert(name, value);
        self
    }

    /// A field by its name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The dict that travels: `__class__` first, then the fields.
    pub fn into_dict(self) -> Dict {
        let mut pairs = Vec::with_capacity(self.fields.len() + 1);
        pairs.push((Value::from(CLASS), Value::Str(self.class)));
        pairs.extend(self.fields);
        Dict::from_pairs(pairs)
    }
}
