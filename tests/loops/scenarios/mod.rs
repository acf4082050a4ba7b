//! What happens to a daemon, whatever loop hosts it.

pub mod batches;
pub mod calls;
pub mod deferred;
pub mod ends;
pub mod fragments;
pub mod garbage;
pub mod load;
pub mod resets;
pub mod streams;

use firesteel::{CallFailure, Fault};

/// The exception that a call ended with.
#[track_caller]
fn fault<T: std::fmt::Debug>(result: Result<T, CallFailure>) -> Fault {
    match result {
        Err(CallFailure::Fault(fault)) => *fault,
        other => panic!("not an exception: {other:?}"),
    }
}
