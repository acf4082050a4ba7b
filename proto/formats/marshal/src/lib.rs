//! Python's marshal as a serde format.

#![forbid(unsafe_code)]
