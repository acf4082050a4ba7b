//! Sessions that come and go, for whoever wants to know.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Daemon, Peer, Registry, SessionId};
use crate::error::CloseReason;
use crate::value::Value;
use crate::wire::Dialect;

/// What happened to a session: see [`Daemon::set_notices`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// A client was let in. None of its calls has run.
    #[non_exhaustive]
    Connected {
        /// The session.
        session: SessionId,
        /// Who is at the other end.
        peer: &'a Peer,
        /// What the client said in its handshake (Pyro's `_pyroHandshake`); none where a session begins without.
        handshake: Option<&'a Value>,
        /// The object that it named there.
        object: Option<&'a str>,
        /// The protocol that it speaks.
        dialect: Dialect,
    },
    /// A session has ended that was told of before. What belonged to it is dropped already.
    #[non_exhaustive]
    Disconnected {
        /// The session; its id is not used again.
        session: SessionId,
        /// Who was at the other end.
        peer: &'a Peer,
        /// Why it has ended.
        reason: &'a CloseReason,
    },
}

/// Is told of sessions.
pub(super) type Notices<W> = Box<dyn FnMut(&mut W, Notice<'_>) + Send>;

/// A session that has ended.
pub(super) struct Left {
    pub(super) session: SessionId,
    pub(super) peer: Arc<Peer>,
    pub(super) reason: CloseReason,
}

impl<R: Registry> Daemon<R> {
    /// Has `notices` told of each client that was let in, and of its end, by whatever cause (Pyro's
    /// `clientDisconnect`): exactly once each. Sessions without a handshake count as let in when their first call is
    /// about to run. It runs where user code runs, with the world; set it before the first session comes.
    ///
    /// ```
    /// # use firesteel_proto::{Config, Daemon, Notice};
    /// # #[expect(clippy::disallowed_methods)]
    /// # let mut daemon = <Daemon>::new(std::time::Instant::now(), Config::default());
    /// daemon.set_notices(|_world, notice| match notice {
    ///     Notice::Connected { session, peer, .. } => println!("{session:?} from {:?}", peer.address),
    ///     Notice::Disconnected { session, reason, .. } => println!("{session:?} has ended: {reason}"),
    ///     _ => {}
    /// });
    /// ```
    pub fn set_notices(&mut self, notices: impl FnMut(&mut R::World, Notice<'_>) + Send + 'static) {
        self.notices = Some(Box::new(notices));
    }

    /// A request of this session is about to run: a session without a handshake is let in with it.
    #[inline]
    pub(super) fn greet(&mut self, session: SessionId, world: &mut R::World) {
        if self.notices.is_some() {
            self.greet_silent(session, world);
        }
    }

    #[cold]
    fn greet_silent(&mut self, session: SessionId, world: &mut R::World) {
        // One that has just been let in later has been waiting for this.
        self.tell(world);
        let (Some(notices), Some(slot)) = (&mut self.notices, self.sessions.slot_mut(session)) else { return };
        if !std::mem::replace(&mut slot.marks.told, true) {
            let dialect = slot.core.dialect.unwrap_or_default();
            let (peer, handshake, object) = (&*slot.peer, None, None);
            guard(|| notices(world, Notice::Connected { session, peer, handshake, object, dialect }));
        }
    }

    /// Tells of who came and who went.
    pub(super) fn tell(&mut self, world: &mut R::World) {
        let Some(notices) = &mut self.notices else { return };
        for (peer, arrival) in self.arrived.drain(..) {
            let (session, handshake) = (arrival.ticket.session, Some(&arrival.handshake));
            let (peer, object, dialect) = (&*peer, arrival.object.as_deref(), arrival.dialect);
            guard(|| notices(world, Notice::Connected { session, peer, handshake, object, dialect }));
        }
        for Left { session, peer, reason } in self.sessions.take_left() {
            guard(|| notices(world, Notice::Disconnected { session, peer: &peer, reason: &reason }));
        }
    }
}

/// Runs what is told. Should it panic, the others are told all the same.
fn guard(tell: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(tell));
}
