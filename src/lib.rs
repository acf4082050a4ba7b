//! Remote objects for any event loop.
#![forbid(unsafe_code)]

#[cfg(feature = "blocking")]
pub use firesteel_blocking as blocking;
pub use firesteel_proto::*;
pub use firesteel_pump as pump;
