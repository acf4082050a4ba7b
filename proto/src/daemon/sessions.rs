//! All sessions of a daemon: who has a request to start, who has output, who has ended. This part
//! knows neither objects nor the world.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

use super::asides::Asides;
use super::counters::Tally;
use super::notices::Left;
use super::slot::{Common, Marks, Slot};
use super::{DaemonEvent, Peer, SessionId};
use crate::connection::{SCRATCH, ServerCore};
use crate::entropy::Entropy;
use crate::error::{CloseReason, Refused};
use crate::layer::{Detached, Layer};
use crate::limits::Config;
use crate::timers::{Timers, earliest};
use crate::transmit::Transmit;

/// How many sessions keep their memory while they are idle.
const WARM: usize = 8;

pub(crate) struct Sessions {
    slots: Slab<Slot>,
    generation: u32,
    pub(super) entropy: Entropy,
    /// Lent to whichever session reads.
    scratch: Vec<u8>,
    pub(super) common: Common,
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
                tally: Tally::default(),
                now,
                pool: Vec::new(),
                ready: VecDeque::new(),
                announced: VecDeque::new(),
                touched: Vec::new(),
                warm: VecDeque::with_capacity(WARM + 1),
                resting: Vec::new(),
                starved: Vec::new(),
                urgent: false,
                closing: false,
                timers: Timers::new(),
                events: VecDeque::new(),
                watches_ends: false,
                ended: Vec::new(),
                left: Vec::new(),
                orphans: Vec::new(),
                owners: 0,
                buffered: 0,
                favoured: None,
                reconsider: false,
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
        let layer = match (layer, &self.common.config.layers) {
            (None, Some(layers)) => layers.accept(&peer).map_err(Refused::Layer)?,
            (layer, _) => layer,
        };
        self.scratch.resize(SCRATCH, 0);
        self.generation = self.generation.wrapping_add(1);
        let labels = self.entropy.labels();
        let core = ServerCore::new(now, Arc::clone(&self.common.config), labels, peer.handshake, layer);
        let slot = Slot {
            generation: self.generation,
            core,
            peer: Arc::new(peer),
            counted: 0,
            timer: None,
            cancel: None,
            asides: Asides::default(),
            resources: None,
            marks: Marks { reading: true, ..Marks::default() },
        };
        let id = SessionId { index: self.slots.insert(slot) as u32, generation: self.generation };
        self.common.share = self.common.config.limits.max_total_buffered / self.slots.len();
        self.common.tally.opened += 1;
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
    pub(super) fn split(&mut self, id: SessionId) -> Option<(&mut Slot, &mut Common)> {
        let slot = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)?;
        Some((slot, &mut self.common))
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().map(|(_, slot)| slot)
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
        self.common.tally.bytes_in += n as u64;
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
        let wants_write = slot.core.link_ref().wants_write();
        slot.marks.writing &= wants_write;
        if slot.is_steady(common) {
            if wants_write {
                return slot.core.link().poll_transmit();
            }
            slot.count(common);
            return None;
        }
        slot.touch(id, common);
        slot.settle_urgency(common);
        if !slot.marks.reading {
            // What was sent may have lifted back-pressure.
            slot.look(id, common);
        }
        if wants_write { slot.core.link().poll_transmit() } else { None }
    }

    pub(super) fn wants_read(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(|slot| slot.wants_read(id, &self.common))
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
                slot.core.trim(&mut common.pool);
                slot.asides.trim();
            }
        }
    }

    /// True while neither [`settle`](Self::settle) nor [`begin_turn`](Self::begin_turn) has anything to do, and nobody
    /// asks for the ends of sessions.
    pub(super) fn is_settled(&self) -> bool {
        let common = &self.common;
        common.touched.is_empty() && common.resting.is_empty() && common.starved.is_empty() && !common.watches_ends
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
        if self.common.feeds() {
            self.common.reconsider = false;
            for id in std::mem::take(&mut self.common.starved) {
                if let Some((slot, common)) = self.split(id) {
                    slot.unstarve();
                    if slot.marks.reading || !slot.wants_read(id, common) {
                        // It stays in the list, unless it is this one's turn.
                        slot.look(id, common);
                        slot.marks.reading = false;
                    }
                    self.notice(id);
                }
            }
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
            let wants_read = slot.wants_read(id, common);
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
        if let Some((id, _)) = self.common.favoured.filter(|(_, at)| *at <= now) {
            // It had its chance to bring its message to an end; others wait for the memory.
            if let Some(slot) = self.slot_mut(id) {
                slot.core.link().abort(CloseReason::Timeout);
                slot.core.advance();
            }
            self.notice(id);
        }
        if self.common.shutdown.is_some_and(|at| at <= now) {
            self.for_all(|slot| slot.core.link().abort(CloseReason::Local));
        }
    }

    /// When the next step is due; `now` when it could do something at once.
    pub(super) fn poll_timeout(&self, can_start: bool) -> Option<Instant> {
        let common = &self.common;
        let resumable = !common.resting.is_empty() || common.feeds();
        let pending = common.urgent
            || common.closing
            || resumable
            || !common.events.is_empty()
            || !common.announced.is_empty()
            || self.has_ended();
        if pending || (can_start && self.has_ready()) {
            return Some(common.now);
        }
        let shutdown = common.shutdown.filter(|_| !self.slots.is_empty());
        earliest(earliest(common.timers.next(), shutdown), common.favoured.map(|(_, at)| at))
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
        self.common.shutdown = Some(self.common.shutdown.map_or(deadline, |earlier| earlier.min(deadline)));
        self.for_all(|slot| {
            if !slot.core.is_busy() {
                slot.core.link().close(CloseReason::Local);
                slot.core.advance();
            }
        });
    }

    /// True while ends of sessions are still to be seen to.
    pub(super) fn has_ended(&self) -> bool {
        !self.common.ended.is_empty() || !self.common.left.is_empty()
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

    /// Gives up a session that speaks another protocol, without a word of its end.
    pub(super) fn detach(&mut self, id: SessionId) -> Option<Detached> {
        let (slot, _) = self.split(id)?;
        let detached = slot.core.link().detach()?;
        self.end(id);
        self.common.events.pop_back();
        Some(detached)
    }

    fn end(&mut self, id: SessionId) {
        let slot = self.slots.remove(id.index as usize);
        self.common.buffered -= slot.counted;
        self.common.tally.bytes_out += slot.core.link_ref().sent();
        self.common.share = self.common.config.limits.max_total_buffered / self.slots.len().max(1);
        self.common.reconsider = true;
        if self.common.favoured.is_some_and(|(favoured, _)| favoured == id) {
            self.common.favoured = None;
        }
        let mut slot = slot;
        if let Some(cancel) = slot.cancel.take() {
            cancel.set();
        }
        slot.asides.cancel_deferred();
        self.forget_timer();
        let reason = slot.core.link_ref().reason().cloned().unwrap_or(CloseReason::Local);
        if slot.marks.told {
            let (peer, reason) = (Arc::clone(&slot.peer), reason.clone());
            self.common.left.push(Left { session: id, peer, reason });
        }
        self.common.events.push_back(DaemonEvent::Closed { session: id, reason });
        if self.common.watches_ends {
            self.common.ended.push(id);
        }
        if let Some(resources) = slot.resources {
            self.common.owners -= 1;
            self.common.orphans.extend(resources.0);
        }
    }
}
