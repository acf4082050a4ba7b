//! All sessions of a daemon: who has a request to start, who has output, who has ended. This part
//! knows neither objects nor the world.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

use super::responder::{CancelFlag, Ticket};
use super::{DaemonEvent, Peer, SessionId};
use crate::connection::{Head, Incoming, SCRATCH, ServerCore};
use crate::entropy::Entropy;
use crate::error::{CloseReason, Refused};
use crate::fault::Fault;
use crate::layer::Layer;
use crate::limits::Config;
use crate::timers::Timers;
use crate::transmit::Transmit;
use crate::value::Payload;
use crate::wire::OwnedAnnotations;

/// How many sessions keep their memory while they are idle.
const WARM: usize = 8;

pub(crate) struct Sessions {
    slots: Slab<Slot>,
    generation: u32,
    pub(super) entropy: Entropy,
    /// Lent to whichever session reads.
    scratch: Vec<u8>,
    common: Common,
}

/// What sessions have in common: apart from the slots, so that both can be changed at once.
pub(super) struct Common {
    config: Arc<Config>,
    now: Instant,
    /// Memory that sessions take while they have something to hold.
    pool: Vec<Vec<u8>>,
    /// Sessions with a request that can start, in turn.
    ready: VecDeque<SessionId>,
    /// Sessions whose output or interest in reading has come up.
    announced: VecDeque<SessionId>,
    /// Sessions that were pumped since the last step.
    touched: Vec<SessionId>,
    /// The sessions that were pumped last keep their memory: they are likely to need it again.
    warm: VecDeque<SessionId>,
    /// Sessions whose PINGs have used up their turn.
    resting: Vec<SessionId>,
    /// Sessions that are not read because all together hold too much.
    starved: Vec<SessionId>,
    /// A touched session has something that only the next step can do.
    urgent: bool,
    timers: Timers<SessionId>,
    events: VecDeque<DaemonEvent>,
    /// Received and unsent bytes of all sessions.
    buffered: usize,
    /// What each session may hold when all together hold too much.
    share: usize,
    /// When what still runs is cut off; set by the shutdown.
    shutdown: Option<Instant>,
}

pub(super) struct Slot {
    generation: u32,
    pub(super) core: ServerCore,
    pub(super) peer: Arc<Peer>,
    /// Bytes counted in `buffered`.
    counted: usize,
    timer: Option<Instant>,
    /// Tells a deferred answer that nobody waits any more.
    cancel: Option<Arc<CancelFlag>>,
    marks: Marks,
}

/// In which queues a session stands, and what the loop was told.
#[derive(Clone, Copy, Default)]
struct Marks {
    ready: bool,
    announced: bool,
    touched: bool,
    warm: bool,
    resting: bool,
    /// The loop knows that it may read.
    reading: bool,
    /// The loop knows that there is output: what it could not send, it sends when there is room.
    writing: bool,
}

impl Slot {
    /// Sees what an input has changed.
    fn after_input(&mut self, id: SessionId, common: &mut Common) {
        self.touch(id, common);
        self.queue(id, common);
        if self.core.link_ref().is_half_closed()
            && let Some(cancel) = self.cancel.take()
        {
            cancel.set();
            self.core.give_up();
        }
        self.rest(id, common);
        self.settle_urgency(common);
        self.count(common);
        // The loop looks now whether it may read on: this is what it sees.
        let wants_read = self.wants_read(common);
        self.marks.reading = wants_read;
        self.marks.writing = false;
        if !wants_read && self.core.wants_read() {
            common.starved.push(id);
        }
    }

    /// Lets the session go on in the next turn, if it has used up this one.
    fn rest(&mut self, id: SessionId, common: &mut Common) {
        if self.core.is_resting() && !std::mem::replace(&mut self.marks.resting, true) {
            common.resting.push(id);
        }
    }

    /// Notes that the session was pumped.
    fn touch(&mut self, id: SessionId, common: &mut Common) {
        if !std::mem::replace(&mut self.marks.touched, true) {
            common.touched.push(id);
        }
    }

    /// Notes what only the next step can go on with.
    fn settle_urgency(&self, common: &mut Common) {
        common.urgent |= self.core.is_stalled() || self.core.link_ref().is_closed();
    }

    /// Counts the bytes that the session holds.
    fn count(&mut self, common: &mut Common) {
        let link = self.core.link_ref();
        let held = link.received().len() + link.unsent();
        common.buffered = common.buffered + held - self.counted;
        self.counted = held;
    }

    /// False while the session must not be read: its own limits, or those of all together.
    fn wants_read(&self, common: &Common) -> bool {
        self.core.wants_read() && (common.has_room() || self.counted <= common.share)
    }

    /// Queues the session when a request of it can start.
    fn queue(&mut self, id: SessionId, common: &mut Common) {
        if self.core.head() != Head::Nothing
            && !self.core.is_parked()
            && !std::mem::replace(&mut self.marks.ready, true)
        {
            common.ready.push_back(id);
        }
    }

    /// Puts the session where its state says that it belongs; false when it is over.
    fn notice(&mut self, id: SessionId, common: &mut Common) -> bool {
        self.queue(id, common);
        self.rest(id, common);
        let wants_write = self.core.link_ref().wants_write();
        if !wants_write && self.core.link_ref().is_closed() {
            return false;
        }
        let resumed = !self.marks.reading && self.wants_read(common);
        self.marks.writing &= wants_write;
        let output = wants_write && !self.marks.writing;
        if (resumed || output) && !std::mem::replace(&mut self.marks.announced, true) {
            common.announced.push_back(id);
        }
        true
    }
}

impl Common {
    fn has_room(&self) -> bool {
        self.buffered <= self.config.limits.max_total_buffered
    }
}

impl Sessions {
    pub(super) fn new(now: Instant, config: Arc<Config>) -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
            entropy: Entropy::new(config.seed.unwrap_or_default()),
            scratch: Vec::new(),
            common: Common {
                share: config.limits.max_total_buffered,
                config,
                now,
                pool: Vec::new(),
                ready: VecDeque::new(),
                announced: VecDeque::new(),
                touched: Vec::new(),
                warm: VecDeque::with_capacity(WARM + 1),
                resting: Vec::new(),
                starved: Vec::new(),
                urgent: false,
                timers: Timers::new(),
                events: VecDeque::new(),
                buffered: 0,
                shutdown: None,
            },
        }
    }

    /// Time, which never goes backwards.
    pub(super) fn at(&mut self, now: Instant) -> Instant {
        self.common.now = self.common.now.max(now);
        self.common.now
    }

    pub(super) fn now(&self) -> Instant {
        self.common.now
    }

    pub(super) fn config(&self) -> &Arc<Config> {
        &self.common.config
    }

    pub(super) fn set_location(&mut self, location: crate::Location) {
        Arc::make_mut(&mut self.common.config).location = Some(location);
    }

    pub(super) fn open(
        &mut self,
        now: Instant,
        peer: Peer,
        layer: Option<Box<dyn Layer>>,
    ) -> Result<SessionId, Refused> {
        let now = self.at(now);
        if self.common.shutdown.is_some() {
            return Err(Refused::ShuttingDown);
        }
        if self.slots.len() >= self.common.config.limits.max_sessions {
            return Err(Refused::TooManySessions);
        }
        self.scratch.resize(SCRATCH, 0);
        self.generation = self.generation.wrapping_add(1);
        let entropy = self.entropy.fork();
        let core = ServerCore::new(now, Arc::clone(&self.common.config), entropy, peer.handshake, layer);
        let slot = Slot {
            generation: self.generation,
            core,
            peer: Arc::new(peer),
            counted: 0,
            timer: None,
            cancel: None,
            marks: Marks { reading: true, ..Marks::default() },
        };
        let id = SessionId { index: self.slots.insert(slot) as u32, generation: self.generation };
        self.common.share = self.common.config.limits.max_total_buffered / self.slots.len();
        self.notice(id);
        Ok(id)
    }

    pub(super) fn slot(&self, id: SessionId) -> Option<&Slot> {
        self.slots.get(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    pub(super) fn slot_mut(&mut self, id: SessionId) -> Option<&mut Slot> {
        self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    /// A slot together with what it shares with the others.
    fn split(&mut self, id: SessionId) -> Option<(&mut Slot, &mut Common)> {
        let slot = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)?;
        Some((slot, &mut self.common))
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    // Inputs: called by `Session`.

    /// Lends a session space to read into.
    pub(super) fn input_buf(&mut self, id: SessionId) -> &mut [u8] {
        match self.slots.get_mut(id.index as usize) {
            Some(slot) if slot.generation == id.generation => slot.core.link().input_buf(&mut self.scratch),
            _ => &mut [],
        }
    }

    pub(super) fn handle_filled(&mut self, id: SessionId, now: Instant, n: usize) {
        let now = self.at(now);
        let Some(slot) = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation) else {
            return;
        };
        slot.core.link().borrow_memory(&mut self.common.pool);
        slot.core.handle_filled(now, &self.scratch, n);
        slot.after_input(id, &mut self.common);
    }

    /// Gives a session another input.
    pub(super) fn input(&mut self, id: SessionId, now: Instant, give: impl FnOnce(&mut ServerCore, Instant)) {
        let now = self.at(now);
        if let Some((slot, common)) = self.split(id) {
            give(&mut slot.core, now);
            slot.after_input(id, common);
        }
    }

    pub(super) fn poll_transmit(&mut self, id: SessionId) -> Option<Transmit<'_>> {
        let (slot, common) = self.split(id)?;
        slot.touch(id, common);
        slot.settle_urgency(common);
        slot.marks.writing &= slot.core.link_ref().wants_write();
        slot.core.link().poll_transmit()
    }

    pub(super) fn wants_read(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(|slot| slot.wants_read(&self.common))
    }

    // Steps.

    /// Does what pumping has made possible: frees closed sessions, collects memory.
    pub(super) fn settle(&mut self) {
        self.common.urgent = false;
        while let Some(id) = self.common.touched.pop() {
            let Some((slot, common)) = self.split(id) else { continue };
            slot.marks.touched = false;
            if slot.core.is_stalled() {
                slot.core.advance();
            }
            slot.count(common);
            if !std::mem::replace(&mut slot.marks.warm, true) {
                common.warm.push_back(id);
            }
            self.notice(id);
        }
        while self.common.warm.len() > WARM {
            let cold = self.common.warm.pop_front();
            if let Some((slot, common)) = cold.and_then(|id| self.split(id)) {
                slot.marks.warm = false;
                slot.core.link().trim(&mut common.pool);
            }
        }
    }

    /// Lets sessions that have used up their turn go on, and those that waited for memory.
    pub(super) fn begin_turn(&mut self) {
        if !self.common.resting.is_empty() {
            for id in std::mem::take(&mut self.common.resting) {
                if let Some(slot) = self.slot_mut(id) {
                    slot.marks.resting = false;
                    slot.core.begin_turn();
                    slot.core.advance();
                    self.notice(id);
                }
            }
        }
        if !self.common.starved.is_empty() && self.common.has_room() {
            for id in std::mem::take(&mut self.common.starved) {
                self.notice(id);
            }
        }
    }

    /// Takes the next request that can start, sessions in turn.
    pub(super) fn next_request(&mut self) -> Option<(SessionId, Head, Incoming)> {
        while let Some(id) = self.common.ready.pop_front() {
            let Some(slot) = self.slot_mut(id) else { continue };
            slot.marks.ready = false;
            if slot.peer.identity.is_none()
                && let Some(identity) = slot.core.link_ref().identity()
            {
                Arc::make_mut(&mut slot.peer).identity = Some(identity);
            }
            if let Some(incoming) = slot.core.unpark() {
                return Some((id, Head::Call, incoming));
            }
            let head = slot.core.head();
            if let Some(incoming) = slot.core.take() {
                return Some((id, head, incoming));
            }
            self.notice(id);
        }
        None
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.common.ready.is_empty()
    }

    /// Keeps a request until its object is free.
    pub(super) fn park(&mut self, id: SessionId, incoming: Incoming) {
        if let Some(slot) = self.slot_mut(id) {
            slot.core.park(incoming);
        }
    }

    /// The object that a parked request waits for is free.
    pub(super) fn retry(&mut self, id: SessionId) {
        if let Some((slot, common)) = self.split(id)
            && slot.core.is_parked()
            && !std::mem::replace(&mut slot.marks.ready, true)
        {
            common.ready.push_back(id);
        }
    }

    /// A call's answer comes later.
    pub(super) fn defer(&mut self, ticket: Ticket, cancel: Option<Arc<CancelFlag>>) {
        let Some(cancel) = cancel else { return };
        match self.slot_mut(ticket.session) {
            Some(slot) if slot.core.awaits(ticket.call) && !slot.core.link_ref().is_half_closed() => {
                slot.cancel = Some(cancel);
            }
            Some(slot) => {
                cancel.set();
                if slot.core.awaits(ticket.call) {
                    slot.core.give_up();
                }
                self.notice(ticket.session);
            }
            None => cancel.set(),
        }
    }

    /// Answers a call, and sees what that makes possible; false when it is not waited for.
    pub(super) fn reply(
        &mut self,
        ticket: Ticket,
        result: Result<Payload, Fault>,
        annotations: &OwnedAnnotations,
    ) -> bool {
        let Some((slot, common)) = self.split(ticket.session) else { return false };
        slot.core.link().borrow_memory(&mut common.pool);
        let (answered, memory) = slot.core.reply(ticket.call, result, annotations);
        if answered {
            slot.cancel = None;
            self.finished(ticket.session);
        }
        self.keep(memory.unwrap_or_default());
        answered
    }

    /// A request of this session has come to its end.
    pub(super) fn finished(&mut self, id: SessionId) {
        if let Some((slot, common)) = self.split(id) {
            if common.shutdown.is_some() && !slot.core.is_busy() {
                slot.core.link().close(CloseReason::Local);
            }
            slot.core.advance();
            slot.count(common);
            self.notice(id);
        }
    }

    /// Puts a session where its state says that it belongs.
    pub(super) fn notice(&mut self, id: SessionId) {
        let Some((slot, common)) = self.split(id) else { return };
        if !slot.notice(id, common) {
            self.end(id);
        } else if slot.timer.is_some() || !slot.core.is_timeless() {
            self.keep_timer(id);
        }
    }

    /// The next session that the loop should pump: it has output, or may be read again.
    pub(super) fn poll_session(&mut self) -> Option<SessionId> {
        loop {
            if !self.common.touched.is_empty() {
                self.settle();
            }
            let id = self.common.announced.pop_front()?;
            let Some((slot, common)) = self.split(id) else { continue };
            slot.marks.announced = false;
            let wants_read = slot.wants_read(common);
            let wants_write = slot.core.link_ref().wants_write();
            let resumed = wants_read && !std::mem::replace(&mut slot.marks.reading, wants_read);
            let output = wants_write && !std::mem::replace(&mut slot.marks.writing, wants_write);
            if resumed || output {
                return Some(id);
            }
        }
    }

    pub(super) fn poll_event(&mut self) -> Option<DaemonEvent> {
        self.common.events.pop_front()
    }

    // Time.

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let now = self.at(now);
        while let Some(id) = self.common.timers.pop_due(now) {
            if let Some((slot, common)) = self.split(id) {
                slot.timer = None;
                slot.core.handle_timeout(now);
                slot.count(common);
                self.notice(id);
            }
        }
        if self.common.shutdown.is_some_and(|at| at <= now) {
            self.for_all(|slot| slot.core.link().abort(CloseReason::Local));
        }
    }

    /// When the next step is due; `now` when it could do something at once.
    pub(super) fn poll_timeout(&self, can_start: bool) -> Option<Instant> {
        let common = &self.common;
        let resumable = !common.resting.is_empty() || (!common.starved.is_empty() && common.has_room());
        let pending = common.urgent || resumable || !common.events.is_empty() || !common.announced.is_empty();
        if pending || (can_start && self.has_ready()) {
            return Some(common.now);
        }
        let shutdown = common.shutdown.filter(|_| !self.slots.is_empty());
        [common.timers.next(), shutdown].into_iter().flatten().min()
    }

    /// Keeps a timer for the session's next deadline.
    fn keep_timer(&mut self, id: SessionId) {
        let Some((slot, common)) = self.split(id) else { return };
        slot.core.begin_linger(common.now);
        match (slot.core.poll_timeout(), slot.timer) {
            (Some(at), set) if set.is_none_or(|set| at < set) => {
                slot.timer = Some(at);
                common.timers.set(at, id);
            }
            (None, Some(_)) => {
                slot.timer = None;
                self.forget_timer();
            }
            _ => {}
        }
    }

    fn forget_timer(&mut self) {
        let slots = &self.slots;
        self.common.timers.forget(|at, id| {
            let slot = slots.get(id.index as usize).filter(|slot| slot.generation == id.generation);
            slot.is_some_and(|slot| slot.timer == Some(at))
        });
    }

    // Ends.

    /// When what still runs is cut off, once a shutdown has begun.
    pub(super) fn shutdown(&self) -> Option<Instant> {
        self.common.shutdown
    }

    /// No further sessions and requests; what runs may finish until `deadline`.
    pub(super) fn begin_shutdown(&mut self, deadline: Instant) {
        self.common.shutdown.get_or_insert(deadline);
        self.for_all(|slot| {
            if !slot.core.is_busy() {
                slot.core.link().close(CloseReason::Local);
                slot.core.advance();
            }
        });
    }

    pub(super) fn close(&mut self, id: SessionId) {
        if let Some((slot, common)) = self.split(id) {
            slot.core.link().close(CloseReason::Local);
            slot.core.advance();
            common.urgent = true;
            slot.touch(id, common);
        }
    }

    /// Memory that somebody is through with.
    pub(super) fn keep(&mut self, mut memory: Vec<u8>) {
        if (1..=SCRATCH).contains(&memory.capacity()) && self.common.pool.len() < 64 {
            memory.clear();
            self.common.pool.push(memory);
        }
    }

    pub(super) fn lend(&mut self) -> Vec<u8> {
        self.common.pool.pop().unwrap_or_default()
    }

    fn for_all(&mut self, mut change: impl FnMut(&mut Slot)) {
        let mut ids = Vec::with_capacity(self.slots.len());
        for (index, slot) in &mut self.slots {
            change(slot);
            ids.push(SessionId { index: index as u32, generation: slot.generation });
        }
        for id in ids {
            self.notice(id);
        }
    }

    fn end(&mut self, id: SessionId) {
        let slot = self.slots.remove(id.index as usize);
        self.common.buffered -= slot.counted;
        self.common.share = self.common.config.limits.max_total_buffered / self.slots.len().max(1);
        if let Some(cancel) = slot.cancel {
            cancel.set();
        }
        self.forget_timer();
        let reason = slot.core.link_ref().reason().cloned().unwrap_or(CloseReason::Local);
        self.common.events.push_back(DaemonEvent::Closed { session: id, reason });
    }
}
