//! The reader as a serde deserializer.

mod access;
mod any;
mod deserializer;
mod tagged;
