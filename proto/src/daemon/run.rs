//! What running a call has in common for both registries.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use firesteel_value::Value;

use super::context::{Call, Context, Leftover};
use super::object::{AnswerKind, Object, Outcome};
use super::responder::{CancelFlag, Ticket};
use super::{Daemon, Directory, Registry, SessionId, access, builtin};
use crate::connection::Incoming;
use crate::fault::Fault;
use crate::limits::Config;
use crate::metadata::{Member, Metadata};
use crate::serializer::read_from;
use crate::value::{Args, CallHead, ObjectId, Payload};
use crate::wire::{Flags, OwnedAnnotations};

/// An object as a registry keeps it.
pub(super) struct Entry<O: ?Sized> {
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
}

/// How a call ended, ready to be sent.
#[derive(Debug)]
pub(super) struct Ended {
    /// None when a responder answers.
    pub(super) answer: Option<Result<Payload, Fault>>,
    pub(super) annotations: OwnedAnnotations,
    pub(super) cancel: Option<Arc<CancelFlag>>,
    pub(super) memory: Vec<u8>,
}

/// Reads a call's head.
pub(super) fn head<'i>(incoming: &'i Incoming, config: &Config) -> Result<CallHead<'i>, Fault> {
    if incoming.header.flags.contains(Flags::BATCH) {
        return Err(Fault::new(
            "builtins.NotImplementedError",
            "this daemon takes no batches: make the calls one by one",
        ));
    }
    Ok(incoming.head(config.limits.max_depth)?)
}

/// Runs user code for a call and collects how it ended. A panic becomes a fault.
pub(super) fn guarded<W>(
    world: &mut W,
    call: &Call<'_>,
    memory: Vec<u8>,
    invoke: impl FnOnce(&mut Context<'_, W>) -> Outcome<W>,
) -> Ended {
    let mut cx = Context::new(world, call, memory);
    let outcome = catch_unwind(AssertUnwindSafe(|| invoke(&mut cx))).unwrap_or_else(|panic| Err(panicked(&*panic)));
    let Leftover { memory, response, cancel } = cx.leftover();
    let answer = match outcome {
        Ok(answer) => match answer.kind {
            AnswerKind::Value(payload) => Some(Ok(payload)),
            AnswerKind::Deferred if cancel.is_some() => None,
            AnswerKind::Deferred => Some(Err(Fault::new(
                "builtins.RuntimeError",
                "the method returned the deferred answer of another call",
            ))),
        },
        Err(fault) => Some(Err(locate(fault, call))),
    };
    Ended { answer, annotations: response, cancel, memory }
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

/// Runs a call of the daemon's own object.
pub(super) fn call_builtin<W>(
    directory: &impl Directory,
    config: &Config,
    cx: &Context<'_, W>,
    head: CallHead<'_>,
) -> Outcome<W> {
    address(&builtin::METADATA, builtin::TYPE_NAME, &head.method, head.args, |member, args| {
        builtin::call(directory, config, cx, member, args)
    })
}

impl<R: Registry> Daemon<R> {
    /// Answers a CONNECT: lets the client in if the object exists.
    pub(super) fn admit(&mut self, session: SessionId, incoming: Incoming) {
        let verdict = self.judge(&incoming);
        let Some(slot) = self.sessions.slot_mut(session) else { return };
        match verdict {
            Ok(metadata) => {
                let answer = self.sessions.config().handshake.clone();
                if let Some(slot) = self.sessions.slot_mut(session) {
                    slot.core.accept(incoming.id, &answer, &metadata);
                }
            }
            Err(reason) => {
                slot.core.reject(incoming.id, &reason);
            }
        }
        self.sessions.keep(incoming.recycle());
        self.sessions.finished(session);
    }

    /// The metadata of the object that a CONNECT names, or why not, in Python's words.
    fn judge(&self, incoming: &Incoming) -> Result<Metadata, String> {
        let content: Value = read_from(incoming.header.dialect, incoming.serializer, incoming.payload())
            .map_err(|error| error.to_string())?;
        content.get("handshake").ok_or("'handshake'")?;
        if !incoming.wants_metadata() {
            return Ok(Metadata::default());
        }
        let object = content.get("object").ok_or("'object'")?;
        let object = object.as_str().ok_or("the object of a handshake must be a text")?;
        self.registry.metadata(object).ok_or_else(|| "unknown object".to_owned())
    }

    /// Sends a call's end.
    pub(super) fn conclude(&mut self, session: SessionId, incoming: Incoming, ended: Ended) {
        let ticket = Ticket { session, call: incoming.id };
        let oneway = incoming.is_oneway();
        self.sessions.keep(incoming.recycle());
        self.sessions.keep(ended.memory);
        match ended.answer {
            _ if oneway => self.sessions.finished(session),
            Some(result) => {
                self.sessions.reply(ticket, result, &ended.annotations);
            }
            None => self.sessions.defer(ticket, ended.cancel),
        }
    }
}

pub(super) fn is_builtin(object: &str) -> bool {
    object == ObjectId::DAEMON
}

/// Adds where a fault came from, for its traceback.
fn locate(fault: Fault, call: &Call<'_>) -> Fault {
    let origin = call.origin();
    fault.located(&origin.object, &origin.member)
}

fn panicked(panic: &(dyn Any + Send)) -> Fault {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Fault::new("builtins.RuntimeError", format_args!("the method panicked: {text}"))
}
