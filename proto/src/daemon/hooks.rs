//! What is told of calls: for logs, for metrics, for who may call what.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::responder::Ticket;
use super::{Daemon, Peer, Registry, SessionId, access, run};
use crate::connection::Incoming;
use crate::fault::Fault;
use crate::metadata::Member;
use crate::wire::{Annotations, Dialect};

/// Sees every call of a daemon that can be read, those of the daemon's own object and of objects that are not there
/// included; each call of a batch by itself. See [`Daemon::set_hooks`].
pub trait Hooks: Send {
    /// A call is about to run.
    ///
    /// # Errors
    /// The call does not run, and the fault is raised at its caller. Neither [`failed`](Self::failed) nor
    /// [`after`](Self::after) is told of it.
    fn before(&mut self, _call: &CallInfo<'_>, _annotations: Annotations<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// A call has ended with an exception, as Pyro's `methodcall_error_handler` is told; `after` follows.
    fn failed(&mut self, _call: &CallInfo<'_>, _fault: &Fault) {}

    /// A call has ended, at `now` as the loop knows it: when its answer was there, which may be long after the method
    /// returned, or after the client has gone. Told once for each call that `before` let run.
    fn after(&mut self, _call: &CallInfo<'_>, _now: Instant, _outcome: CallOutcome<'_>) {}
}

/// A call, for [`Hooks`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CallInfo<'a> {
    /// The session that it came on.
    pub session: SessionId,
    /// Who is at the other end.
    pub peer: &'a Peer,
    /// The object's id.
    pub object: &'a str,
    /// The method or attribute.
    pub member: Member<'a>,
    /// As [`Context::correlation_id`](super::Context::correlation_id).
    pub correlation_id: [u8; 16],
    /// The protocol that the caller speaks.
    pub dialect: Dialect,
    /// Nobody waits for an answer.
    pub oneway: bool,
    /// It is one of a batch.
    pub batch: bool,
    /// The loop's time when it began.
    pub started: Instant,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum CallOutcome<'a> {
    /// With a value, or with nothing to tell where it was oneway.
    Value,
    /// With a stream.
    Stream,
    /// With an exception.
    Fault(&'a Fault),
}

impl<'a, T> From<&'a Result<T, Fault>> for CallOutcome<'a> {
    fn from(result: &'a Result<T, Fault>) -> Self {
        result.as_ref().err().map_or(Self::Value, Self::Fault)
    }
}

/// Hooks, and the calls that they have let run.
pub(super) struct Watch {
    hooks: Box<dyn Hooks>,
    open: BTreeMap<Ticket, Open>,
}

/// A call that runs, or is answered later.
struct Open {
    peer: Arc<Peer>,
    object: String,
    method: String,
    /// Of an attribute.
    name: String,
    correlation_id: [u8; 16],
    dialect: Dialect,
    oneway: bool,
    batch: bool,
    started: Instant,
}

impl Open {
    fn info(&self, session: SessionId) -> CallInfo<'_> {
        let member = match self.method.as_str() {
            "__getattr__" => Member::Get(&self.name),
            "__setattr__" => Member::Set(&self.name),
            method => Member::Method(method),
        };
        CallInfo {
            session,
            peer: &self.peer,
            object: &self.object,
            member,
            correlation_id: self.correlation_id,
            dialect: self.dialect,
            oneway: self.oneway,
            batch: self.batch,
            started: self.started,
        }
    }
}

impl Watch {
    fn after(&mut self, session: SessionId, call: &Open, now: Instant, outcome: CallOutcome<'_>) {
        let info = call.info(session);
        // What a hook does wrong is not the call's affair.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            if let CallOutcome::Fault(fault) = outcome {
                self.hooks.failed(&info, fault);
            }
            self.hooks.after(&info, now, outcome);
        }));
    }
}

impl<R: Registry> Daemon<R> {
    /// Has hooks told of every call. They run in `dispatch` or `next_job`, on the thread that steps the daemon, before
    /// a call is given to another one. A `before` that panics refuses its call.
    ///
    /// ```
    /// use firesteel_proto::wire::Annotations;
    /// use firesteel_proto::{CallInfo, Fault, Hooks};
    ///
    /// struct OnlyLocals;
    ///
    /// impl Hooks for OnlyLocals {
    ///     fn before(&mut self, call: &CallInfo<'_>, _: Annotations<'_>) -> Result<(), Fault> {
    ///         match call.peer.local || call.member.name() != "shutdown" {
    ///             true => Ok(()),
    ///             false => Err(Fault::new("builtins.PermissionError", "only from this machine")),
    ///         }
    ///     }
    /// }
    /// # use firesteel_proto::{Config, Daemon, Local};
    /// # #[expect(clippy::disallowed_methods)]
    /// # let mut daemon: Daemon<Local> = Daemon::new(std::time::Instant::now(), Config::default());
    /// daemon.set_hooks(OnlyLocals);
    /// ```
    pub fn set_hooks(&mut self, hooks: impl Hooks + 'static) {
        self.watch = Some(Box::new(Watch { hooks: Box::new(hooks), open: BTreeMap::new() }));
    }

    /// A call is about to run; `method` is that of a batch.
    #[inline]
    pub(super) fn begin_call(
        &mut self,
        now: Instant,
        session: SessionId,
        incoming: &Incoming,
        method: Option<&str>,
    ) -> Result<(), Fault> {
        if self.watch.is_none() { Ok(()) } else { self.tell_before(now, session, incoming, method) }
    }

    #[cold]
    fn tell_before(
        &mut self,
        now: Instant,
        session: SessionId,
        incoming: &Incoming,
        batched: Option<&str>,
    ) -> Result<(), Fault> {
        let (Some(watch), Some(slot)) = (&mut self.watch, self.sessions.slot(session)) else { return Ok(()) };
        let Ok(head) = run::head(incoming, self.sessions.config()) else { return Ok(()) };
        let (mut args, mut name) = (head.args, String::new());
        let method = batched.map_or_else(|| head.method.to_string(), str::to_owned);
        if batched.is_none() {
            // One that names no attribute fails where it runs.
            let _ = access::member(&method, &mut args, &mut name);
        }
        let call = Open {
            peer: Arc::clone(&slot.peer),
            object: head.object.into_owned(),
            method,
            name,
            correlation_id: incoming.header.correlation,
            dialect: incoming.header.dialect,
            oneway: incoming.is_oneway(),
            batch: batched.is_some(),
            started: now,
        };
        let info = call.info(session);
        catch_unwind(AssertUnwindSafe(|| watch.hooks.before(&info, incoming.annotations())))
            .unwrap_or_else(|_| Err(Fault::new("builtins.RuntimeError", "a hook of the server panicked")))?;
        if let Some(former) = watch.open.insert(Ticket { session, call: incoming.id }, call) {
            // In a oneway batch, nobody waits for an answer that comes later.
            watch.after(session, &former, now, CallOutcome::Value);
        }
        Ok(())
    }

    /// A call has ended: counts it, and tells the hooks.
    #[inline]
    pub(super) fn end_call(&mut self, ticket: Ticket, outcome: CallOutcome<'_>) {
        let tally = &mut self.sessions.common.tally;
        tally.calls += 1;
        tally.errors += u64::from(matches!(outcome, CallOutcome::Fault(_)));
        if let Some(watch) = &mut self.watch
            && let Some(call) = watch.open.remove(&ticket)
        {
            watch.after(ticket.session, &call, self.sessions.now(), outcome);
        }
    }
}
