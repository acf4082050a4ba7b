//! One session's place in its daemon: in which queues it stands, and what the loop was told of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::asides::Asides;
use super::counters::Tally;
use super::notices::Left;
use super::requests::{Resource, Resources};
use super::responder::CancelFlag;
use super::{DaemonEvent, Peer, SessionId};
use crate::connection::{Head, ServerCore};
use crate::limits::Config;
use crate::timers::Timers;

/// What sessions have in common: apart from the slots, so that both can be changed at once.
pub(super) struct Common {
    pub(super) config: Arc<Config>,
    pub(super) tally: Tally,
    pub(super) now: Instant,
    /// Memory that sessions take while they have something to hold.
    pub(super) pool: Vec<Vec<u8>>,
    /// Sessions with a request that can start, in turn.
    pub(super) ready: VecDeque<SessionId>,
    /// Sessions whose output or interest in reading has come up.
    pub(super) announced: VecDeque<SessionId>,
    /// Sessions that were pumped since the last step.
    pub(super) touched: Vec<SessionId>,
    /// The sessions that were pumped last keep their memory: they are likely to need it again.
    pub(super) warm: VecDeque<SessionId>,
    /// Sessions whose PINGs have used up their turn.
    pub(super) resting: Vec<SessionId>,
    /// Sessions that are not read because all together hold too much.
    pub(super) starved: Vec<SessionId>,
    /// A touched session has something that only the next step can do.
    pub(super) urgent: bool,
    /// Objects of sessions wait to be closed, which only `dispatch` can do.
    pub(super) closing: bool,
    pub(super) timers: Timers<SessionId>,
    pub(super) events: VecDeque<DaemonEvent>,
    /// Something belongs to a session: its end is noted.
    pub(super) watches_ends: bool,
    /// Sessions that have ended, and whose belongings are still to be dropped.
    pub(super) ended: Vec<SessionId>,
    /// Sessions that have ended, and whose end is to be told.
    pub(super) left: Vec<Left>,
    /// Resources of sessions that have ended, to be dropped.
    pub(super) orphans: Vec<Resource>,
    /// How many sessions have resources.
    pub(super) owners: usize,
    /// Received and unsent bytes of all sessions.
    pub(super) buffered: usize,
    /// What each session may hold when all together hold too much.
    pub(super) share: usize,
    /// While all together hold too much, one session after the other may still bring its message to
    /// its end, each until a deadline.
    pub(super) favoured: Option<(SessionId, Instant)>,
    /// What each may hold has changed.
    pub(super) reconsider: bool,
    /// When what still runs is cut off; set by the shutdown.
    pub(super) shutdown: Option<Instant>,
}

pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) core: ServerCore,
    pub(super) peer: Arc<Peer>,
    /// Bytes counted in `buffered`.
    pub(super) counted: usize,
    pub(super) timer: Option<Instant>,
    /// Tells a deferred answer that nobody waits any more.
    pub(super) cancel: Option<Arc<CancelFlag>>,
    /// Calls that wait while later ones start.
    pub(super) asides: Asides,
    /// What was allocated for the client.
    pub(super) resources: Option<Box<Resources>>,
    pub(super) marks: Marks,
}

/// In which queues a session stands, and what the loop was told.
#[derive(Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) ready: bool,
    pub(super) announced: bool,
    pub(super) touched: bool,
    pub(super) warm: bool,
    pub(super) resting: bool,
    pub(super) starved: bool,
    /// The parked request may go on.
    pub(super) resumed: bool,
    /// Its client was let in, and somebody was told.
    pub(super) told: bool,
    /// The loop knows that it may read.
    pub(super) reading: bool,
    /// The loop knows that there is output: what it could not send, it sends when there is room.
    pub(super) writing: bool,
    /// Who the peer proved to be is known, if it is to be at all.
    pub(super) identified: bool,
    /// The loop was told that it speaks another protocol.
    pub(super) foreign: bool,
}

impl Slot {
    /// Sees what an input has changed.
    pub(super) fn after_input(&mut self, id: SessionId, common: &mut Common) {
        if self.is_steady(common) {
            self.queue(id, common);
            self.count(common);
            self.marks.writing = false;
            self.marks.reading = self.core.wants_read() && common.has_room();
            if self.marks.reading && self.marks.warm && !self.core.link_ref().wants_write() {
                return;
            }
        }
        self.touch(id, common);
        if !self.marks.identified {
            self.identify();
        }
        if self.core.link_ref().is_half_closed() {
            if let Some(cancel) = self.cancel.take() {
                cancel.set();
                self.core.give_up();
            }
            for call in self.asides.cancel_deferred() {
                self.core.forget_aside(call);
            }
        }
        self.queue(id, common);
        self.rest(id, common);
        self.settle_urgency(common);
        self.count(common);
        self.marks.writing = false;
        self.look(id, common);
    }

    /// Notes who the peer is, once the layer below knows.
    fn identify(&mut self) {
        let link = self.core.link_ref();
        if link.is_established() {
            self.marks.identified = true;
            if let Some(identity) = link.identity() {
                Arc::make_mut(&mut self.peer).identity = Some(identity);
            }
        }
    }

    /// True while only requests and answers change it, and neither reading nor memory is short.
    pub(super) fn is_steady(&self, common: &Common) -> bool {
        self.core.is_steady() && self.marks.reading && common.favoured.is_none() && common.has_room()
    }

    /// The loop is about to look whether it may read on: notes what it will see.
    pub(super) fn look(&mut self, id: SessionId, common: &mut Common) {
        self.favour(id, common);
        self.marks.reading = self.wants_read(id, common);
        if !self.marks.reading && self.core.wants_read() && !std::mem::replace(&mut self.marks.starved, true) {
            common.starved.push(id);
        }
    }

    /// The session is not in the list of the starved any more.
    pub(super) fn unstarve(&mut self) {
        self.marks.starved = false;
    }

    /// Gives the session the favour, or takes it back when its message is there in full.
    fn favour(&mut self, id: SessionId, common: &mut Common) {
        let incomplete = self.core.wants_read() && self.core.head() == Head::Nothing && self.counted > common.share;
        match common.favoured {
            Some((favoured, _)) if favoured == id && !incomplete => {
                common.favoured = None;
                common.reconsider = true;
            }
            None if incomplete && !common.has_room() => {
                common.favoured = Some((id, common.now + common.config.handshake_timeout));
            }
            _ => {}
        }
    }

    /// Lets the session go on in the next turn, if it has used up this one.
    fn rest(&mut self, id: SessionId, common: &mut Common) {
        if self.core.is_resting() && !std::mem::replace(&mut self.marks.resting, true) {
            common.resting.push(id);
        }
    }

    /// Notes that the session was pumped.
    pub(super) fn touch(&mut self, id: SessionId, common: &mut Common) {
        if !std::mem::replace(&mut self.marks.touched, true) {
            common.touched.push(id);
        }
    }

    /// Notes what only the next step can go on with.
    pub(super) fn settle_urgency(&self, common: &mut Common) {
        // One that is closing needs a deadline for its last bytes.
        common.urgent |= self.core.is_stalled() || self.core.link_ref().ignores_input();
    }

    /// Counts the bytes that the session holds.
    pub(super) fn count(&mut self, common: &mut Common) {
        let link = self.core.link_ref();
        let held =
            link.received().len() + link.held_below() + link.unsent() + self.core.parked_len() + self.asides.held();
        common.buffered = common.buffered + held - self.counted;
        self.counted = held;
    }

    /// False while the session must not be read: its own limits, or those of all together.
    pub(super) fn wants_read(&self, id: SessionId, common: &Common) -> bool {
        let favoured = || common.favoured.is_some_and(|(favoured, _)| favoured == id);
        self.core.wants_read() && (common.has_room() || self.counted <= common.share || favoured())
    }

    /// Queues the session when a request of it can start.
    pub(super) fn queue(&mut self, id: SessionId, common: &mut Common) {
        if self.may_start(common) || self.marks.resumed || self.asides.has_woken() {
            self.enqueue(id, common);
        }
    }

    /// True when the request at the head may start.
    pub(super) fn may_start(&self, common: &Common) -> bool {
        let waits = self.core.head() != Head::Nothing && !self.core.is_parked() && !self.core.is_holding();
        waits && common.shutdown.is_none()
    }

    /// Puts the session into the queue, if it does not stand there.
    fn enqueue(&mut self, id: SessionId, common: &mut Common) {
        if !std::mem::replace(&mut self.marks.ready, true) {
            common.ready.push_back(id);
        }
    }

    /// Puts the session where its state says that it belongs; false when it is over.
    pub(super) fn notice(&mut self, id: SessionId, common: &mut Common) -> bool {
        self.queue(id, common);
        let wants_write = self.core.link_ref().wants_write();
        if self.is_steady(common) {
            self.announce(id, common, wants_write);
            return true;
        }
        self.rest(id, common);
        if !wants_write && self.core.link_ref().is_closed() {
            return false;
        }
        if let Some(protocol) = self.core.link_ref().foreign()
            && !std::mem::replace(&mut self.marks.foreign, true)
        {
            common.events.push_back(DaemonEvent::Foreign { session: id, protocol });
        }
        self.favour(id, common);
        if !self.marks.reading && self.wants_read(id, common) && !std::mem::replace(&mut self.marks.announced, true) {
            common.announced.push_back(id);
        }
        self.announce(id, common, wants_write);
        true
    }

    /// Tells the loop of output that it does not know.
    fn announce(&mut self, id: SessionId, common: &mut Common, wants_write: bool) {
        self.marks.writing &= wants_write;
        if wants_write && !self.marks.writing && !std::mem::replace(&mut self.marks.announced, true) {
            common.announced.push_back(id);
        }
    }
}

impl Common {
    /// True when a session that was not read for want of room may be read now.
    pub(super) fn feeds(&self) -> bool {
        !self.starved.is_empty() && (self.reconsider || self.favoured.is_none() || self.has_room())
    }

    pub(super) fn has_room(&self) -> bool {
        self.buffered <= self.config.limits.max_total_buffered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_session_is_small() {
        // Thousands of them may be open.
        assert!(size_of::<Slot>() <= 360, "{}", size_of::<Slot>());
    }
}
