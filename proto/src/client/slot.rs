//! One of a client's connections.

use std::time::{Duration, Instant};

use super::searches::{Heard, Named, News};
use super::{ConnId, ProxyEvent, Target};
use crate::connection::{ClientCore, ClientEvent};
use crate::timers::earliest;

pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) core: ClientCore,
    /// Where it goes; none on a socket that was given, and while that is not known.
    pub(super) target: Option<Target>,
    pub(super) role: Role,
    /// How often it was made again since it last was there.
    pub(super) attempts: u32,
    /// There is a socket.
    pub(super) connected: bool,
    /// It is to be made again, at a time that is set.
    pub(super) waits: bool,
    pub(super) timer: Option<Instant>,
    pub(super) announced: bool,
    pub(super) touched: bool,
    pub(super) eventful: bool,
    /// The loop knows that there is output: what it could not send, it sends when there is room.
    pub(super) writing: bool,
}

/// What a connection is for.
pub(super) enum Role {
    /// Calls of proxies whose object is where their URI says.
    Plain,
    /// Calls of a proxy whose object goes by a name.
    Named(Box<Named>),
    /// It asks a name server, for this other connection.
    Asks(ConnId),
}

impl Slot {
    pub(super) fn new(generation: u32, core: ClientCore, target: Option<Target>, role: Role) -> Self {
        Self {
            generation,
            core,
            target,
            role,
            attempts: 0,
            connected: false,
            waits: false,
            timer: None,
            announced: false,
            touched: false,
            eventful: false,
            writing: false,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let own = self.core.poll_timeout();
        match &self.role {
            Role::Named(named) => earliest(own, named.poll_timeout()),
            Role::Plain | Role::Asks(_) => own,
        }
    }

    /// What the loop is told of an event, or who else wants to hear it; the end of the connection they are told elsewhere.
    pub(super) fn told(&mut self, id: ConnId, event: ClientEvent) -> Result<Option<ProxyEvent>, Heard> {
        match (event, &self.role) {
            (ClientEvent::Connected, Role::Asks(by)) => Err(Heard::new(id, *by, News::Connected)),
            (ClientEvent::Done { result, .. }, Role::Asks(by)) => Err(Heard::new(id, *by, News::Answer(result))),
            (ClientEvent::Connected, _) => {
                self.attempts = 0;
                Ok(Some(ProxyEvent::Connected(id)))
            }
            (ClientEvent::Done { id, result, annotations }, _) => {
                Ok(Some(ProxyEvent::Done { id, result, annotations }))
            }
            (ClientEvent::Closed(_), _) => Ok(None),
        }
    }
}

/// How long to wait before a connection is made again: not at all at first, then ever longer.
pub(super) fn back_off(attempts: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(50);
    const MOST: Duration = Duration::from_secs(5);
    match attempts {
        0 => Duration::ZERO,
        again => FIRST.saturating_mul(1 << (again - 1).min(10)).min(MOST),
    }
}
