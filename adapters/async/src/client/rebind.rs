//! Connecting before the first call, and again.

use std::future::poll_fn;
use std::time::{Duration, Instant};

use firesteel_proto::{CallFailure, CloseReason};

use super::proxy::Proxy;
use crate::{Runtime, Timer};

/// How long Pyro waits before it tries again (`_pyroReconnect` in Pyro5's `client.py`).
const PAUSE: Duration = Duration::from_secs(2);

impl<R: Runtime> Proxy<R> {
    /// Connects now, as Pyro's `_pyroBind`, instead of with the first call. False when it was connected already.
    ///
    /// # Errors
    /// No connection, or the server did not let us in.
    pub async fn bind(&self) -> Result<bool, CallFailure> {
        let bound = self.is_bound();
        if !bound {
            self.ping().await?;
        }
        Ok(!bound)
    }

    /// Closes the connection and makes it anew, trying up to `tries` times, two seconds apart, as Pyro's
    /// `_pyroReconnect`.
    ///
    /// # Errors
    /// Why the last try failed. A socket that was given cannot be connected again, and what goes by a name is not searched
    /// twice: that takes as long as the delay for lookups says.
    pub async fn reconnect(&self, tries: u32) -> Result<(), CallFailure> {
        self.reconnect_every(PAUSE, tries).await
    }

    /// As [`reconnect`](Self::reconnect), with another pause between two tries.
    ///
    /// # Errors
    /// As for [`reconnect`](Self::reconnect).
    pub async fn reconnect_every(&self, pause: Duration, tries: u32) -> Result<(), CallFailure> {
        self.close();
        for _ in 1..tries {
            match self.ping().await {
                end @ Err(CallFailure::Lost(CloseReason::Unresolved(_))) => return end,
                Err(CallFailure::Lost(_) | CallFailure::Deadline) => sleep::<R>(pause).await,
                end => return end,
            }
        }
        self.ping().await
    }
}

async fn sleep<R: Runtime>(time: Duration) {
    let mut timer = R::timer();
    timer.set(Instant::now() + time);
    poll_fn(|cx| timer.poll(cx)).await;
}
