//! All connections of a client: who wants a socket, who has output, who has ended.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

use super::searches::Searches;
use super::slot::{Role, Slot, back_off};
use super::{ConnId, ProxyEvent, Target};
use crate::connection::{CallId, ClientCore, Request, SCRATCH};
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
    pub(super) config: Arc<Config>,
    pub(super) now: Instant,
    issued: u64,
    pub(super) scratch: Vec<u8>,
    pool: Vec<Vec<u8>>,
    pub(super) wanted: VecDeque<(ConnId, Target)>,
    announced: VecDeque<ConnId>,
    touched: Vec<ConnId>,
    timers: Timers<ConnId>,
    pub(super) events: VecDeque<ProxyEvent>,
    /// Connections that have events of their own, which come after those.
    eventful: VecDeque<ConnId>,
    /// Servers that turned out to speak another dialect than the first choice.
    learnt: BTreeMap<Target, Dialect>,
    /// Connections that are made again, and when.
    again: BTreeSet<(Instant, ConnId)>,
    pub(super) searches: Searches,
}

impl Connections {
    pub(super) fn new(now: Instant, config: Arc<Config>) -> Self {
        Self {
            slots: Slab::new(),
            generation: 0,
            now,
            issued: 0,
            scratch: Vec::new(),
            pool: Vec::new(),
            wanted: VecDeque::new(),
            announced: VecDeque::new(),
            touched: Vec::new(),
            timers: Timers::new(),
            events: VecDeque::new(),
            eventful: VecDeque::new(),
            learnt: BTreeMap::new(),
            again: BTreeSet::new(),
            searches: Searches::new(&config),
            config,
        }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
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
        let dialect = self.dialect_of(target.as_ref());
        let mut core = ClientCore::new(now, Arc::clone(&self.config), handshake, object, dialect, None);
        if target.is_some() {
            core.allow_reconnects();
        }
        self.insert(core, target, Role::Plain)
    }

    /// Keeps a connection, which is to be connected if it is known where.
    pub(super) fn insert(&mut self, mut core: ClientCore, target: Option<Target>, role: Role) -> ConnId {
        if self.config.protocol == Protocol::Auto && target.is_some() {
            core.allow_redial();
        }
        self.generation = self.generation.wrapping_add(1);
        let slot = Slot::new(self.generation, core, target.clone(), role);
        let id = ConnId { index: self.slots.insert(slot) as u32, generation: self.generation };
        self.scratch.resize(SCRATCH, 0);
        if let Some(target) = target {
            self.wanted.push_back((id, target));
        }
        self.notice(id);
        id
    }

    /// The dialect in which to begin.
    pub(super) fn dialect_of(&self, target: Option<&Target>) -> Dialect {
        let learnt = target.and_then(|target| self.learnt.get(target).copied());
        learnt.unwrap_or_else(|| self.config.first_dialect())
    }

    pub(super) fn core(&self, id: ConnId) -> Option<&ClientCore> {
        self.slot(id).map(|slot| &slot.core)
    }

    pub(super) fn slot(&self, id: ConnId) -> Option<&Slot> {
        self.slots.get(id.index as usize).filter(|slot| slot.generation == id.generation)
    }

    pub(super) fn slot_mut(&mut self, id: ConnId) -> Option<&mut Slot> {
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

    /// The last time that was told, where that will do for a call.
    pub(super) fn untimed(&self, on: ConnId, request: &Request<'_>) -> Option<Instant> {
        let is_timed = request.deadline.is_some() || self.config.call_timeout.is_some();
        let core = self.core(on).filter(|core| !is_timed && core.is_ready() && core.is_steady())?;
        (!core.has_deadlines()).then_some(self.now)
    }

    pub(super) fn call(
        &mut self,
        now: Instant,
        on: ConnId,
        object: Option<&ObjectId>,
        request: &Request<'_>,
    ) -> Result<CallId, CallError> {
        let now = self.at(now);
        let id = self.next_id(on);
        self.prepare(on)?.call(now, id, object, request)?;
        self.notice(on);
        Ok(id)
    }

    pub(super) fn notify(
        &mut self,
        now: Instant,
        on: ConnId,
        object: Option<&ObjectId>,
        request: &Request<'_>,
    ) -> Result<(), CallError> {
        self.at(now);
        self.prepare(on)?.notify(object, request)?;
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
        let layers = self.config.layers.clone();
        if let Some(slot) = self.attempted(id) {
            slot.connected = true;
            let made = match (layer, &layers, &slot.target) {
                (None, Some(layers), Some(target)) => layers.connect(target),
                (layer, ..) => Ok(layer),
            };
            match made {
                Ok(Some(layer)) => slot.core.link().attach(now, layer),
                Ok(None) => {}
                Err(error) => slot.core.finish(CloseReason::Layer(error)),
            }
        }
        self.notice(id);
    }

    pub(super) fn failed(&mut self, now: Instant, id: ConnId, reason: String) {
        self.at(now);
        if let Some(slot) = self.attempted(id) {
            // The attempt is over, as if the connection had been there.
            slot.connected = true;
            slot.core.finish(CloseReason::Unreachable(reason));
            slot.connected = slot.core.retries();
        }
        self.notice(id);
    }

    /// A connection for which a socket was asked; not one whose attempt was given up meanwhile.
    fn attempted(&mut self, id: ConnId) -> Option<&mut Slot> {
        let is_asked_anew = self.wanted.iter().any(|(wanted, _)| *wanted == id);
        self.slot_mut(id).filter(|slot| !is_asked_anew && !slot.core.redials())
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
    pub(super) fn notice(&mut self, id: ConnId) {
        let index = id.index as usize;
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.generation == id.generation) else { return };
        if slot.connected && slot.core.is_steady() {
            if slot.core.has_events() {
                if let Role::Asks(_) = slot.role {
                    while let Some(event) = slot.core.poll_event() {
                        self.searches.heard.extend(slot.told(id, event).err());
                    }
                } else if !std::mem::replace(&mut slot.eventful, true) {
                    self.eventful.push_back(id);
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
        if !self.searches.heard.is_empty() {
            self.hear();
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
        // Also where the attempt's time was over before it came to a socket.
        if slot.core.retries() && !std::mem::replace(&mut slot.waits, true) {
            slot.connected = false;
            self.again.insert((self.now + back_off(slot.attempts), id));
            slot.attempts += 1;
        }
        if slot.core.searches() {
            slot.connected = false;
            self.search(id);
        }
        let Some(slot) = self.slots.get_mut(index) else { return };
        while let Some(event) = slot.core.poll_event() {
            match slot.told(id, event) {
                Ok(event) => self.events.extend(event),
                Err(heard) => self.searches.heard.push_back(heard),
            }
        }
        slot.core.begin_linger(self.now);
        self.keep_timer(id);
        let Some(slot) = self.slots.get_mut(index) else { return };
        let link = slot.core.link_ref();
        if slot.core.retries() || slot.core.searches() {
            return;
        }
        if link.is_closed() || (link.ignores_input() && !slot.connected) {
            let reason = link.reason().cloned().unwrap_or(CloseReason::Local);
            let gone = self.slots.remove(index);
            self.again.retain(|(_, again)| *again != id);
            self.forget_timer();
            self.events.push_back(ProxyEvent::Closed { connection: id, reason: reason.clone() });
            self.end_role(id, gone.role, reason);
        } else if slot.connected && link.wants_write() && !slot.writing && !std::mem::replace(&mut slot.announced, true)
        {
            self.announced.push_back(id);
        }
    }

    /// Keeps a timer for the connection's next deadline.
    fn keep_timer(&mut self, id: ConnId) {
        let Some(slot) = self.slots.get_mut(id.index as usize) else { return };
        match (slot.poll_timeout(), slot.timer) {
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
        if !self.touched.is_empty() && self.events.is_empty() && self.eventful.is_empty() {
            self.settle();
        }
        if !self.events.is_empty() {
            return self.events.pop_front();
        }
        loop {
            // Events stay with their connections until they are asked for: this saves a move.
            let id = *self.eventful.front()?;
            if let Some(slot) = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation) {
                while let Some(event) = slot.core.poll_event() {
                    match slot.told(id, event) {
                        Ok(Some(event)) => return Some(event),
                        Ok(None) => {}
                        Err(heard) => self.searches.heard.push_back(heard),
                    }
                }
                slot.eventful = false;
            }
            self.eventful.pop_front();
        }
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
            let Some(slot) = self.slot_mut(id) else { continue };
            slot.waits = false;
            if let Role::Named(named) = &mut slot.role {
                // What goes by the name may be elsewhere by now.
                named.begin_anew();
                slot.core.begin_search();
                self.notice(id);
            } else if let Some(target) = slot.target.clone() {
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
            || !self.eventful.is_empty()
            || !self.announced.is_empty()
            || !self.wanted.is_empty()
            || self.searches.has_datagrams()
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
