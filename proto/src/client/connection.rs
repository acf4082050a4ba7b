//! One connection of a client, as a machine to pump.

use std::time::Instant;

use super::ConnId;
use super::connections::Connections;
use crate::machine::Machine;
use crate::transmit::Transmit;

/// A connection, lent to be pumped.
pub struct Connection<'a> {
    connections: &'a mut Connections,
    id: ConnId,
}

impl<'a> Connection<'a> {
    pub(super) fn new(connections: &'a mut Connections, id: ConnId) -> Option<Self> {
        connections.core(id)?;
        Some(Self { connections, id })
    }

    /// Its name.
    pub fn id(&self) -> ConnId {
        self.id
    }
}

impl Machine for Connection<'_> {
    fn input_buf(&mut self) -> &mut [u8] {
        self.connections.input_buf(self.id)
    }

    fn handle_filled(&mut self, now: Instant, n: usize) {
        self.connections.handle_filled(self.id, now, n);
    }

    fn handle_eof(&mut self, now: Instant) {
        let now = self.connections.at(now);
        if let Some(core) = self.connections.core_mut(self.id) {
            core.handle_eof(now);
        }
        self.connections.touch(self.id);
    }

    fn handle_error(&mut self, now: Instant) {
        self.connections.at(now);
        if let Some(core) = self.connections.core_mut(self.id) {
            core.handle_error();
        }
        self.connections.touch(self.id);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let now = self.connections.at(now);
        if let Some(core) = self.connections.core_mut(self.id) {
            core.handle_timeout(now);
        }
        self.connections.touch(self.id);
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.connections.poll_transmit(self.id)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.connections.core(self.id)?.poll_timeout()
    }

    fn wants_read(&self) -> bool {
        self.connections.is_connected(self.id) && self.connections.core(self.id).is_some_and(|core| core.wants_read())
    }

    fn wants_write(&self) -> bool {
        self.connections.is_connected(self.id)
            && self.connections.core(self.id).is_some_and(|core| core.link_ref().wants_write())
    }

    fn is_closed(&self) -> bool {
        self.connections.core(self.id).is_none_or(|core| core.link_ref().is_closed())
    }
}
