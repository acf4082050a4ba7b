//! The reader as a serde deserializer.

mod access;
mod any;
mod deserializer;
mod key;

pub(crate) use key::Key;
