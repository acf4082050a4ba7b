//! CBOR, with tags for the types of Python, as a serde format.

#![forbid(unsafe_code)]
