//! What a remote object exposes, as its daemon tells it.

use firesteel_value::{FormatError, Value};

/// The members of a remote object, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteMetadata {
    /// Methods, the oneway ones included.
    pub methods: Vec<String>,
    /// Methods whose callers do not wait.
    pub oneway: Vec<String>,
    /// Attributes.
    pub attributes: Vec<String>,
}

impl RemoteMetadata {
    /// From Pyro's dictionary of `methods`, `oneway` and `attrs`: sets, tuples or lists of names.
    ///
    /// # Errors
    /// Another value.
    pub fn from_value(value: &Value) -> Result<Self, FormatError> {
        let names = |key: &str| -> Option<Vec<String>> {
            let names = match value.get(key)? {
                Value::Set(names) | Value::FrozenSet(names) | Value::Tuple(names) | Value::List(names) => names,
                _ => return None,
            };
            let mut names = names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
            names.sort_unstable();
            Some(names)
        };
        (|| Some(Self { methods: names("methods")?, oneway: names("oneway")?, attributes: names("attrs")? }))()
            .ok_or_else(|| serde::de::Error::custom("expected the metadata of an object"))
    }

    /// True when calls of this method do not wait for an answer.
    pub fn is_oneway(&self, method: &str) -> bool {
        contains(&self.oneway, method)
    }

    /// True when the object has this method.
    pub fn has_method(&self, name: &str) -> bool {
        contains(&self.methods, name)
    }

    /// True when the object has this attribute.
    pub fn has_attribute(&self, name: &str) -> bool {
        contains(&self.attributes, name)
    }
}

fn contains(sorted: &[String], name: &str) -> bool {
    sorted.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
}
