//! Methods that go on as futures.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use serde::Serialize;

use super::context::Context;
use super::object::Outcome;
use super::responder::{CancelFlag, Responder, Ticket};
use super::run::{self, panicked};
use super::scope::Inside;
use super::{Batch, Daemon, Registry, SessionId};
use crate::connection::Incoming;
use crate::fault::Fault;
use crate::value::Payload;

/// The rest of a method, to be run by an executor: see [`Daemon::set_spawner`].
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where tasks go.
pub(super) struct Spawner(Box<dyn Fn(Task) + Send + Sync>);

/// Oneway calls that have not ended: their futures, or what their responders were given to.
pub(super) type Errands = Vec<Errand>;

/// A oneway call whose answer is deferred: nobody waits for that, and still it goes on to its end.
pub(super) struct Errand {
    ticket: Ticket,
    cancel: Arc<CancelFlag>,
    /// What its session calls after it waits for its end.
    holds: bool,
    /// The rest of its batch waits for that, too.
    batch: Option<Box<Batch>>,
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spawner")
    }
}

impl<W> Context<'_, W> {
    /// Answers with what a future gives, on the executor of the daemon: `async` methods do it.
    ///
    /// A value that cannot be serialized and a panic become faults at the caller. The future is dropped when nobody
    /// waits for the answer any more: the session has ended, the caller has cancelled the call, or the grace of a
    /// shutdown is over. That of a oneway call runs to its end, until that grace is over.
    ///
    /// # Errors
    /// The daemon has no executor: see [`Daemon::set_spawner`].
    pub fn spawn<T: Serialize>(
        &mut self,
        future: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Outcome<W> {
        let mailbox = Arc::clone(self.mailbox());
        let Some(spawner) = mailbox.spawner() else {
            let text = "this daemon has no executor for async methods: serve the object with firesteel-tokio or \
                        firesteel-smol, or give the daemon one with `Daemon::set_spawner`";
            return Err(Fault::new("builtins.RuntimeError", text));
        };
        let oneway = self.is_oneway();
        let (correlation, scope) = (self.correlation_id(), mailbox.scope());
        let (responder, deferred) = self.defer();
        #[cfg(feature = "tracing")]
        let span = tracing::Span::current();
        spawner.0(Box::pin(async move {
            let mut future = pin!(Some(future));
            let ended = poll_fn(|cx| {
                let Some(future) = future.as_mut().as_pin_mut().filter(|_| !responder.is_cancelled()) else {
                    return Poll::Ready(None);
                };
                #[cfg(feature = "tracing")]
                let _entered = span.enter();
                let _inside = scope.map(|scope| Inside::enter(scope, correlation));
                match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
                    Ok(Poll::Ready(result)) => Poll::Ready(Some(result)),
                    Ok(Poll::Pending) => responder.poll_cancelled(cx).map(|()| None),
                    Err(panic) => Poll::Ready(Some(Err(panicked(&*panic)))),
                }
            });
            let ended = ended.await;
            let answer = catch_unwind(AssertUnwindSafe(|| {
                // What it holds is given back before the caller learns of its end.
                future.set(None);
                match ended {
                    None => Err(Fault::new("Pyro5.errors.PyroError", "the call was cancelled")),
                    Some(Ok(_)) if oneway => Ok(responder.nothing()),
                    Some(Ok(value)) => responder.encode(&value),
                    Some(Err(fault)) => Err(fault),
                }
            }));
            let answer = answer.unwrap_or_else(|panic| Err(panicked(&*panic)));
            #[cfg(feature = "tracing")]
            if let Err(fault) = &answer {
                span.record("fault", tracing::field::display(fault));
            }
            responder.finish(answer);
        }));
        Ok(deferred.into())
    }
}

impl<R: Registry> Daemon<R> {
    /// Gives an executor for [`Context::spawn`], and so for async methods: `spawn` is called on the thread that runs the
    /// method, and has the task polled until its end, on any thread. The adapters for async runtimes set theirs.
    ///
    /// A task that is dropped before its end is a fault at its caller. The first executor that is set holds.
    pub fn set_spawner(&mut self, spawn: impl Fn(Task) + Send + Sync + 'static) {
        self.mailbox.set_spawner(Spawner(Box::new(spawn)));
    }

    /// Keeps a oneway call until its answer: it is not cancelled meanwhile. `ordered`: what
    /// follows it waits for its end; a job has seen to that already if it `holds`.
    pub(super) fn keep_errand(
        &mut self,
        ticket: Ticket,
        cancel: Option<Arc<CancelFlag>>,
        (holds, ordered): (bool, bool),
    ) -> bool {
        let Some(cancel) = cancel else { return false };
        if cancel.is_done() {
            self.end_hold(ticket.session, holds);
            return true;
        }
        if ordered && !holds {
            self.sessions.hold(ticket.session);
        }
        self.errands.push(Errand { ticket, cancel, holds: holds || ordered, batch: None });
        self.sessions.finished(ticket.session);
        true
    }

    /// The same for a call of a oneway batch; gives the batch back to go on with, unless too many tasks run.
    pub(super) fn keep_batch_errand(
        &mut self,
        session: SessionId,
        batch: Box<Batch>,
        cancel: Option<Arc<CancelFlag>>,
    ) -> Option<Box<Batch>> {
        let ticket = Ticket { session, call: batch.incoming.id };
        let Some(cancel) = cancel.filter(|cancel| !cancel.is_done()) else { return Some(batch) };
        let (kept, back) = if self.is_crowded() { (Some(batch), None) } else { (None, Some(batch)) };
        self.errands.push(Errand { ticket, cancel, holds: false, batch: kept });
        back
    }

    /// True for a oneway call whose task holds up what its session calls after it.
    pub(super) fn keeps_order(&self, incoming: &Incoming) -> bool {
        let is_ordered = || {
            let head = run::head(incoming, self.sessions.config()).ok()?;
            Some(self.registry.metadata(&head.object)?.method(&head.method)?.ordered)
        };
        self.is_crowded() || is_ordered().unwrap_or(false)
    }

    /// True while so many tasks of oneway calls run that further ones wait for each other.
    pub(super) fn is_crowded(&self) -> bool {
        self.errands.len() + self.running >= self.sessions.config().limits.max_in_flight
    }

    /// Forgets a task of a oneway call that has ended.
    pub(super) fn end_errand(&mut self, ticket: Ticket) {
        let ended = |errand: &Errand| errand.ticket == ticket && errand.cancel.is_done();
        if let Some(at) = self.errands.iter().position(ended) {
            let errand = self.errands.swap_remove(at);
            match errand.batch {
                Some(batch) => self.go_on_with(ticket.session, batch),
                None => self.end_hold(ticket.session, errand.holds),
            }
        }
    }

    /// The grace of a shutdown is over.
    pub(super) fn cancel_errands(&mut self) {
        for errand in self.errands.drain(..) {
            errand.cancel.set();
        }
    }

    fn end_hold(&mut self, session: SessionId, holds: bool) {
        if holds {
            self.sessions.end_batch(session);
        }
        self.sessions.finished(session);
    }
}

impl Responder {
    fn nothing(&self) -> Payload {
        Payload::from_bytes(self.serializer(), bytes::Bytes::new())
    }
}
