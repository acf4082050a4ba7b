//! A call to be made.

use std::time::Instant;

use bytes::Bytes;

use super::batch::Batch;
use crate::daemon::Context;
use crate::serializer::{Arguments, Blob, CallContent};
use crate::value::{ObjectId, SerializedBlob, Value};
use crate::wire::{AnnotationKey, OwnedAnnotations};

/// What to call and with what: borrowed until it is sent, which is when the arguments are
/// serialized, once, into the message.
///
/// ```
/// use firesteel_proto::Request;
///
/// let args = (1, "two");
/// let request = Request::method("echo", &args);
/// let attribute = Request::get("verbose");
/// let set = Request::set("verbose", &true);
/// # let _ = (request, attribute, set);
/// ```
#[derive(Clone)]
pub struct Request<'a> {
    pub(crate) content: CallContent<'a>,
    pub(crate) object: Option<ObjectId>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) retries: Option<u32>,
    pub(crate) annotations: OwnedAnnotations,
    pub(crate) correlation: Option<[u8; 16]>,
}

impl<'a> Request<'a> {
    /// Calls a method with positional arguments: a tuple, a list, or `&()` for none.
    pub fn method(name: &'a str, args: &'a impl Arguments) -> Self {
        Self::new(CallContent::Method { name, args, kwargs: None })
    }

    /// Makes several calls in one: the answer is read with [`BatchResults`](crate::BatchResults).
    pub fn batch(batch: &'a Batch<'a>) -> Self {
        Self::new(CallContent::Batch(batch.calls()))
    }

    /// Calls a method with one argument that stays serialized on the way, and an info that can be read without it: see
    /// [`SerializedBlob`]. The info is anything that marshal can write.
    pub fn blob(method: &'a str, info: &'a Value, data: &'a impl Arguments) -> Self {
        Self::new(CallContent::Blob(method, Blob::New { info, data }))
    }

    /// Calls a method with an argument that came in serialized, and goes on as it is.
    ///
    /// It goes in the serializer in which it came. Only where it names classes of Pyro's own, and the receiver speaks the
    /// other protocol, it is written anew.
    pub fn forward(method: &'a str, blob: &'a SerializedBlob) -> Self {
        Self::new(CallContent::Blob(method, Blob::Received(blob)))
    }

    /// Reads an attribute.
    pub fn get(name: &'a str) -> Self {
        Self::new(CallContent::Get(name))
    }

    /// Writes an attribute.
    pub fn set(name: &'a str, value: &'a impl Arguments) -> Self {
        Self::new(CallContent::Set(name, value))
    }

    /// Adds keyword arguments: a map or a struct. Attributes have none: there it changes nothing.
    #[must_use]
    pub fn kwargs(mut self, named: &'a impl Arguments) -> Self {
        if let CallContent::Method { kwargs, .. } = &mut self.content {
            *kwargs = Some(named);
        }
        self
    }

    /// Addresses another object at the same connection.
    #[must_use]
    pub fn object(mut self, id: impl Into<ObjectId>) -> Self {
        self.object = Some(id.into());
        self
    }

    /// Ends the call with [`CallFailure::Deadline`](crate::CallFailure::Deadline) at this time.
    #[must_use]
    pub fn deadline(mut self, at: Instant) -> Self {
        self.deadline = Some(at);
        self
    }

    /// Makes the call again, up to so many times, when its connection is lost before the answer comes: only for
    /// methods that may run more than once. Without it, [`Config::max_retries`](crate::Config::max_retries) holds.
    #[must_use]
    pub fn retries(mut self, times: u32) -> Self {
        self.retries = Some(times);
        self
    }

    /// The method may run more than once: the call is made again, up to three times, when its connection is lost before
    /// the answer comes.
    #[must_use]
    pub fn idempotent(self) -> Self {
        const TIMES: u32 = 3;
        self.retries(TIMES)
    }

    /// True when [`retries`](Self::retries) was set.
    pub fn has_retries(&self) -> bool {
        self.retries.is_some()
    }

    /// True when [`deadline`](Self::deadline) was set.
    pub fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    /// Sends an annotation with the call.
    #[must_use]
    pub fn annotation(mut self, key: AnnotationKey, value: impl Into<Bytes>) -> Self {
        self.annotations.set(key, value);
        self
    }

    /// Sends this correlation id with the call: the server's answer carries it too.
    #[must_use]
    pub fn correlation_id(mut self, id: [u8; 16]) -> Self {
        self.correlation = Some(id);
        self
    }

    /// True when [`correlation_id`](Self::correlation_id) was set.
    pub fn has_correlation_id(&self) -> bool {
        self.correlation.is_some()
    }

    /// Makes the call part of another one, that a method runs for: it carries on that one's correlation id, and
    /// does not wait longer than that one's caller, where he told how long he does.
    #[must_use]
    pub fn within<W>(self, cx: &Context<'_, W>) -> Self {
        let deadline = [self.deadline, cx.deadline()].into_iter().flatten().min();
        Self { deadline, ..self.correlation_id(cx.correlation_id()) }
    }

    fn new(content: CallContent<'a>) -> Self {
        Self {
            content,
            object: None,
            deadline: None,
            retries: None,
            annotations: OwnedAnnotations::default(),
            correlation: None,
        }
    }
}
