//! Python's dict: insertion-ordered, keys of any hashable type.

use crate::{Value, key};

/// A dict: pairs in the order of insertion, each key once.
///
/// Keys that are equal in Python are equal here: `1`, `1.0` and `True` are one key. Look-ups go through the pairs one by one, which
/// is the fastest for the small dicts that travel in calls; building a dict from many pairs at once sorts, so that no
/// peer can make it quadratic. There is no hashing, hence no randomness.
///
/// ```
/// use firesteel_value::{Dict, Value};
/// let dict = Dict::from_iter([("a", 1), ("b", 2), ("a", 3)]);
/// assert_eq!(dict.get("a"), Some(&Value::Int(3)));
/// assert_eq!(Value::from(dict).to_string(), "{'a': 3, 'b': 2}");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Dict(Vec<(Value, Value)>);

impl Dict {
    /// An empty dict.
    pub const fn new() -> Dict {
        Dict(Vec::new())
    }

    /// As Python builds it: a repeated key keeps its first position and takes the last value.
    pub fn from_pairs(mut pairs: Vec<(Value, Value)>) -> Dict {
        key::unique_pairs(&mut pairs);
        Dict(pairs)
    }

    /// Sets a key, and gives back what stood there.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(there, _)| key::equal(there, &key)) {
            Some((_, there)) => Some(std::mem::replace(there, value)),
            None => {
                self.0.push((key, value));
                None
            }
        }
    }

    /// What stands under a str key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(there, _)| there.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// What stands under a str key.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(there, _)| there.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// What stands under any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.0.iter().find(|(there, _)| key::equal(there, key)).map(|(_, value)| value)
    }

    /// Whether there is a str key.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Takes a str key out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let position = self.0.iter().position(|(there, _)| there.as_str() == Some(key))?;
        Some(self.0.remove(position).1)
    }

    /// Takes a str key out if a str stands under it.
    pub(crate) fn remove_str(&mut self, key: &str) -> Option<String> {
        self.get(key)?.as_str()?;
        match self.remove(key) {
            Some(Value::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs in order.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values in order, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Value> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The pairs in order.
    pub fn as_pairs(&self) -> &[(Value, Value)] {
        &self.0
    }

    /// The pairs in order.
    pub fn into_pairs(self) -> Vec<(Value, Value)> {
        self.0
    }
}

/// The same pairs in any order; keys and values strict by type.
impl PartialEq for Dict {
    fn eq(&self, other: &Dict) -> bool {
        key::same_pairs(&self.0, &other.0)
    }
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Dict {
        Dict::from_pairs(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<Value>, V: Into<Value>> Extend<(K, V)> for Dict {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        self.0.extend(pairs.into_iter().map(|(key, value)| (key.into(), value.into())));
        key::unique_pairs(&mut self.0);
    }
}

impl IntoIterator for Dict {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        fn split((key, value): &(Value, Value)) -> (&Value, &Value) {
            (key, value)
        }
        let split: fn(&(Value, Value)) -> (&Value, &Value) = split;
        self.0.iter().map(split)
    }
}

/// The pairs of a [`Dict`].
pub type Iter<'a> = std::iter::Map<std::slice::Iter<'a, (Value, Value)>, fn(&(Value, Value)) -> (&Value, &Value)>;
