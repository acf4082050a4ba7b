//! msgpack, with the extension types of Pyro, as a serde format.

#![forbid(unsafe_code)]
