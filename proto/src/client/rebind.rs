//! Letting go of a connection, and making it anew.

use std::time::Instant;

use super::{Client, ProxyId};
use crate::connection::CallId;
use crate::error::CallError;

impl Client {
    /// Closes the connection that a proxy uses, as Pyro's `_pyroRelease`: what is queued is sent, calls that are out
    /// are lost, also those of other proxies on it. The proxy stays; its next call opens another connection, unless
    /// the socket was given.
    pub fn disconnect(&mut self, now: Instant, proxy: ProxyId) {
        if let Some(connection) = self.connection_of(proxy) {
            self.connections.close(now, connection);
        }
    }

    /// Connects a proxy anew, letting go of the connection that it has, as one try of Pyro's `_pyroReconnect`. The
    /// id's end tells how it went: [`Reply::Pong`](crate::Reply::Pong) once the server has let us in.
    ///
    /// # Errors
    /// As for [`ping`](Self::ping): on a socket that was given, the connection stays closed.
    pub fn rebind(&mut self, now: Instant, proxy: ProxyId) -> Result<CallId, CallError> {
        self.disconnect(now, proxy);
        self.ping(now, proxy)
    }
}
