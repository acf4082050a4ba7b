//! What a method knows of the call that it runs for.

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::guests::Changes;
use super::object::Outcome;
use super::requests::Resource;
use super::responder::{CancelFlag, Deferred, Mailbox, Origin, Responder, Ticket};
use super::{Peer, SessionId};
use crate::connection::Incoming;
use crate::fault::Fault;
use crate::limits::Config;
use crate::object_ref::ObjectRef;
use crate::serializer::{SerializerId, Style};
use crate::uri::{Location, Uri};
use crate::value::{ObjectId, Payload};
use crate::wire::{AnnotationKey, Annotations, Dialect, Flags, OwnedAnnotations};

/// The call that a method runs for, and the world that it runs in.
pub struct Context<'a, W = ()> {
    /// Given to `dispatch` by the loop.
    pub world: &'a mut W,
    call: &'a Call<'a>,
    /// Memory for the answer, used again.
    memory: Cell<Vec<u8>>,
    response: OwnedAnnotations,
    cancel: Option<Arc<CancelFlag>>,
    resources: Vec<Resource>,
    /// What becomes of the daemon's objects after the call.
    pub(super) changes: &'a mut Changes<W>,
}

/// Everything about a call that does not depend on the world.
pub(crate) struct Call<'a> {
    pub(crate) now: Instant,
    pub(crate) session: SessionId,
    pub(crate) peer: &'a Arc<Peer>,
    pub(crate) incoming: &'a Incoming,
    /// The method, where the request is a batch.
    pub(crate) member: Option<&'a str>,
    pub(crate) config: &'a Arc<Config>,
    pub(crate) mailbox: &'a Arc<Mailbox>,
}

impl Call<'_> {
    /// The object and the member that it names.
    pub(super) fn origin(&self) -> Origin {
        let head = self.incoming.head(self.config.limits.max_depth);
        let (object, member) = head.map_or(("?".into(), "?".into()), |head| (head.object, head.method));
        let member = self.member.map_or(member, Into::into);
        Origin { object: object.into(), member: member.into() }
    }
}

/// What is left of a context after the call.
pub(crate) struct Leftover {
    pub(crate) memory: Vec<u8>,
    pub(crate) response: OwnedAnnotations,
    pub(crate) cancel: Option<Arc<CancelFlag>>,
    pub(crate) resources: Vec<Resource>,
}

impl<'a, W> Context<'a, W> {
    pub(super) fn new(world: &'a mut W, changes: &'a mut Changes<W>, call: &'a Call<'a>, memory: Vec<u8>) -> Self {
        let (response, resources) = (OwnedAnnotations::default(), Vec::new());
        Self { world, call, memory: Cell::new(memory), response, cancel: None, resources, changes }
    }

    pub(crate) fn leftover(self) -> Leftover {
        let Self { memory, response, cancel, resources, .. } = self;
        Leftover { memory: memory.into_inner(), response, cancel, resources }
    }

    /// The loop's time when the call started.
    pub fn now(&self) -> Instant {
        self.call.now
    }

    /// The object that is called, by its id.
    pub fn object_id(&self) -> ObjectId {
        self.call.origin().object.into()
    }

    pub(super) fn mailbox(&self) -> &'a Arc<Mailbox> {
        self.call.mailbox
    }

    /// An id for an object that nobody has used.
    pub(super) fn fresh_id(&self) -> ObjectId {
        ObjectId::generate(self.call.mailbox.fresh_uuid())
    }

    /// Where the daemon can be reached, if it is known.
    pub(super) fn location(&self) -> Option<&Location> {
        self.call.config.location.as_ref()
    }

    /// The session that the call came on.
    pub fn session(&self) -> SessionId {
        self.call.session
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        self.call.peer
    }

    /// The annotations of the request.
    pub fn annotations(&self) -> Annotations<'_> {
        self.call.incoming.annotations()
    }

    /// Sends an annotation with the answer. Once the call is [deferred](Self::defer), the responder does that.
    pub fn annotate(&mut self, key: AnnotationKey, value: impl Into<bytes::Bytes>) {
        self.response.set(key, value);
    }

    /// The call's correlation id: the client's, or where it sent none, one that was made for this call, as in Pyro. The
    /// answer carries it, and so do calls with [`Request::within`](crate::Request::within).
    pub fn correlation_id(&self) -> [u8; 16] {
        self.call.incoming.header.correlation
    }

    /// When the caller gives up waiting, if it told: firesteel's clients do when a call has a deadline.
    pub fn deadline(&self) -> Option<Instant> {
        self.call.incoming.deadline
    }

    /// The request's sequence number.
    pub fn sequence(&self) -> u16 {
        self.call.incoming.header.sequence
    }

    /// The request's flags.
    pub fn flags(&self) -> Flags {
        self.call.incoming.header.flags
    }

    /// The request's serializer, which is also the answer's.
    pub fn serializer(&self) -> SerializerId {
        self.call.incoming.serializer
    }

    /// Which of Pyro's protocols the caller speaks.
    pub fn dialect(&self) -> Dialect {
        self.call.incoming.header.dialect
    }

    /// True when the caller does not wait for an answer.
    pub fn is_oneway(&self) -> bool {
        self.call.incoming.is_oneway()
    }

    /// Keeps something that was allocated for this client until its session has ended, by whatever cause; then
    /// it is dropped.
    pub fn track(&mut self, resource: impl Any + Send) {
        self.resources.push(Box::new(resource));
    }

    /// Another object of this daemon, to be answered with: the caller gets a proxy for it. None while the config
    /// does not say where the daemon can be reached.
    pub fn reference(&self, object: impl Into<String>) -> Option<ObjectRef> {
        let location = self.call.config.published()?;
        Some(Uri::pyro(object, location).into())
    }

    /// Answers with a value. It is serialized right here, into memory that is used again.
    ///
    /// # Errors
    /// A `SerializeError` for the caller, where the serializer cannot express the value.
    pub fn answer(&self, value: &(impl Serialize + ?Sized)) -> Outcome<W> {
        if self.is_oneway() {
            return Ok(Payload::from_bytes(self.serializer(), bytes::Bytes::new()).into());
        }
        let style = Style::of(self.serializer(), self.dialect(), self.call.config);
        Payload::encode_into(self.memory.take(), &style, value).map(Into::into).map_err(Fault::unwritable)
    }

    /// Answers later: return `Ok(deferred.into())`, and give the [`Responder`] to whoever will know.
    pub fn defer(&mut self) -> (Responder, Deferred) {
        let cancel = Arc::clone(self.cancel.get_or_insert_default());
        let ticket = Ticket { session: self.call.session, call: self.call.incoming.id };
        let responder = Responder::new(
            Arc::clone(self.call.mailbox),
            ticket,
            (self.serializer(), self.dialect()),
            Arc::clone(self.call.config),
            cancel,
            (self.call.origin(), self.response.clone()),
        );
        (responder, Deferred(()))
    }
}
