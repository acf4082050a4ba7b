//! What the tests and benches of the formats share.
//!
//! - [`Peer`] is a Python that reads and writes every [`Format`] as Pyro does; values are compared in a notation of
//!   their own ([`describe`]), so that no code under test takes part in the comparison.
//! - [`values`] are random values for proptest, [`samples`] many of them at once, for a Python that answers in batches.
//! - [`Contest`] measures two crates side by side.
//! - [`record`] is the data of about one kilobyte that all benches read and write.

#![forbid(unsafe_code)]

mod contest;
mod describe;
mod peer;
mod record;
mod rng;
mod special;
mod strategies;

pub use contest::{Contest, ten_mebibytes};
pub use describe::describe;
pub use peer::{Format, Peer};
pub use record::{Base64Bytes, Owner, Position, Record, image, record, record_value, record_with};
pub use rng::{Rng, factor};
pub use special::{dates, datetimes, decimals, time_deltas, times, uuids};
pub use strategies::{Kinds, floats, hashables, samples, texts, values};
