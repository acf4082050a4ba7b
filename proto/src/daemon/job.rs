//! Calls on their way through a thread of somebody's.

use std::sync::Arc;
use std::time::Instant;

use super::context::{Call, Context};
use super::gate::Waiter;
use super::object::Outcome;
use super::responder::{Mail, Mailbox, Report, Ticket};
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
pub struct Job(pub(super) Option<Work>);

pub(super) struct Work {
    pub(super) entry: Arc<Guarded>,
    pub(super) shared: bool,
    pub(super) route: Option<Route>,
    pub(super) task: Task,
    pub(super) peer: Arc<Peer>,
    pub(super) session: SessionId,
    pub(super) now: Instant,
    pub(super) config: Arc<Config>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) memory: Vec<u8>,
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
        let Some(mut work) = self.0.take() else { return Done(None) };
        let memory = std::mem::take(&mut work.memory);
        let decoded = work.task.next_call();
        let member = decoded.as_ref().map(|(method, _)| method.clone());
        let call = Call {
            now: work.now,
            session: work.session,
            peer: &work.peer,
            incoming: work.task.incoming(),
            member: member.as_deref(),
            config: &work.config,
            mailbox: &work.mailbox,
        };
        let (mut ended, stream) = run::guarded(&mut (), &call, memory, |cx| match decoded {
            None => work.invoke(cx),
            Some((method, args)) => {
                let args = args.called(work.entry.type_name, &method);
                work.enter(cx, Member::Method(&method), args)
            }
        });
        let stream = match stream.map(|stream| stream.0) {
            Some(Source::Send(items)) if member.is_none() && !matches!(work.route, Some(Route::Stream(_))) => {
                Some(items)
            }
            Some(_) => {
                let text = "a stream cannot be the result of a call in a batch, or an item, or leave its thread";
                ended.answer = Some(Err(Fault::new("Pyro5.errors.PyroError", text)));
                None
            }
            None => None,
        };
        work.finish(ended, stream)
    }
}

/// A call that has run on the thread that steps the daemon: see [`Job::run_here`].
pub struct Done(pub(super) Option<Finished>);

pub(super) struct Finished {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) report: Report,
    /// The object, and who may try it now.
    pub(super) entry: Arc<Guarded>,
    pub(super) next: Vec<Waiter>,
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(Finished { mailbox, report, entry, next }) = self.0.take() {
            Baton::give(&entry, next);
            mailbox.post(Mail::Job(Box::new(report)));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            let fault = Fault::new("builtins.RuntimeError", "the call was dropped before it ran");
            drop(work.finish(Ended::fault(fault), None));
        }
    }
}

impl Work {
    fn invoke(&self, cx: &mut Context<'_>) -> Outcome {
        let (entry, incoming) = (&*self.entry, self.task.incoming());
        match self.route {
            Some(Route::Method { place, args }) => {
                let name = entry.metadata.name(place);
                let max_depth = self.config.limits.max_depth;
                let args = Args::unread(incoming.header.dialect, incoming.payload(), args, max_depth);
                return self.enter(cx, Member::Method(name), args.called(entry.type_name, name));
            }
            Some(Route::Stream(_)) => {
                return self.enter(cx, Member::Method("get_next_stream_item"), Args::decoded(Vec::new(), Vec::new()));
            }
            None => {}
        }
        let head = run::head(incoming, &self.config)?;
        run::address(&entry.metadata, entry.type_name, &head.method, head.args, |member, args| {
            self.enter(cx, member, args)
        })
    }

    fn enter(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        self.entry.object.call(self.shared, cx, member, args)
    }

    fn finish(self, ended: Ended, stream: Option<Box<dyn Items + Send>>) -> Done {
        let next = self.entry.object.gate.leave(self.shared);
        let ticket = Ticket { session: self.session, call: self.task.incoming().id };
        let ended_stream = match self.route {
            Some(Route::Stream(id)) if matches!(ended.answer, Some(Err(_))) => Some(id),
            _ => None,
        };
        let report = Report { ticket, now: self.now, ended, stream, ended_stream, task: self.task };
        Done(Some(Finished { mailbox: self.mailbox, report, entry: self.entry, next }))
    }
}

/// The word that an object is free, on its way to one who waits for it. Lost on the way, because the
/// session ended, it goes to the next.
pub(crate) struct Baton(pub(super) Option<Arc<Guarded>>);

impl Baton {
    /// Tells those who wait.
    pub(super) fn give(entry: &Arc<Guarded>, to: Vec<Waiter>) {
        for (mailbox, session) in to {
            mailbox.post(Mail::Retry(session, Self(Some(Arc::clone(entry)))));
        }
    }

    /// The one who was told is here.
    pub(super) fn used(mut self) {
        self.0 = None;
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
