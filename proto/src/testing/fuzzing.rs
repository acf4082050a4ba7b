//! The bodies of the fuzz targets: each takes any bytes, and panics where something is not as it must be.
//!
//! They live here, and run in an ordinary test too, so that no refactoring breaks them unseen.

mod client;
mod daemon;
mod manner;
mod naming;
mod wire;

use std::time::Instant;

pub use client::{client, client_input};
pub use daemon::{daemon, daemon_input};
pub use naming::{naming, naming_input};
pub use wire::wire;

/// Operations of one run, at most.
const OPERATIONS: usize = 300;

/// The bytes of an input, taken from the front as choices.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A byte; zero when there are no more.
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `n`, which is at most 256.
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// Bytes with their length before them, as [`counted`] writes them.
    fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.short()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes
    }
}

/// Writes bytes as [`Input::bytes`] reads them, in several parts where they are many.
fn counted(operation: &[u8], bytes: &[u8], out: &mut Vec<u8>) {
    for part in bytes.chunks(usize::from(u16::MAX)) {
        out.extend_from_slice(operation);
        out.extend_from_slice(&(part.len() as u16).to_be_bytes());
        out.extend_from_slice(part);
    }
}

/// Any time will do: it passes only as the input says.
fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "there is no other way to an Instant")]
    Instant::now()
}
