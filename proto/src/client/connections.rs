//! All connections of a client: who wants a socket, who has output, who has ended.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use super::{ConnId, ProxyEvent, Target};
use crate::connection::{CallId, ClientCore, ClientEvent, Request, SCRATCH};
use crate::error::{CallError, CloseReason};
use crate::layer::Layer;
use crate::limits::{Config, Handshake, Protocol};
use crate::timers::Timers;
use crate::transmit::Transmit;
use crate::value::ObjectId;
use crate::wire::Dialect;

/// Up to this many connections keep their memory while they are idle.
const WARM: usize = 8;

/// Bits of a call's id that tell its connection's place.
const PLACE_BITS: u32 = 24;

pub(super) struct Connections {
    slots: Slab<Slot>,
    generation: u32,
    config: Arc<Config>,
    now: Instant,
    issued: u64,
    pub(super) scratch: Vec<u8>,
    pool: Vec<Vec<u8>>,
    wanted: VecDeque<(ConnId, Target)>,
    announced: VecDeque<ConnId>,
    touched: Vec<ConnId>,
    timers: Timers<ConnId>,
    events: VecDeque<ProxyEvent>,
    /// Servers that turned out to speak another dialect than the first choice.
    learnt: BTreeMap<Target, Dialect>,
    /// Connections that are made again, and when.
    again: BTreeSet<(Instant, ConnId)>,
}

struct Slot {
    generation: u32,
    core: ClientCore,
    /// Where it goes; none on a socket that was given.
    target: Option<Target>,
    /// How often it was made again since it last was there.
    attempts: u32,
    /// There is a socket.
    connected: bool,
    timer: Option<Instant>,
    announced: bool,
    touched: bool,
    /// The loop knows that there is output: what it could not send, it sends when there is room.
    writing: bool,
}

impl Connections {
    pub(super) fn new(now: Instant, config: Arc<Config>) -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
            config,
            now,
            issued: 0,
            scratch: Vec::new(),
            pool: Vec::new(),
            wanted: VecDeque::new(),
            announced: VecDeque::new(),
            touched: Vec::new(),
            timers: Timers::new(),
            events: VecDeque::new(),
            learnt: BTreeMap::new(),
            again: BTreeSet::new(),
        }
    }

    /// What the config asks for must go together.
    pub(super) fn check(&self) -> Result<(), CallError> {
        if self.config.forbids(self.config.first_dialect()) { Err(CallError::Unsigned) } else { Ok(()) }
    }

    /// Time, which never goes backwards.
    pub(super) fn at(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    pub(super) fn open(
        &mut self,
        now: Instant,
        handshake: Handshake,
        object: ObjectId,
        target: Option<Target>,
    ) -> ConnId {
        let now = self.at(now);
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let learnt = target.as_ref().and_then(|target| self.learnt.get(target).copied());
        let dialect = learnt.unwrap_or_else(|| self.config.first_dialect());
        let mut core = ClientCore::new(now, Arc::clone(&self.config), handshake, object, dialect, None);
        if self.config.protocol == Protocol::Auto && target.is_some() {
            core.allow_redial();
        }
        if target.is_some() {
            core.allow_reconnects();
        }
        let slot = Slot {
            generation,
            core,
            target: target.clone(),
            attempts: 0,
            connected: false,
            timer: None,
            announced: false,
            touched: false,
            writing: false,
        };
        let id = ConnId { index: self.slots.insert(slot) as u32, generation };
        self.scratch.resize(SCRATCH, 0);
        if let Some(target) = target {
            self.wanted.push_back((id, target));
        }
        self.notice(id);
        id
    }

    pub(super) fn core(&self, id: ConnId) -> Option<&ClientCore> {
        self.slots.get(id.index as usize).filter(|slot| slot.generation == id.generation).map(|slot| &slot.core)
    }

    fn slot_mut(&mut self, id: ConnId) -> Option<&mut Slot> {
        self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    pub(super) fn core_mut(&mut self, id: ConnId) -> Option<&mut ClientCore> {
        self.slot_mut(id).map(|slot| &mut slot.core)
    }

    /// True while calls can be made on it.
    pub(super) fn is_usable(&self, id: ConnId) -> bool {
        self.core(id).is_some_and(ClientCore::is_open)
    }

    pub(super) fn is_connected(&self, id: ConnId) -> bool {
        self.slots.get(id.index as usize).is_some_and(|slot| slot.generation == id.generation && slot.connected)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    // Calls.

    pub(super) fn call(
        &mut self,
        now: Instant,
        on: ConnId,
        object: &ObjectId,
        request: &Request<'_>,
    ) -> Result<CallId, CallError> {
        let now = self.at(now);
        let id = self.next_id(on);
        self.prepare(on)?.call(now, id, Some(object), request)?;
        self.notice(on);
        Ok(id)
    }

    pub(super) fn notify(
        &mut self,
        now: Instant,
        on: ConnId,
        object: &ObjectId,
        request: &Request<'_>,
    ) -> Result<(), CallError> {
        self.at(now);
        self.prepare(on)?.notify(Some(object), request)?;
        self.notice(on);
        Ok(())
    }

    pub(super) fn ping(&mut self, now: Instant, on: ConnId) -> Result<CallId, CallError> {
        let now = self.at(now);
        let id = self.next_id(on);
        self.prepare(on)?.ping(now, id)?;
        self.notice(on);
        Ok(id)
    }

    pub(super) fn cancel(&mut self, now: Instant, call: CallId) -> bool {
        self.at(now);
        let index = (call.0 >> (64 - PLACE_BITS)) as usize;
        let Some(slot) = self.slots.get_mut(index) else { return false };
        let id = ConnId { index: index as u32, generation: slot.generation };
        let cancelled = slot.core.cancel(call);
        self.notice(id);
        cancelled
    }

    fn next_id(&mut self, on: ConnId) -> CallId {
        self.issued += 1;
        CallId((u64::from(on.index) << (64 - PLACE_BITS)) | (self.issued & (u64::MAX >> PLACE_BITS)))
    }

    fn prepare(&mut self, on: ConnId) -> Result<&mut ClientCore, CallError> {
        let slot = self.slots.get_mut(on.index as usize).filter(|slot| slot.generation == on.generation);
        let slot = slot.ok_or(CallError::Closed)?;
        slot.writing = false;
        let core = &mut slot.core;
        core.link().borrow_memory(&mut self.pool);
        Ok(core)
    }

    // Sockets.

    pub(super) fn poll_connect(&mut self) -> Option<(ConnId, Target)> {
        if !self.touched.is_empty() {
            self.settle();
        }
        loop {
            let (id, target) = self.wanted.pop_front()?;
            if self.core(id).is_some() {
                return Some((id, target));
            }
        }
    }

    pub(super) fn connected(&mut self, now: Instant, id: ConnId, layer: Option<Box<dyn Layer>>) {
        let now = self.at(now);
        if let Some(slot) = self.slot_mut(id) {
            slot.connected = true;
            if let Some(layer) = layer {
                slot.core.link().attach(now, layer);
            }
        }
        self.notice(id);
    }

    pub(super) fn failed(&mut self, now: Instant, id: ConnId, reason: String) {
        self.at(now);
        if let Some(slot) = self.slot_mut(id) {
            // The attempt is over, as if the connection had been there.
            slot.connected = true;
            slot.core.finish(CloseReason::Unreachable(reason));
            slot.connected = slot.core.retries();
        }
        self.notice(id);
    }

    pub(super) fn handle_filled(&mut self, id: ConnId, now: Instant, n: usize) {
        let now = self.at(now);
        if let Some(slot) = self.slots.get_mut(id.index as usize) {
            slot.core.link().borrow_memory(&mut self.pool);
            slot.core.handle_filled(now, &self.scratch, n);
            slot.writing = false;
        }
        self.touch(id);
    }

    pub(super) fn poll_transmit(&mut self, id: ConnId) -> Option<Transmit<'_>> {
        let crowded = self.slots.len() > WARM;
        let slot = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)?;
        if !slot.connected {
            return None;
        }
        slot.writing &= slot.core.link_ref().wants_write();
        // What was sent changes nothing else, unless it was the last.
        if (crowded || !slot.core.is_steady()) && !std::mem::replace(&mut slot.touched, true) {
            self.touched.push(id);
        }
        slot.core.link().poll_transmit()
    }

    pub(super) fn input_buf(&mut self, id: ConnId) -> &mut [u8] {
        match self.slots.get_mut(id.index as usize) {
            Some(slot) if slot.generation == id.generation => slot.core.link().input_buf(&mut self.scratch),
            _ => &mut [],
        }
    }

    pub(super) fn touch(&mut self, id: ConnId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.writing &= slot.core.link_ref().wants_write();
            if !std::mem::replace(&mut slot.touched, true) {
                self.touched.push(id);
            }
        }
    }

    pub(super) fn poll_connection(&mut self) -> Option<ConnId> {
        loop {
            if !self.touched.is_empty() {
                self.settle();
            }
            let id = self.announced.pop_front()?;
            let Some(slot) = self.slot_mut(id) else { continue };
            slot.announced = false;
            let wants_write = slot.core.link_ref().wants_write();
            if wants_write && !std::mem::replace(&mut slot.writing, wants_write) {
                return Some(id);
            }
        }
    }

    // Steps.

    /// Does what pumping has made possible.
    fn settle(&mut self) {
        let crowded = self.slots.len() > WARM;
        while let Some(id) = self.touched.pop() {
            if let Some(slot) = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation) {
                slot.touched = false;
                if crowded {
                    slot.core.link().trim(&mut self.pool);
                }
                self.notice(id);
            }
        }
    }

    /// Puts a connection where its state says that it belongs, and collects its events.
    fn notice(&mut self, id: ConnId) {
        let index = id.index as usize;
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.generation == id.generation) else { return };
        if slot.connected && slot.core.is_steady() {
            while let Some(event) = slot.core.poll_event() {
                if let Some(event) = slot.told(id, event) {
                    self.events.push_back(event);
                }
            }
            if slot.core.link_ref().wants_write() && !slot.writing && !std::mem::replace(&mut slot.announced, true) {
                self.announced.push_back(id);
            }
            if slot.timer.is_some() || slot.core.has_deadlines() {
                self.keep_timer(id);
            }
        } else {
            self.notice_change(id);
        }
    }

    /// The same for a connection that begins, ends, or is made again.
    fn notice_change(&mut self, id: ConnId) {
        let index = id.index as usize;
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.generation == id.generation) else { return };
        if let (Some(dialect), Some(target)) = (slot.core.take_redial(), &slot.target) {
            slot.connected = false;
            self.learnt.insert(target.clone(), dialect);
            match slot.core.begin_again(self.now, dialect) {
                Ok(()) => self.wanted.push_back((id, target.clone())),
                Err(error) => slot.core.finish(CloseReason::Protocol(error)),
            }
        }
        if slot.core.retries() && slot.connected {
            slot.connected = false;
            self.again.insert((self.now + back_off(slot.attempts), id));
            slot.attempts += 1;
        }
        while let Some(event) = slot.core.poll_event() {
            self.events.extend(slot.told(id, event));
        }
        slot.core.begin_linger(self.now);
        self.keep_timer(id);
        let Some(slot) = self.slots.get_mut(index) else { return };
        let link = slot.core.link_ref();
        if slot.core.retries() {
            return;
        }
        if link.is_closed() || (link.ignores_input() && !slot.connected) {
            let reason = link.reason().cloned().unwrap_or(CloseReason::Local);
            self.slots.remove(index);
            self.again.retain(|(_, again)| *again != id);
            self.forget_timer();
            self.events.push_back(ProxyEvent::Closed { connection: id, reason });
        } else if slot.connected && link.wants_write() && !slot.writing && !std::mem::replace(&mut slot.announced, true)
        {
            self.announced.push_back(id);
        }
    }

    /// Keeps a timer for the connection's next deadline.
    fn keep_timer(&mut self, id: ConnId) {
        let Some(slot) = self.slots.get_mut(id.index as usize) else { return };
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

    pub(super) fn poll_event(&mut self) -> Option<ProxyEvent> {
        if self.events.is_empty() && !self.touched.is_empty() {
            self.settle();
        }
        self.events.pop_front()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let now = self.at(now);
        self.settle();
        while let Some(id) = self.timers.pop_due(now) {
            if let Some(slot) = self.slot_mut(id) {
                slot.timer = None;
                slot.core.handle_timeout(now);
                self.notice(id);
            }
        }
        // Calls whose time is over are not made again.
        while let Some((at, id)) = self.again.first().copied()
            && at <= now
        {
            self.again.pop_first();
            if let Some(slot) = self.slot_mut(id)
                && let Some(target) = slot.target.clone()
            {
                slot.core.begin_retry(now);
                self.wanted.push_back((id, target));
                self.notice(id);
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let pending = |id: &ConnId| {
            self.core(*id).is_some_and(|core| core.has_events() || core.redials() || core.link_ref().is_closed())
        };
        if !self.events.is_empty()
            || !self.announced.is_empty()
            || !self.wanted.is_empty()
            || self.touched.iter().any(pending)
        {
            return Some(self.now);
        }
        [self.timers.next(), self.again.first().map(|(at, _)| *at)].into_iter().flatten().min()
    }

    pub(super) fn close(&mut self, now: Instant, id: ConnId) {
        self.at(now);
        if let Some(core) = self.core_mut(id) {
            core.close();
        }
        self.notice(id);
    }

    pub(super) fn close_all(&mut self, now: Instant) {
        let ids: Vec<_> = self
            .slots
            .iter()
            .map(|(index, slot)| ConnId { index: index as u32, generation: slot.generation })
            .collect();
        for id in ids {
            self.close(now, id);
        }
    }
}

impl Slot {
    /// What the loop is told of an event; the end of the connection it is told elsewhere.
    fn told(&mut self, id: ConnId, event: ClientEvent) -> Option<ProxyEvent> {
        match event {
            ClientEvent::Connected => {
                self.attempts = 0;
                Some(ProxyEvent::Connected(id))
            }
            ClientEvent::Done { id, result, annotations } => Some(ProxyEvent::Done { id, result, annotations }),
            ClientEvent::Closed(_) => None,
        }
    }
}

/// How long to wait before a connection is made again: not at all at first, then ever longer.
fn back_off(attempts: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(50);
    const MOST: Duration = Duration::from_secs(5);
    match attempts {
        0 => Duration::ZERO,
        again => FIRST.saturating_mul(1 << (again - 1).min(10)).min(MOST),
    }
}
