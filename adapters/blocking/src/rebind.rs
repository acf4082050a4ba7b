//! Connecting before the first call, and again.

use std::thread;
use std::time::Duration;

use firesteel_proto::{CallFailure, CloseReason};

use crate::proxy::Proxy;

/// How long Pyro waits before it tries again (`_pyroReconnect` in Pyro5's `client.py`).
const PAUSE: Duration = Duration::from_secs(2);

impl Proxy {
    /// Connects now, as Pyro's `_pyroBind`, instead of with the first call. False when it was connected already.
    ///
    /// # Errors
    /// No connection, or the server did not let us in.
    pub fn bind(&self) -> Result<bool, CallFailure> {
        let bound = self
            .line
            .with_client(|client| client.connection_of(self.id).is_some_and(|connection| client.is_ready(connection)));
        if !bound {
            self.ping()?;
        }
        Ok(!bound)
    }

    /// Closes the connection and makes it anew, trying up to `tries` times, two seconds apart, as Pyro's
    /// `_pyroReconnect`.
    ///
    /// # Errors
    /// Why the last try failed. A socket that was given cannot be connected again, and what goes by a name is not searched
    /// twice: that takes as long as the delay for lookups says.
    pub fn reconnect(&self, tries: u32) -> Result<(), CallFailure> {
        self.reconnect_every(PAUSE, tries)
    }

    /// As [`reconnect`](Self::reconnect), with another pause between two tries.
    ///
    /// # Errors
    /// As for [`reconnect`](Self::reconnect).
    pub fn reconnect_every(&self, pause: Duration, tries: u32) -> Result<(), CallFailure> {
        self.close();
        for _ in 1..tries {
            match self.ping() {
                end @ Err(CallFailure::Lost(CloseReason::Unresolved(_))) => return end,
                Err(CallFailure::Lost(_) | CallFailure::Deadline) => thread::sleep(pause),
                end => return end,
            }
        }
        self.ping()
    }
}
