//! One session of a daemon, as a machine to pump.

use std::time::Instant;

use super::SessionId;
use super::sessions::Sessions;
use crate::connection::ServerCore;
use crate::machine::Machine;
use crate::transmit::Transmit;

/// A session, lent to be pumped.
///
/// Dropping it does nothing: the daemon sees to what changed in its next step.
pub struct Session<'a> {
    sessions: &'a mut Sessions,
    id: SessionId,
}

impl<'a> Session<'a> {
    pub(super) fn new(sessions: &'a mut Sessions, id: SessionId) -> Option<Self> {
        sessions.slot(id)?;
        Some(Self { sessions, id })
    }

    /// Its name.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Sends what is queued, then closes.
    pub fn close(&mut self) {
        self.sessions.close(self.id);
    }
}

impl Machine for Session<'_> {
    fn input_buf(&mut self) -> &mut [u8] {
        self.sessions.input_buf(self.id)
    }

    fn handle_filled(&mut self, now: Instant, n: usize) {
        self.sessions.handle_filled(self.id, now, n);
    }

    fn handle_eof(&mut self, now: Instant) {
        self.sessions.input(self.id, now, ServerCore::handle_eof);
    }

    fn handle_error(&mut self, now: Instant) {
        self.sessions.input(self.id, now, |core, _| core.handle_error());
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.sessions.input(self.id, now, ServerCore::handle_timeout);
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.sessions.poll_transmit(self.id)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.sessions.slot(self.id)?.core.poll_timeout()
    }

    fn wants_read(&self) -> bool {
        self.sessions.wants_read(self.id)
    }

    fn wants_write(&self) -> bool {
        self.sessions.slot(self.id).is_some_and(|slot| slot.core.link_ref().wants_write())
    }

    fn is_closed(&self) -> bool {
        self.sessions.slot(self.id).is_none_or(|slot| slot.core.link_ref().is_closed())
    }
}
