//! What running a call has in common for both registries.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::context::{Call, Context, Leftover};
use super::guests::Changes;
use super::hooks::CallOutcome;
use super::object::{AnswerKind, Object, Outcome};
use super::requests::Resource;
use super::responder::{CancelFlag, Ticket};
use super::scope::Inside;
use super::stream::{Stream, StreamCall};
use super::streams::StreamId;
use super::{Batch, Daemon, Directory, Registry, SessionId, access, builtin};
use crate::connection::{Incoming, Parked};
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::{Member, Metadata};
use crate::value::{Args, CallHead, ObjectId, Payload};
use crate::wire::OwnedAnnotations;

/// An object as a registry keeps it.
pub struct Entry<O: ?Sized> {
    pub(super) metadata: Metadata,
    pub(super) type_name: &'static str,
    pub(super) object: O,
}

impl<O: ?Sized> Entry<O> {
    pub(super) fn new<W, T: Object<W>>(object: T, wrap: impl FnOnce(T) -> O) -> Self
    where
        O: Sized,
    {
        Self { metadata: object.metadata().clone(), type_name: access::short_type_name::<T>(), object: wrap(object) }
    }

    /// For a class whose instances are of type `T`.
    pub(super) fn class<T>(metadata: Metadata, object: O) -> Self
    where
        O: Sized,
    {
        Self { metadata, type_name: access::short_type_name::<T>(), object }
    }
}

/// How a call ended, ready to be sent.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// None when a responder answers.
    pub(super) answer: Option<Result<Payload, Fault>>,
    pub(super) annotations: OwnedAnnotations,
    pub(super) cancel: Option<Arc<CancelFlag>>,
    /// What is to be dropped when the session has ended.
    pub(super) resources: Vec<Resource>,
    pub(super) memory: Vec<u8>,
}

impl Ended {
    /// A call that never ran.
    pub(super) fn fault(fault: Fault) -> Self {
        Self { answer: Some(Err(fault)), ..Self::default() }
    }
}

/// Reads a call's head.
pub(super) fn head<'i>(incoming: &'i Incoming, config: &'i Config) -> Result<CallHead<'i>, Fault> {
    let mut head = incoming.head(config.limits.max_depth)?;
    head.args = head.args.with_classes(&config.classes);
    Ok(head)
}

/// Runs user code for a call that cannot answer with a stream.
pub(super) fn guarded_plain<W>(
    (world, changes): (&mut W, &mut Changes<W>),
    call: &Call<'_>,
    memory: Vec<u8>,
    invoke: impl FnOnce(&mut Context<'_, W>) -> Outcome<W>,
) -> Ended {
    let mut ended = Ended { memory, ..Ended::default() };
    let stream = guarded((world, changes), call, &mut ended, invoke);
    if stream.is_some() {
        let fault =
            Fault::new("Pyro5.errors.PyroError", "a stream cannot be the result of a call in a batch, or an item");
        ended.answer = Some(Err(locate(fault, call)));
    }
    ended
}

/// Runs user code for a call and collects how it ended, in the memory that is there. A panic becomes a fault. With a
/// stream, there is no answer yet.
pub(super) fn guarded<W>(
    (world, changes): (&mut W, &mut Changes<W>),
    call: &Call<'_>,
    ended: &mut Ended,
    invoke: impl FnOnce(&mut Context<'_, W>) -> Outcome<W>,
) -> Option<Stream<W>> {
    let mut cx = Context::new(world, changes, call, std::mem::take(&mut ended.memory));
    let inside = Inside::of(call);
    #[cfg(feature = "tracing")]
    let span = super::spans::enter(call);
    let outcome = catch_unwind(AssertUnwindSafe(|| invoke(&mut cx))).unwrap_or_else(|panic| Err(panicked(&*panic)));
    #[cfg(feature = "tracing")]
    span.end(outcome.as_ref().err());
    drop(inside);
    let Leftover { memory, response, cancel, resources } = cx.leftover();
    (ended.memory, ended.annotations, ended.cancel, ended.resources) = (memory, response, cancel, resources);
    let mut stream = None;
    ended.answer = match outcome {
        Ok(answer) => match answer.kind {
            AnswerKind::Stream(items) => {
                stream = Some(items);
                None
            }
            AnswerKind::Value(payload) => Some(Ok(payload)),
            AnswerKind::Deferred if ended.cancel.is_some() => None,
            AnswerKind::Deferred => Some(Err(Fault::new(
                "builtins.RuntimeError",
                "the method returned the deferred answer of another call",
            ))),
        },
        Err(fault) => Some(Err(locate(fault, call))),
    };
    stream
}

/// Finds the member, checks that it is exposed, and passes it on with its arguments.
pub(super) fn address<T>(
    metadata: &Metadata,
    type_name: &str,
    method: &str,
    mut args: Args<'_>,
    then: impl FnOnce(Member<'_>, Args<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut name = String::new();
    let member = access::member(method, &mut args, &mut name)?;
    access::check(metadata, type_name, &member)?;
    then(member, args.called(type_name, method))
}

/// Checks that a method of a batch is exposed: attributes are none.
pub(super) fn check_method(metadata: &Metadata, type_name: &str, method: &str) -> Result<(), Fault> {
    access::check(metadata, type_name, &Member::Method(method))
}

/// Runs a call of the daemon's own object.
pub(super) fn call_builtin<W>(
    directory: &impl Directory,
    config: &Config,
    cx: &Context<'_, W>,
    method: &str,
    args: Args<'_>,
) -> Outcome<W> {
    address(&builtin::METADATA, builtin::TYPE_NAME, method, args, |member, args| {
        builtin::call(directory, config, cx, member, args)
    })
}

impl<R: Registry> Daemon<R> {
    /// Goes on with a batch after one of its calls has run.
    pub(super) fn batch_stepped(&mut self, session: SessionId, batch: Box<Batch>, ended: Ended) {
        self.sessions.keep(ended.memory);
        self.sessions.track(session, ended.resources);
        match ended.answer {
            Some(result) => {
                self.end_call(Ticket { session, call: batch.incoming.id }, (&result).into());
                self.batch_answered(session, batch, result, &ended.annotations);
            }
            None if batch.incoming.is_oneway() => {
                // Nobody waits for the answer.
                if let Some(batch) = self.keep_batch_errand(session, batch, ended.cancel) {
                    self.go_on_with(session, batch);
                }
            }
            None => {
                let ticket = Ticket { session, call: batch.incoming.id };
                self.sessions.park(session, Parked::Batch(batch));
                self.sessions.defer(ticket, ended.cancel);
            }
        }
    }

    /// Goes on with a oneway batch, whatever becomes of its last call.
    pub(super) fn go_on_with(&mut self, session: SessionId, batch: Box<Batch>) {
        let nothing = Payload::from_bytes(batch.incoming.serializer, Vec::new());
        self.batch_answered(session, batch, Ok(nothing), &OwnedAnnotations::default());
    }

    /// Goes on with a batch when one of its calls was answered.
    pub(super) fn batch_answered(
        &mut self,
        session: SessionId,
        mut batch: Box<Batch>,
        result: Result<Payload, Fault>,
        annotations: &OwnedAnnotations,
    ) {
        if batch.record(result, annotations, self.sessions.config()) {
            self.sessions.resume_batch(session, batch);
        } else {
            self.end_batch(session, batch, None);
        }
    }

    /// Answers a batch: with the list of its results, or with the fault that makes all of it fail.
    pub(super) fn end_batch(&mut self, session: SessionId, batch: Box<Batch>, fault: Option<Fault>) {
        self.sessions.end_batch(session);
        let (incoming, results, annotations) = batch.finish(self.sessions.config());
        if let Some(fault) = &fault {
            self.end_call(Ticket { session, call: incoming.id }, CallOutcome::Fault(fault));
        }
        let answer = Some(fault.map_or(Ok(results), Err));
        self.send_end(session, incoming, Ended { annotations, answer, ..Ended::default() });
    }

    /// Answers a call with a stream; gives the id to keep its items under.
    pub(super) fn open_stream(
        &mut self,
        now: Instant,
        session: SessionId,
        incoming: Incoming,
        mut ended: Ended,
    ) -> Option<StreamId> {
        let config = Arc::clone(self.sessions.config());
        if incoming.is_oneway() || self.streams.len() >= config.limits.max_streams {
            ended.answer =
                Some(Err(Fault::new("Pyro5.errors.PyroError", "too many streams are open: close some first")));
            self.conclude(session, incoming, ended);
            return None;
        }
        let ticket = Ticket { session, call: incoming.id };
        self.end_call(ticket, CallOutcome::Stream);
        self.sessions.keep(incoming.recycle());
        self.sessions.keep(ended.memory);
        self.sessions.track(session, ended.resources);
        let id = config.streaming.then(|| uuid_text(self.sessions.entropy.uuid()));
        if !self.sessions.reply_stream(ticket, id.as_deref(), ended.annotations) {
            return None;
        }
        let id = id?;
        self.streams.opened(id.clone(), session, now, &config);
        self.sessions.watch_ends(true);
        Some(id)
    }

    /// Ids of streams that are over: their session ended, or their time.
    pub(super) fn ended_streams(&mut self, now: Instant, sessions: &[SessionId]) -> Vec<StreamId> {
        if self.streams.is_empty() {
            return Vec::new();
        }
        let config = Arc::clone(self.sessions.config());
        let mut over = self.streams.take_due(now);
        for session in sessions {
            over.extend(self.streams.session_ended(*session, now, &config));
        }
        over
    }

    /// Ends a call that was made by itself, or leaves it to its responder.
    pub(super) fn conclude(&mut self, session: SessionId, incoming: Incoming, ended: Ended) {
        if let Some(result) = &ended.answer {
            self.end_call(Ticket { session, call: incoming.id }, result.into());
        }
        self.send_end(session, incoming, ended);
    }

    /// Sends the end of a call, or of a batch.
    fn send_end(&mut self, session: SessionId, incoming: Incoming, ended: Ended) {
        let ticket = Ticket { session, call: incoming.id };
        let oneway = incoming.is_oneway();
        let is_errand = oneway && ended.answer.is_none() && ended.cancel.is_some();
        let ordered = is_errand && self.keeps_order(&incoming);
        self.sessions.keep(incoming.recycle());
        self.sessions.keep(ended.memory);
        self.sessions.track(session, ended.resources);
        match ended.answer {
            None if is_errand => {
                self.keep_errand(ticket, ended.cancel, (false, ordered));
            }
            _ if oneway => self.sessions.finished(session),
            Some(result) => {
                self.sessions.reply(ticket, result, &ended.annotations);
            }
            None => self.sessions.defer(ticket, ended.cancel),
        }
    }
}

/// The stream that a call is about.
pub(super) fn stream_id(head: CallHead<'_>) -> Result<StreamId, Fault> {
    let (id,): (String,) = head.args.bind(&["streamId"])?;
    Ok(id.into())
}

/// A UUID as Python's `str` gives it.
fn uuid_text(bytes: [u8; 16]) -> StreamId {
    firesteel_value::Uuid::from_bytes(bytes).to_string().into()
}

/// The call of a stream that a head is, and the stream's id.
pub(super) fn stream_call(head: &CallHead<'_>) -> Option<StreamCall> {
    is_builtin(&head.object).then(|| StreamCall::of(&head.method)).flatten()
}

pub(super) fn is_builtin(object: &str) -> bool {
    object == ObjectId::DAEMON
}

/// Adds where a fault came from, for its traceback.
fn locate(fault: Fault, call: &Call<'_>) -> Fault {
    let origin = call.origin();
    fault.located(&origin.object, &origin.member)
}

pub(super) fn panicked(panic: &(dyn Any + Send)) -> Fault {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Fault::new("builtins.RuntimeError", format_args!("the method panicked: {text}"))
}
