//! Sets for typed code: a seq that travels as a Python set.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

use serde::{
    de::{Deserialize, Deserializer, SeqAccess, Visitor},
    ser::{Serialize, Serializer},
};

use crate::names;

macro_rules! wrapper {
    ($(#[$doc:meta])* $name:ident, $reserved:expr, $expecting:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name<T>(pub Vec<T>);

        impl<T> Default for $name<T> {
            fn default() -> Self {
                $name(Vec::new())
            }
        }

        impl<T> Deref for $name<T> {
            type Target = Vec<T>;

            fn deref(&self) -> &Vec<T> {
                &self.0
            }
        }

        impl<T> DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut Vec<T> {
                &mut self.0
            }
        }

        impl<T> From<Vec<T>> for $name<T> {
            fn from(elements: Vec<T>) -> Self {
                $name(elements)
            }
        }

        impl<T> FromIterator<T> for $name<T> {
            fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
                $name(elements.into_iter().collect())
            }
        }

        impl<T> IntoIterator for $name<T> {
            type Item = T;
            type IntoIter = std::vec::IntoIter<T>;

            fn into_iter(self) -> Self::IntoIter {
                self.0.into_iter()
            }
        }

        impl<T: Serialize> Serialize for $name<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_newtype_struct($reserved, &self.0)
            }
        }

        impl<'de, T: Deserialize<'de>> Deserialize<'de> for $name<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Elements<T>(PhantomData<T>);

                impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
                    type Value = $name<T>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<$name<T>, D::Error> {
                        Vec::deserialize(deserializer).map($name)
                    }

                    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<$name<T>, A::Error> {
                        Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(seq)).map($name)
                    }
                }

                deserializer.deserialize_newtype_struct($reserved, Elements(PhantomData))
            }
        }
    };
}

wrapper! {
    /// A Python `set` of typed elements. Nothing removes duplicates here; Python does when it reads.
    ///
    /// ```
    /// use firesteel_value::{Set, Value, to_value};
    /// assert_eq!(to_value(&Set(vec![1, 2])).unwrap(), Value::Set(vec![1.into(), 2.into()]));
    /// ```
    Set, names::SET, "a set"
}

wrapper! {
    /// A Python `frozenset` of typed elements. Nothing removes duplicates here; Python does when it reads.
    FrozenSet, names::FROZENSET, "a frozenset"
}
