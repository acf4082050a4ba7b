//! What the macros write, tried through a daemon and a client.

/// Where generated code looks unless told otherwise.
extern crate firesteel_proto as firesteel;

mod attributes;
mod futures;
mod generics;
mod methods;
mod names;
mod promises;
mod remote;
mod streams;
mod support;
mod worlds;
