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
use crate::value::Payload;
use crate::wire::OwnedAnnotations;

pub(crate) struct Sessions {
    slots: Slab<Slot>,
    generation: u32,
    pub(super) config: Arc<Config>,
    pub(super) entropy: Entropy,
    pub(super) now: Instant,
    /// Lent to whichever session reads.
    pub(super) scratch: Vec<u8>,
    /// Memory that sessions take while they have something to hold.
    pub(super) pool: Vec<Vec<u8>>,
    /// Sessions with a request that can start, in turn.
    ready: VecDeque<SessionId>,
    /// Sessions whose output or interest in reading has come up.
    announced: VecDeque<SessionId>,
    /// Sessions that were pumped since the last step.
    touched: Vec<SessionId>,
    /// Sessions whose PINGs have used up their turn.
    resting: Vec<SessionId>,
    /// Sessions that are not read because all together hold too much.
    starved: Vec<SessionId>,
    /// A touched session has something that only the next step can do.
    urgent: bool,
    timers: Timers<SessionId>,
    pub(super) events: VecDeque<DaemonEvent>,
    /// Received and unsent bytes of all sessions.
    buffered: usize,
    /// When what still runs is cut off; set by the shutdown.
    pub(super) shutdown: Option<Instant>,
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
    resting: bool,
    /// The loop knows that it may read.
    reading: bool,
}

impl Sessions {
    pub(super) fn new(now: Instant, config: Arc<Config>) -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
            entropy: Entropy::new(config.seed.unwrap_or_default()),
            config,
            now,
            scratch: Vec::new(),
            pool: Vec::new(),
            ready: VecDeque::new(),
            announced: VecDeque::new(),
            touched: Vec::new(),
            resting: Vec::new(),
            starved: Vec::new(),
            urgent: false,
            timers: Timers::new(),
            events: VecDeque::new(),
            buffered: 0,
            shutdown: None,
        }
    }

    /// Time, which never goes backwards.
    pub(super) fn at(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    pub(super) fn open(
        &mut self,
        now: Instant,
        peer: Peer,
        layer: Option<Box<dyn Layer>>,
    ) -> Result<SessionId, Refused> {
        let now = self.at(now);
        if self.shutdown.is_some() {
            return Err(Refused::ShuttingDown);
        }
        if self.slots.len() >= self.config.limits.max_sessions {
            return Err(Refused::TooManySessions);
        }
        self.scratch.resize(SCRATCH, 0);
        self.generation = self.generation.wrapping_add(1);
        let entropy = self.entropy.fork();
        let core = ServerCore::new(now, Arc::clone(&self.config), entropy, peer.handshake, layer);
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
        self.keep_timer(id);
        self.notice(id);
        Ok(id)
    }

    pub(super) fn slot(&self, id: SessionId) -> Option<&Slot> {
        self.slots.get(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    pub(super) fn slot_mut(&mut self, id: SessionId) -> Option<&mut Slot> {
        self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    // Inputs: called by `Session`.

    /// Lends a session space to read into.
    pub(super) fn input_buf(&mut self, id: SessionId) -> &mut [u8] {
        let index = id.index as usize;
        match self.slots.get_mut(index) {
            Some(slot) if slot.generation == id.generation => slot.core.link().input_buf(&mut self.scratch),
            _ => &mut [],
        }
    }

    pub(super) fn handle_filled(&mut self, id: SessionId, now: Instant, n: usize) {
        let now = self.at(now);
        if let Some(slot) = self.slots.get_mut(id.index as usize) {
            slot.core.link().borrow_inbox(&mut self.pool);
            slot.core.link().borrow_outbox(&mut self.pool);
            slot.core.handle_filled(now, &self.scratch, n);
        }
        self.after_input(id);
    }

    /// Sees what an input has changed.
    pub(super) fn after_input(&mut self, id: SessionId) {
        self.touch(id);
        self.queue(id);
        let Some(slot) = self.slot_mut(id) else { return };
        if slot.core.link_ref().is_half_closed()
            && let Some(cancel) = slot.cancel.take()
        {
            cancel.set();
            slot.core.give_up();
        }
        if slot.core.is_resting() && !std::mem::replace(&mut slot.marks.resting, true) {
            self.resting.push(id);
        }
        self.settle_urgency(id);
        self.count(id);
        self.tell(id);
    }

    /// After an input, a loop looks whether it may read on: this is what it sees.
    fn tell(&mut self, id: SessionId) {
        let wants_read = self.wants_read(id);
        let Some(slot) = self.slot_mut(id) else { return };
        slot.marks.reading = wants_read;
        if !wants_read && slot.core.wants_read() {
            self.starved.push(id);
        }
    }

    /// Notes that a session was pumped.
    pub(super) fn touch(&mut self, id: SessionId) {
        if let Some(slot) = self.slot_mut(id)
            && !std::mem::replace(&mut slot.marks.touched, true)
        {
            self.touched.push(id);
        }
    }

    /// Notes that only the next step can go on with this session.
    pub(super) fn settle_urgency(&mut self, id: SessionId) {
        if let Some(slot) = self.slot(id)
            && (slot.core.link_ref().is_closed() || slot.core.is_stalled())
        {
            self.urgent = true;
        }
    }

    /// Bytes of all sessions, and which of them hold more than their share.
    fn count(&mut self, id: SessionId) {
        let Some(slot) = self.slots.get_mut(id.index as usize) else { return };
        let link = slot.core.link_ref();
        let held = link.received().len() + link.unsent();
        self.buffered = self.buffered + held - slot.counted;
        slot.counted = held;
    }

    /// False while the session must not be read: its own limits, or those of all together.
    pub(super) fn wants_read(&self, id: SessionId) -> bool {
        let Some(slot) = self.slot(id) else { return false };
        let share = self.config.limits.max_total_buffered / self.slots.len().max(1);
        slot.core.wants_read() && (self.has_room() || slot.counted <= share)
    }

    // Steps.

    /// Does what pumping has made possible: frees closed sessions, collects memory, starts turns.
    pub(super) fn settle(&mut self) {
        self.urgent = false;
        while let Some(id) = self.touched.pop() {
            let Some(slot) = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
            else {
                continue;
            };
            slot.marks.touched = false;
            if slot.core.is_stalled() {
                slot.core.advance();
            }
            slot.core.link().trim(&mut self.pool);
            self.count(id);
            self.notice(id);
        }
    }

    /// Lets sessions that have used up their turn go on, and those that waited for memory.
    pub(super) fn begin_turn(&mut self) {
        for id in std::mem::take(&mut self.resting) {
            if let Some(slot) = self.slot_mut(id) {
                slot.marks.resting = false;
                slot.core.begin_turn();
                slot.core.advance();
                self.notice(id);
            }
        }
        if self.has_room() {
            for id in std::mem::take(&mut self.starved) {
                self.notice(id);
            }
        }
    }

    fn has_room(&self) -> bool {
        self.buffered <= self.config.limits.max_total_buffered
    }

    /// Takes the next request that can start, sessions in turn.
    pub(super) fn next_request(&mut self) -> Option<(SessionId, Head, Incoming)> {
        while let Some(id) = self.ready.pop_front() {
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
        !self.ready.is_empty()
    }

    /// Keeps a request until its object is free.
    pub(super) fn park(&mut self, id: SessionId, incoming: Incoming) {
        if let Some(slot) = self.slot_mut(id) {
            slot.core.park(incoming);
        }
    }

    /// The object that a parked request waits for is free.
    pub(super) fn retry(&mut self, id: SessionId) {
        if let Some(slot) = self.slot_mut(id)
            && slot.core.is_parked()
            && !std::mem::replace(&mut slot.marks.ready, true)
        {
            self.ready.push_back(id);
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

    /// Answers a call, and sees what that makes possible.
    pub(super) fn reply(&mut self, ticket: Ticket, result: Result<Payload, Fault>, annotations: &OwnedAnnotations) {
        let Some(slot) = self.slots.get_mut(ticket.session.index as usize) else { return };
        if slot.generation != ticket.session.generation {
            return;
        }
        slot.core.link().borrow_outbox(&mut self.pool);
        let (answered, memory) = slot.core.reply(ticket.call, result, annotations);
        self.keep(memory.unwrap_or_default());
        if answered {
            if let Some(slot) = self.slot_mut(ticket.session) {
                slot.cancel = None;
            }
            self.finished(ticket.session);
        }
    }

    /// A request of this session has come to its end.
    pub(super) fn finished(&mut self, id: SessionId) {
        if self.shutdown.is_some()
            && let Some(slot) = self.slot_mut(id)
            && !slot.core.is_busy()
        {
            slot.core.link().close(CloseReason::Local);
            slot.core.advance();
        }
        if let Some(slot) = self.slot_mut(id) {
            slot.core.advance();
        }
        self.count(id);
        self.notice(id);
    }

    /// Puts a session where its state says that it belongs.
    pub(super) fn notice(&mut self, id: SessionId) {
        self.queue(id);
        self.keep_timer(id);
        let wants_read = self.wants_read(id);
        let Some(slot) = self.slot_mut(id) else { return };
        if slot.core.link_ref().is_closed() {
            return self.end(id);
        }
        let resumed = wants_read && !slot.marks.reading;
        if (resumed || slot.core.link_ref().wants_write()) && !std::mem::replace(&mut slot.marks.announced, true) {
            self.announced.push_back(id);
        }
    }

    fn queue(&mut self, id: SessionId) {
        if let Some(slot) = self.slot_mut(id)
            && slot.core.head() != Head::Nothing
            && !slot.core.is_parked()
            && !std::mem::replace(&mut slot.marks.ready, true)
        {
            self.ready.push_back(id);
        }
    }

    /// The next session that the loop should pump: it has output, or may be read again.
    pub(super) fn poll_session(&mut self) -> Option<SessionId> {
        loop {
            if !self.touched.is_empty() {
                self.settle();
            }
            let id = self.announced.pop_front()?;
            let wants_read = self.wants_read(id);
            let Some(slot) = self.slot_mut(id) else { continue };
            slot.marks.announced = false;
            let resumed = wants_read && !std::mem::replace(&mut slot.marks.reading, wants_read);
            if resumed || slot.core.link_ref().wants_write() {
                return Some(id);
            }
        }
    }

    // Time.

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let now = self.at(now);
        while let Some(id) = self.timers.pop_due(now) {
            if let Some(slot) = self.slot_mut(id) {
                slot.timer = None;
                slot.core.handle_timeout(now);
                self.count(id);
                self.notice(id);
            }
        }
        if self.shutdown.is_some_and(|at| at <= now) {
            self.for_all(|slot| slot.core.link().abort(CloseReason::Local));
        }
    }

    /// When the next step is due; `now` when it could do something at once.
    pub(super) fn poll_timeout(&self, can_start: bool) -> Option<Instant> {
        let resumable = !self.resting.is_empty() || (!self.starved.is_empty() && self.has_room());
        let pending = self.urgent || resumable || !self.events.is_empty() || !self.announced.is_empty();
        if pending || (can_start && self.has_ready()) {
            return Some(self.now);
        }
        [self.timers.next(), self.shutdown.filter(|_| !self.slots.is_empty())].into_iter().flatten().min()
    }

    /// Keeps a timer for the session's next deadline.
    fn keep_timer(&mut self, id: SessionId) {
        let now = self.now;
        let Some(slot) = self.slot_mut(id) else { return };
        slot.core.begin_linger(now);
        match (slot.core.poll_timeout(), slot.timer) {
            (Some(at), set) if set.is_none_or(|set| at < set) => {
                slot.timer = Some(at);
                self.timers.set(at, id);
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
        self.timers.forget(|at, id| {
            let slot = slots.get(id.index as usize).filter(|slot| slot.generation == id.generation);
            slot.is_some_and(|slot| slot.timer == Some(at))
        });
    }

    // Ends.

    /// No further sessions and requests; what runs may finish until `deadline`.
    pub(super) fn begin_shutdown(&mut self, deadline: Instant) {
        self.shutdown.get_or_insert(deadline);
        self.for_all(|slot| {
            if !slot.core.is_busy() {
                slot.core.link().close(CloseReason::Local);
                slot.core.advance();
            }
        });
    }

    pub(super) fn close(&mut self, id: SessionId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.core.link().close(CloseReason::Local);
            slot.core.advance();
            self.urgent = true;
            self.touch(id);
        }
    }

    /// Memory that somebody is through with.
    pub(super) fn keep(&mut self, mut memory: Vec<u8>) {
        if (1..=SCRATCH).contains(&memory.capacity()) && self.pool.len() < 64 {
            memory.clear();
            self.pool.push(memory);
        }
    }

    pub(super) fn lend(&mut self) -> Vec<u8> {
        self.pool.pop().unwrap_or_default()
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
        self.buffered -= slot.counted;
        if let Some(cancel) = slot.cancel {
            cancel.set();
        }
        self.forget_timer();
        let reason = slot.core.link_ref().reason().cloned().unwrap_or(CloseReason::Local);
        self.events.push_back(DaemonEvent::Closed { session: id, reason });
    }
}
