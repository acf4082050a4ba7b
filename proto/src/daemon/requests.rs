//! What sessions ask for, and how it is answered: the part of `Sessions` that knows of requests.

use std::any::Any;
use std::sync::Arc;

use super::job::Baton;
use super::notices::Left;
use super::responder::{CancelFlag, Ticket};
use super::sessions::Sessions;
use super::slot::{Common, Slot};
use super::{Batch, SessionId};
use crate::connection::{CallId, Head, Incoming, Parked};
use crate::error::CloseReason;
use crate::fault::Fault;
use crate::value::Payload;
use crate::wire::OwnedAnnotations;

/// What a session has to be done.
pub(super) enum Next {
    Connect(Incoming),
    Call(Incoming),
    /// A batch that has calls left, or none at all.
    Batch(Box<Batch>),
    /// A request that cannot be run, and why.
    Refused(Incoming, Box<Fault>),
}

impl Sessions {
    /// Takes the next request that can start, or the next call of a batch, sessions in turn.
    pub(super) fn next_request(&mut self) -> Option<(SessionId, Next)> {
        while let Some(id) = self.common.ready.pop_front() {
            let Some((slot, common)) = self.split(id) else { continue };
            slot.marks.ready = false;
            if slot.peer.identity.is_none()
                && let Some(identity) = slot.core.link_ref().identity()
            {
                Arc::make_mut(&mut slot.peer).identity = Some(identity);
            }
            let next = slot.next(common);
            slot.count(common);
            slot.queue(id, common);
            match next {
                Some(next) => return Some((id, next)),
                None => self.notice(id),
            }
        }
        None
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.common.ready.is_empty()
    }

    /// Keeps a request until its object is free.
    pub(super) fn park(&mut self, id: SessionId, parked: Parked) {
        if let Some((slot, common)) = self.split(id) {
            match parked {
                Parked::Call(incoming) if slot.core.is_aside(incoming.id) => slot.asides.park(incoming),
                parked => slot.core.park(parked),
            }
            slot.count(common);
        }
    }

    /// Keeps a batch whose next call is to run when the session's turn comes.
    pub(super) fn resume_batch(&mut self, id: SessionId, batch: Box<Batch>) {
        self.park(id, Parked::Batch(batch));
        if let Some((slot, common)) = self.split(id) {
            slot.marks.resumed = true;
            slot.queue(id, common);
        }
    }

    /// Takes the batch that a deferred answer is for.
    pub(super) fn take_batch(&mut self, ticket: Ticket) -> Option<Box<Batch>> {
        let (slot, common) = self.split(ticket.session)?;
        // Without a deferred answer, it waits for something else.
        if !slot.core.is_holding() || slot.cancel.is_none() {
            return None;
        }
        match slot.core.unpark() {
            Some(Parked::Batch(batch)) if batch.incoming.id == ticket.call => {
                slot.count(common);
                slot.cancel = None;
                Some(batch)
            }
            Some(other) => {
                slot.core.park(other);
                None
            }
            None => None,
        }
    }

    /// True while a call of this batch runs.
    pub(super) fn runs_batch(&self, ticket: Ticket) -> bool {
        self.slot(ticket.session)
            .is_some_and(|slot| slot.core.is_holding() && !slot.core.is_parked() && slot.core.is_current(ticket.call))
    }

    /// What follows a oneway call waits for its end.
    pub(super) fn hold(&mut self, id: SessionId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.core.set_holding(true);
        }
    }

    /// A batch, or a oneway call whose end was waited for, has come to its end.
    pub(super) fn end_batch(&mut self, id: SessionId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.core.set_holding(false);
        }
    }

    /// The object that a parked request waits for is free.
    pub(super) fn retry(&mut self, ticket: Ticket, baton: Baton) {
        let Some((slot, common)) = self.split(ticket.session) else { return };
        if let Some(baton) = slot.asides.wake(ticket.call, baton)
            && slot.core.parks(ticket.call)
        {
            slot.asides.keep_baton(baton);
            slot.marks.resumed = true;
        }
        slot.queue(ticket.session, common);
    }

    /// Takes what a session got with the word that its object is free.
    pub(super) fn take_baton(&mut self, id: SessionId) -> Option<Baton> {
        self.slot_mut(id)?.asides.take_baton()
    }

    /// A call's answer comes later.
    pub(super) fn defer(&mut self, ticket: Ticket, cancel: Option<Arc<CancelFlag>>) {
        let Some(cancel) = cancel else { return };
        match self.slot_mut(ticket.session) {
            Some(slot) if slot.core.awaits(ticket.call) && !slot.core.link_ref().is_half_closed() => {
                if slot.core.is_aside(ticket.call) {
                    slot.asides.defer(ticket.call, cancel);
                } else {
                    slot.cancel = Some(cancel);
                }
            }
            Some(slot) => {
                cancel.set();
                if slot.core.is_aside(ticket.call) {
                    slot.core.forget_aside(ticket.call);
                } else if slot.core.awaits(ticket.call) {
                    slot.core.give_up();
                } else {
                    // It was oneway: what came right behind it is still to be seen.
                    slot.core.advance();
                }
                self.notice(ticket.session);
            }
            None => cancel.set(),
        }
    }

    /// Tells a caller that the answer is a stream: its id, or none where streams are switched off. False when it
    /// is not waited for.
    pub(super) fn reply_stream(&mut self, ticket: Ticket, stream: Option<&str>, annotations: OwnedAnnotations) -> bool {
        let Some((slot, common)) = self.split(ticket.session) else { return false };
        slot.core.link().borrow_memory(&mut common.pool);
        slot.is_answered(ticket.call);
        let answered = slot.core.reply_stream(ticket.call, stream, annotations);
        if answered {
            self.answered(ticket.session);
        }
        answered
    }

    /// Whether the ends of sessions are kept for whoever asks.
    pub(super) fn watch_ends(&mut self, watch: bool) {
        self.common.watches_ends = watch;
    }

    pub(super) fn watches_ends(&self) -> bool {
        self.common.watches_ends
    }

    /// The sessions that have ended since this was asked last.
    pub(super) fn take_ended(&mut self) -> Vec<SessionId> {
        std::mem::take(&mut self.common.ended)
    }

    /// Takes the ends that are to be told.
    pub(super) fn take_left(&mut self) -> Vec<Left> {
        std::mem::take(&mut self.common.left)
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
        slot.is_answered(ticket.call);
        let (answered, memory) = slot.core.reply(ticket.call, result, annotations);
        if answered {
            self.answered(ticket.session);
        }
        if let Some(memory) = memory {
            self.keep(memory);
        }
        answered
    }

    /// A request of this session has come to its end.
    pub(super) fn finished(&mut self, id: SessionId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.core.advance();
            self.answered(id);
        }
    }

    /// Sees what an answer has made possible.
    fn answered(&mut self, id: SessionId) {
        if let Some((slot, common)) = self.split(id) {
            if common.shutdown.is_some() && !slot.core.is_busy() {
                slot.core.link().close(CloseReason::Local);
                slot.core.advance();
            }
            slot.count(common);
            if !(slot.core.is_steady() && slot.timer.is_none() && slot.notice(id, common)) {
                self.notice(id);
            }
        }
    }

    /// Keeps what was allocated for a client until its session has ended; nothing is kept for one that has.
    pub(super) fn track(&mut self, id: SessionId, resources: Vec<Resource>) {
        if resources.is_empty() {
            return;
        }
        match self.split(id) {
            Some((slot, common)) => {
                common.watches_ends = true;
                common.owners += usize::from(slot.resources.is_none());
                slot.resources.get_or_insert_default().0.extend(resources);
            }
            None => self.common.orphans.extend(resources),
        }
    }

    pub(super) fn has_resources(&self) -> bool {
        self.common.owners > 0
    }

    /// Takes the resources of sessions that have ended.
    pub(super) fn take_orphans(&mut self) -> Vec<Resource> {
        std::mem::take(&mut self.common.orphans)
    }
}

impl Slot {
    /// Takes the next request that can start.
    fn next(&mut self, common: &mut Common) -> Option<Next> {
        if std::mem::take(&mut self.marks.resumed) {
            match self.core.unpark() {
                Some(Parked::Call(incoming)) => return Some(Next::in_time(*incoming, common)),
                Some(Parked::Batch(batch)) => return Some(Next::Batch(batch)),
                None => {}
            }
        }
        if let Some((incoming, baton)) = self.asides.take_woken() {
            let next = Next::in_time(*incoming, common);
            // Who does not come any more leaves the object to the next.
            if matches!(next, Next::Call(_)) {
                self.asides.keep_baton(baton);
            }
            return Some(next);
        }
        if !self.may_start(common) {
            return None;
        }
        let head = self.core.head();
        let room = self.asides.held() < common.config.limits.max_waiting_bytes;
        let mut incoming = self.core.take(room, || common.pool.pop().unwrap_or_default())?;
        if head == Head::Connect {
            return Some(Next::Connect(incoming));
        }
        if let Some(extensions) = self.core.extensions_of(&incoming) {
            if let Some(call) = extensions.cancel.and_then(|sequence| self.core.aside_of(sequence)) {
                self.cancel_call(call);
            }
            incoming.deadline = extensions.deadline.and_then(|left| common.now.checked_add(left));
        }
        if incoming.is_batch() {
            return Some(match Batch::read(incoming, &common.config) {
                Ok(batch) => {
                    self.core.set_holding(true);
                    Next::Batch(Box::new(batch))
                }
                Err(refused) => Next::Refused(refused.0, Box::new(refused.1)),
            });
        }
        Some(Next::in_time(incoming, common))
    }

    /// The caller does not wait for this call any more.
    fn cancel_call(&mut self, call: CallId) {
        // What has not begun is answered, so that its number is free again; nobody reads that.
        if let Some(incoming) = self.asides.cancel(call) {
            let fault = Fault::new("Pyro5.errors.PyroError", "the call was cancelled by its caller");
            self.core.reply(incoming.id, Err(fault), &OwnedAnnotations::default());
        }
    }

    /// Forgets what was kept for a call until its answer.
    fn is_answered(&mut self, call: CallId) {
        if self.core.is_aside(call) {
            self.asides.forget(call);
        } else if self.core.awaits(call) {
            self.cancel = None;
        }
    }
}

impl Next {
    /// A call, unless nobody waits for it any more.
    fn in_time(incoming: Incoming, common: &Common) -> Self {
        match incoming.deadline {
            Some(deadline) if deadline <= common.now => {
                let fault = Fault::new("builtins.TimeoutError", "the call came too late: its caller had given up");
                Self::Refused(incoming, Box::new(fault))
            }
            _ => Self::Call(incoming),
        }
    }
}

/// What a session has of them: few have any.
#[derive(Default)]
pub(super) struct Resources(pub(super) Vec<Resource>);

/// Something whose drop gives it back.
pub(crate) type Resource = Box<dyn Any + Send>;
