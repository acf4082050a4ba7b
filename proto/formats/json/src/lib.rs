//! Python's JSON as a serde format.

#![forbid(unsafe_code)]
