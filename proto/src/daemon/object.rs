//! What a user hosts, and what its methods give.

use std::sync::Arc;

use super::context::Context;
use super::responder::Deferred;
use super::stream::Stream;
use crate::fault::Fault;
use crate::metadata::{Member, Metadata};
use crate::value::{Args, Payload};

/// An object that peers call. `W` is the world that its methods see, `()` where there is none.
///
/// `#[expose]` writes it; by hand it is one `match` over the members.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no object that can be hosted",
    note = "put `#[expose]` on its impl block; an object with async methods is registered as `Arc::new(object)`"
)]
pub trait Object<W = ()> {
    /// What it exposes. A daemon asks once, when the object is registered.
    fn metadata(&self) -> &Metadata;

    /// Runs a member: every one of them. An object whose members all take `&self` leaves it out.
    ///
    /// # Errors
    /// The fault is raised at the caller.
    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        self.call_shared(cx, member, args)
    }

    /// Runs a member that the metadata mark as shared. A [`Shared`](super::Shared) registry calls
    /// it from several threads at once; [`Local`](super::Local) never does.
    ///
    /// # Errors
    /// The fault is raised at the caller.
    fn call_shared(&self, _cx: &mut Context<'_, W>, member: Member<'_>, _args: Args<'_>) -> Outcome<W> {
        Err(Fault::unknown(&member))
    }

    /// The session, or the call, that this instance of a registered class was made for has ended, or that of an object
    /// that [a method registered](Context::register): it is dropped next. For objects that were registered otherwise it
    /// is never called.
    fn closed(&mut self, _world: &mut W) {}
}

/// An object with async methods, whose futures share it. It is hosted as `Arc::new(object)`.
///
/// `#[expose]` writes it where a method is `async`. By hand, `call` moves the object into the futures that it gives to
/// [`Context::spawn`].
///
/// ```
/// use std::sync::Arc;
/// use firesteel_proto::{ArcObject, Args, Context, Fault, Member, Metadata, Method, Outcome};
///
/// struct Oracle;
///
/// static METADATA: Metadata = Metadata::new(&[Method::new("ask").shared()], &[]);
///
/// impl<W> ArcObject<W> for Oracle {
///     fn metadata(&self) -> &Metadata {
///         &METADATA
///     }
///
///     fn call(self: Arc<Self>, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
///         let Member::Method("ask") = member else { return Err(Fault::unknown(&member)) };
///         let (question,): (String,) = args.bind(&["question"])?;
///         cx.spawn(async move { Ok(self.think(question).await) })
///     }
/// }
///
/// impl Oracle {
///     async fn think(&self, question: String) -> usize {
///         question.len()
///     }
/// }
/// # fn object<T: firesteel_proto::Object>(_: T) {}
/// # object(Arc::new(Oracle));
/// ```
pub trait ArcObject<W = ()>: Send + Sync + 'static {
    /// What it exposes. A daemon asks once, when the object is registered.
    fn metadata(&self) -> &Metadata;

    /// Runs a member: every one of them. Those that the metadata mark as shared may run several at once.
    ///
    /// # Errors
    /// The fault is raised at the caller.
    fn call(self: Arc<Self>, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W>;

    /// As [`Object::closed`]. Futures of its methods may still run, and hold it.
    fn closed(&self, _world: &mut W) {}
}

impl<W, T: ArcObject<W>> Object<W> for Arc<T> {
    fn metadata(&self) -> &Metadata {
        ArcObject::metadata(&**self)
    }

    fn call(&mut self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        ArcObject::call(Self::clone(self), cx, member, args)
    }

    fn call_shared(&self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        ArcObject::call(Self::clone(self), cx, member, args)
    }

    fn closed(&mut self, world: &mut W) {
        ArcObject::closed(&**self, world);
    }
}

/// How a method ended: with an answer, or with an exception for its caller.
pub type Outcome<W = ()> = Result<Answer<W>, Fault>;

/// What a method answers: a value ([`Context::answer`]), later ([`Context::defer`]), or a [`Stream`].
#[derive(Debug)]
pub struct Answer<W = ()> {
    pub(super) kind: AnswerKind<W>,
}

#[derive(Debug)]
pub(super) enum AnswerKind<W> {
    Value(Payload),
    Deferred,
    Stream(Stream<W>),
}

/// A value that is serialized already.
impl<W> From<Payload> for Answer<W> {
    fn from(payload: Payload) -> Self {
        Self { kind: AnswerKind::Value(payload) }
    }
}

/// The call's [`Responder`](super::Responder) answers.
impl<W> From<Deferred> for Answer<W> {
    fn from(_: Deferred) -> Self {
        Self { kind: AnswerKind::Deferred }
    }
}

/// The items are pulled one by one.
impl<W> From<Stream<W>> for Answer<W> {
    fn from(stream: Stream<W>) -> Self {
        Self { kind: AnswerKind::Stream(stream) }
    }
}
