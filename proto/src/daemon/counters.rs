//! What a daemon counts.

use super::{Daemon, Registry};
use crate::connection::Head;

/// How much a daemon has done, and how much it holds: see [`Daemon::counters`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Calls that have ended since the daemon was made, answered or not. Each call of a batch counts, oneway ones do
    /// too; handshakes and PINGs do not.
    pub calls: u64,
    /// Those of them that ended with a fault.
    pub errors: u64,
    /// Bytes received on all sessions, as they came from the transport.
    pub bytes_in: u64,
    /// Bytes sent on all sessions.
    pub bytes_out: u64,
    /// Sessions that were opened.
    pub opened: u64,
    /// Sessions that there are.
    pub sessions: usize,
    /// Sessions with a call that has arrived and waits for its turn, or for a busy object. What a session has received
    /// behind that call is not counted: it is bytes.
    pub waiting: usize,
    /// Jobs that are out: calls that other threads run. Always 0 for a [`Local`](super::Local) registry.
    pub running: usize,
    /// Calls whose answer comes later, async methods that run for oneway calls, and clients on whom the gatekeeper decides later.
    pub deferred: usize,
    /// Received and unsent bytes that all sessions hold.
    pub buffered: usize,
    /// Streams that are open, of this daemon.
    pub streams: usize,
    /// Objects in the registry, those of sessions included, the daemon's own not.
    pub objects: usize,
    /// Objects that methods have made for sessions of this daemon: they go with them.
    pub session_objects: usize,
    /// Instances of registered classes that are kept: single ones, and those of sessions.
    pub instances: usize,
}

/// What only grows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) bytes_in: u64,
    /// Of sessions that have ended.
    pub(super) bytes_out: u64,
    pub(super) opened: u64,
}

impl<R: Registry> Daemon<R> {
    /// How much the daemon has done, and how much it holds. Asking looks at every session; counting costs the daemon
    /// an addition here and there. Daemons that share a registry count its objects and instances each.
    ///
    /// ```
    /// # use firesteel_proto::{Config, Daemon, Local};
    /// # #[expect(clippy::disallowed_methods)]
    /// # let daemon: Daemon<Local> = Daemon::new(std::time::Instant::now(), Config::default());
    /// let counters = daemon.counters();
    /// assert_eq!((counters.calls, counters.sessions), (0, 0));
    /// ```
    pub fn counters(&self) -> Counters {
        let common = &self.sessions.common;
        let Tally { calls, errors, bytes_in, bytes_out, opened } = common.tally;
        let mut counters = Counters {
            calls,
            errors,
            bytes_in,
            bytes_out,
            opened,
            sessions: self.sessions.len(),
            running: self.running,
            deferred: self.errands.len(),
            buffered: common.buffered,
            streams: self.streams.len(),
            objects: self.registry.ids().len() - 1,
            session_objects: self.guests.len(),
            instances: self.registry.count_instances(),
            ..Counters::default()
        };
        for slot in self.sessions.slots() {
            counters.bytes_out += slot.core.link_ref().sent();
            let (parked, deferred) = slot.asides.count();
            counters.deferred += deferred + usize::from(slot.cancel.is_some());
            let waits = slot.core.head() == Head::Call || (slot.core.is_parked() && slot.cancel.is_none());
            counters.waiting += parked + usize::from(waits);
        }
        counters
    }
}
