//! Calls on their way through a thread of somebody's.

use std::sync::Arc;
use std::time::Instant;

use super::context::{Call, Context};
use super::gate::Waiter;
use super::guests::{self, Changes, SendChanges};
use super::object::Outcome;
use super::responder::{Mail, Mailbox};
use super::run::{self, Ended};
use super::seat::Guarded;
use super::stream::{Items, Source};
use super::streams::StreamId;
use super::{Batch, Peer, SessionId};
use crate::connection::{Incoming, Parked};
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::Member;
use crate::value::Args;

/// A call, ready to run on any thread.
///
/// [`run`](Self::run) sends the answer home and frees the object; dropped instead, the job is a
/// fault at its caller.
pub struct Job(pub(super) Option<Box<Work>>);

/// A call that has run on the thread that steps the daemon: see [`Job::run_here`].
pub struct Done(pub(super) Option<Box<Work>>);

/// A call on its way: made by its daemon, run somewhere, and taken in again. It stays where it is, and its memory
/// is used for another.
pub(crate) struct Work {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) config: Arc<Config>,
    pub(super) peer: Arc<Peer>,
    pub(super) session: SessionId,
    pub(super) now: Instant,
    /// The object, until it is free again and those in `next` were told.
    pub(super) entry: Option<Arc<Guarded>>,
    pub(super) shared: bool,
    /// What its session calls after it waits for its end, though nobody waits for its answer.
    pub(super) holds: bool,
    pub(super) route: Option<Route>,
    /// The request, or the batch that the call is one of.
    pub(super) task: Option<Task>,
    /// How it ended, and until then the memory for its answer.
    pub(super) ended: Ended,
    /// The answer is this stream.
    pub(super) stream: Option<Box<dyn Items + Send>>,
    /// What becomes of the daemon's objects.
    pub(super) changes: SendChanges,
    /// Who may try the object now.
    pub(super) next: Vec<Waiter>,
}

impl Job {
    /// Runs the call, and wakes the loop. A panic is caught, and is a fault at the caller.
    pub fn run(self) {
        drop(self.run_here());
    }

    /// Like [`run`](Self::run), on a thread that gives the result to [`Daemon::finish`](super::Daemon::finish) right afterwards:
    /// nobody has to be woken. Dropped instead, the result goes the other way.
    #[must_use = "give it to `Daemon::finish`"]
    pub fn run_here(mut self) -> Done {
        let mut work = self.0.take();
        if let Some(work) = &mut work {
            work.run();
        }
        Done(work)
    }
}

impl Job {
    /// Ends it before it has run.
    pub(super) fn refuse(mut self, fault: Fault) -> Done {
        let mut work = self.0.take();
        if let Some(work) = &mut work {
            work.ended = Ended::fault(fault);
            work.leave();
        }
        Done(work)
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(mut work) = self.0.take() {
            if let Some(entry) = work.entry.take() {
                Baton::give(&entry, std::mem::take(&mut work.next));
            }
            Arc::clone(&work.mailbox).post(Mail::Job(work));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(mut work) = self.0.take() {
            work.ended = Ended::fault(Fault::new("builtins.RuntimeError", "the call was dropped before it ran"));
            work.leave();
            drop(Done(Some(work)));
        }
    }
}

impl Work {
    /// Runs the call and frees the object.
    fn run(&mut self) {
        let decoded = self.task.as_mut().and_then(Task::next_call);
        if let (Some(entry), Some(task)) = (&self.entry, &self.task) {
            let member = decoded.as_ref().map(|(method, _)| method.clone());
            let (shared, config, route, incoming) = (self.shared, &*self.config, self.route.as_ref(), task.incoming());
            let call = Call {
                now: self.now,
                session: self.session,
                peer: &self.peer,
                incoming,
                member: member.as_deref(),
                config: &self.config,
                mailbox: &self.mailbox,
            };
            let mut changes = Changes::new();
            let ended = &mut self.ended;
            let stream = run::guarded((&mut (), &mut changes), &call, ended, |cx| match decoded {
                None => invoke(cx, (entry, shared), (incoming, route), config),
                Some((method, args)) => {
                    let args = args.called(entry.type_name, &method);
                    entry.object.call(shared, cx, Member::Method(&method), args)
                }
            });
            self.stream = match stream.map(|stream| stream.0) {
                None => None,
                Some(Source::Send(items)) if member.is_none() && !matches!(route, Some(Route::Stream(_))) => {
                    Some(items)
                }
                Some(_) => {
                    let text = "a stream cannot be the result of a call in a batch, or an item, or leave its thread";
                    ended.answer = Some(Err(Fault::new("Pyro5.errors.PyroError", text)));
                    None
                }
            };
            if !changes.is_empty() {
                let (changes, fault) = guests::sendable(changes);
                self.changes = changes;
                if let Some(fault) = fault {
                    self.stream = None;
                    ended.answer = Some(Err(fault));
                }
            }
        }
        self.leave();
    }

    /// The object is free.
    fn leave(&mut self) {
        if let Some(entry) = &self.entry {
            let next = entry.object.gate.leave();
            if !next.is_empty() {
                self.next = next;
            }
        }
    }
}

/// Calls the object that a call is for.
fn invoke(
    cx: &mut Context<'_>,
    (entry, shared): (&Guarded, bool),
    (incoming, route): (&Incoming, Option<&Route>),
    config: &Config,
) -> Outcome {
    match route {
        Some(Route::Method { place, args }) => {
            let name = entry.metadata.name(*place);
            let max_depth = config.limits.max_depth;
            let args = Args::unread(incoming.header.dialect, incoming.payload(), *args, max_depth)
                .with_classes(&config.classes);
            return entry.object.call(shared, cx, Member::Method(name), args.called(entry.type_name, name));
        }
        Some(Route::Stream(_)) => {
            let args = Args::decoded(Vec::new(), Vec::new());
            return entry.object.call(shared, cx, Member::Method("get_next_stream_item"), args);
        }
        None => {}
    }
    let head = run::head(incoming, config)?;
    run::address(&entry.metadata, entry.type_name, &head.method, head.args, |member, args| {
        entry.object.call(shared, cx, member, args)
    })
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("session", &self.session).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// The word that an object is free, on its way to one who waits for it. Lost on the way, because the
/// session ended, it goes to the next.
pub(crate) struct Baton(pub(super) Option<Arc<Guarded>>);

impl Baton {
    /// Tells those who wait.
    pub(super) fn give(entry: &Arc<Guarded>, to: Vec<Waiter>) {
        for (mailbox, ticket) in to {
            mailbox.post(Mail::Retry(ticket, Self(Some(Arc::clone(entry)))));
        }
    }

    /// The one who was told enters the object; false where it has come for another.
    pub(super) fn redeem(mut self, entry: &Arc<Guarded>, shared: bool) -> bool {
        let free = self.0.take_if(|free| Arc::ptr_eq(free, entry));
        if let Some(free) = &free {
            free.object.gate.enter_told(shared);
        }
        free.is_some()
    }
}

impl Drop for Baton {
    fn drop(&mut self) {
        if let Some(entry) = self.0.take() {
            Self::give(&entry, entry.object.gate.pass());
        }
    }
}

impl std::fmt::Debug for Baton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Baton")
    }
}

/// What a job runs.
#[derive(Debug)]
pub(crate) enum Task {
    Call(Incoming),
    /// The next call of a batch.
    Batch(Box<Batch>),
}

impl Task {
    pub(super) fn incoming(&self) -> &Incoming {
        match self {
            Self::Call(incoming) => incoming,
            Self::Batch(batch) => &batch.incoming,
        }
    }

    /// The method of a batch that is called next.
    pub(super) fn next_method(&self) -> Option<&str> {
        match self {
            Self::Call(_) => None,
            Self::Batch(batch) => batch.next_method(),
        }
    }

    /// Takes the next call of a batch.
    pub(super) fn next_call(&mut self) -> Option<(String, Args<'static>)> {
        match self {
            Self::Call(_) => None,
            Self::Batch(batch) => Some(batch.next_call()?.split()),
        }
    }
}

impl From<Task> for Parked {
    fn from(task: Task) -> Self {
        match task {
            Task::Call(incoming) => Self::Call(Box::new(incoming)),
            Task::Batch(batch) => Self::Batch(batch),
        }
    }
}

/// What was learnt when the call's head was read, so that it is not read again.
pub(super) enum Route {
    /// The place of an exposed method in the metadata, and where the arguments begin.
    Method { place: usize, args: usize },
    /// The next item of a stream.
    Stream(StreamId),
}
