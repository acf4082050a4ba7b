//! Answers that come later, or from another thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Poll, Waker};

use serde::Serialize;

use super::SessionId;
use super::job::{Baton, Work};
use super::scope::Scope;
use super::spawn::Spawner;
use crate::connection::CallId;
use crate::entropy::Entropy;
use crate::fault::Fault;
use crate::limits::Config;
use crate::serializer::{SerializerId, Style};
use crate::value::{Payload, Value};
use crate::wire::{AnnotationKey, Dialect, OwnedAnnotations};

/// Stands for an answer that a [`Responder`] gives later.
#[derive(Debug)]
pub struct Deferred(pub(super) ());

/// Answers one call, from any thread, at any time.
///
/// Dropped without an answer, it answers with a fault: the caller never hangs.
#[derive(Debug)]
pub struct Responder {
    mailbox: Arc<Mailbox>,
    ticket: Ticket,
    serializer: SerializerId,
    dialect: Dialect,
    config: Arc<Config>,
    cancel: Arc<CancelFlag>,
    origin: Origin,
    annotations: OwnedAnnotations,
    answered: bool,
}

/// What was called: for the tracebacks of faults.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) object: Box<str>,
    pub(super) member: Box<str>,
}

impl Responder {
    pub(super) fn new(
        mailbox: Arc<Mailbox>,
        ticket: Ticket,
        (serializer, dialect): (SerializerId, Dialect),
        config: Arc<Config>,
        cancel: Arc<CancelFlag>,
        (origin, annotations): (Origin, OwnedAnnotations),
    ) -> Self {
        Self { mailbox, ticket, serializer, dialect, config, cancel, origin, annotations, answered: false }
    }

    /// Sends an annotation with the answer, beside those that the context had when this was made.
    pub fn annotate(&mut self, key: AnnotationKey, value: impl Into<bytes::Bytes>) {
        self.annotations.set(key, value);
    }

    /// Answers with a value; what cannot be serialized becomes a fault at the caller.
    pub fn reply(self, value: &(impl Serialize + ?Sized)) {
        let result = self.encode(value);
        self.finish(result);
    }

    /// Raises an exception at the caller.
    pub fn fail(self, fault: Fault) {
        self.forward(Err(fault));
    }

    /// Passes an answer on, undecoded. One in another serializer than the call's is a fault.
    pub fn forward(mut self, result: Result<Payload, Fault>) {
        let result = result.and_then(|payload| {
            if payload.serializer() == self.serializer {
                let style = Style::of(self.serializer, self.dialect, &self.config);
                payload.in_style(&style).map_err(Fault::unwritable)
            } else {
                let (got, wanted) = (payload.serializer(), self.serializer);
                Err(Fault::serialize_error(format_args!("the answer is in {got}, the call was in {wanted}")))
            }
        });
        self.send(result);
    }

    /// True when nobody waits for the answer any more: stop working on it.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_set()
    }

    /// Ready when nobody waits for the answer any more.
    pub fn poll_cancelled(&self, cx: &mut std::task::Context<'_>) -> Poll<()> {
        self.cancel.poll(cx)
    }

    pub(super) fn encode(&self, value: &(impl Serialize + ?Sized)) -> Result<Payload, Fault> {
        let style = Style::of(self.serializer, self.dialect, &self.config);
        Payload::encode_into(Vec::new(), &style, value).map_err(Fault::unwritable)
    }

    /// Answers with what is in the call's serializer and style.
    pub(super) fn finish(mut self, result: Result<Payload, Fault>) {
        self.send(result);
    }

    pub(super) fn serializer(&self) -> SerializerId {
        self.serializer
    }

    fn send(&mut self, result: Result<Payload, Fault>) {
        self.answered = true;
        let result = result.map_err(|fault| fault.located(&self.origin.object, &self.origin.member));
        self.cancel.done.store(true, Ordering::Release);
        self.mailbox.post(Mail::Answer {
            ticket: self.ticket,
            result,
            annotations: std::mem::take(&mut self.annotations),
        });
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if !self.answered {
            let fault = Fault::new("builtins.RuntimeError", "the method ended without an answer");
            self.send(Err(fault));
        }
    }
}

/// Which call of which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    pub(crate) session: SessionId,
    pub(crate) call: CallId,
}

/// Set when a call's session has ended.
#[derive(Debug, Default)]
pub(crate) struct CancelFlag {
    set: AtomicBool,
    /// The answer was given.
    done: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl CancelFlag {
    pub(crate) fn set(&self) {
        self.set.store(true, Ordering::Release);
        // Wakers are foreign code: none is called, or dropped, under the lock.
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    fn poll(&self, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        let former = if is_known { None } else { waker.replace(cx.waker().clone()) };
        drop(waker);
        drop(former);
        if self.is_set() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// What comes to a daemon from elsewhere.
#[derive(Debug)]
pub(crate) enum Mail {
    /// A deferred answer.
    Answer { ticket: Ticket, result: Result<Payload, Fault>, annotations: OwnedAnnotations },
    /// Whether a client is let in.
    Verdict { ticket: Ticket, verdict: Result<Value, String> },
    /// A job ended.
    Job(Box<Work>),
    /// The object that a call waits for is free.
    Retry(Ticket, Baton),
}

/// Where mail for one daemon collects.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    mail: Mutex<Vec<Mail>>,
    waiting: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// Jobs see it beside the mailbox, wherever they run.
    scope: OnceLock<Scope>,
    spawner: OnceLock<Spawner>,
    /// Ids for objects that methods make, wherever they run.
    ids: Mutex<Entropy>,
}

impl Mailbox {
    pub(super) fn new(ids: Entropy) -> Self {
        Self { ids: Mutex::new(ids), ..Self::default() }
    }

    pub(super) fn fresh_uuid(&self) -> [u8; 16] {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).uuid()
    }

    /// Adds mail, and wakes the loop unless it was woken already.
    pub(crate) fn post(&self, mail: Mail) {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        if !self.waiting.swap(true, Ordering::AcqRel) {
            let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    /// Swaps the waiting mail into `into`, which is empty.
    pub(crate) fn take(&self, into: &mut Vec<Mail>) {
        if self.waiting.swap(false, Ordering::AcqRel) {
            std::mem::swap(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner), into);
        }
    }

    pub(super) fn set_scope(&self, scope: Scope) {
        // It is set once, before calls run.
        let _ = self.scope.set(scope);
    }

    pub(super) fn scope(&self) -> Option<Scope> {
        self.scope.get().copied()
    }

    pub(super) fn set_spawner(&self, spawner: Spawner) {
        // It is set once, before calls run.
        let _ = self.spawner.set(spawner);
    }

    pub(super) fn spawner(&self) -> Option<&Spawner> {
        self.spawner.get()
    }

    pub(crate) fn set_waker(&self, waker: Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker);
    }
}
