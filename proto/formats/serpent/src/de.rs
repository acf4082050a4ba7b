//! The reader as a serde deserializer.

mod access;
mod deserializer;
mod special;
