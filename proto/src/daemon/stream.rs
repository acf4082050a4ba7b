//! Streams of items: what a method gives that answers with more than one value.

use serde::Serialize;

use super::context::Context;
use super::object::Outcome;
use crate::fault::Fault;

/// Items that a client pulls one by one: return it from a method.
///
/// Each item is made when it is asked for. The stream ends when there are no more, when an item is an exception,
/// when the client closes it, or when nobody has asked for too long
/// ([`Config::stream_linger`](crate::Config::stream_linger)). A Python client iterates over it.
///
/// ```
/// use firesteel_proto::{Context, Outcome, Stream};
///
/// fn squares(_cx: &mut Context<'_>, n: u64) -> Outcome {
///     Ok(Stream::new((0..n).map(|i| i * i)).into())
/// }
/// ```
pub struct Stream<W = ()>(pub(super) Source<W>);

pub(super) enum Source<W> {
    Send(Box<dyn Items<W> + Send>),
    Local(Box<dyn Items<W>>),
}

/// Where the items of a [`Stream`] come from, for items that need the world, or come later.
pub trait Items<W = ()> {
    /// The next item: a value ([`Context::answer`]), or one that comes later ([`Context::defer`]); none at the end.
    fn next(&mut self, cx: &mut Context<'_, W>) -> Option<Outcome<W>>;
}

impl<W> Stream<W> {
    /// The items of an iterator.
    pub fn new<T: Serialize>(items: impl IntoIterator<Item = T, IntoIter: Send + 'static>) -> Self {
        Self(Source::Send(Box::new(Plain(items.into_iter()))))
    }

    /// The items of an iterator, the first exception among them being the last.
    pub fn fallible<T: Serialize, E: Into<Fault>>(
        items: impl IntoIterator<Item = Result<T, E>, IntoIter: Send + 'static>,
    ) -> Self {
        Self(Source::Send(Box::new(Fallible(items.into_iter()))))
    }

    /// The items of an iterator that cannot leave its thread. Objects that several threads call cannot return it.
    pub fn local<T: Serialize>(items: impl IntoIterator<Item = T, IntoIter: 'static>) -> Self {
        Self(Source::Local(Box::new(Plain(items.into_iter()))))
    }

    /// Items that need the world, or come later.
    pub fn from_items(items: impl Items<W> + Send + 'static) -> Self {
        Self(Source::Send(Box::new(items)))
    }

    /// Items that need the world, or come later, from what cannot leave its thread.
    pub fn from_local_items(items: impl Items<W> + 'static) -> Self {
        Self(Source::Local(Box::new(items)))
    }

    pub(super) fn into_items(self) -> Box<dyn Items<W>> {
        match self.0 {
            Source::Send(items) => items,
            Source::Local(items) => items,
        }
    }
}

impl<W> std::fmt::Debug for Stream<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

struct Plain<I>(I);

impl<W, T: Serialize, I: Iterator<Item = T>> Items<W> for Plain<I> {
    fn next(&mut self, cx: &mut Context<'_, W>) -> Option<Outcome<W>> {
        self.0.next().map(|item| cx.answer(&item))
    }
}

struct Fallible<I>(I);

impl<W, T: Serialize, E: Into<Fault>, I: Iterator<Item = Result<T, E>>> Items<W> for Fallible<I> {
    fn next(&mut self, cx: &mut Context<'_, W>) -> Option<Outcome<W>> {
        self.0.next().map(|item| match item {
            Ok(item) => cx.answer(&item),
            Err(error) => Err(error.into()),
        })
    }
}

/// What a stream gives when it is asked for its next item: at the end an exception, as Python's generators do.
pub(super) fn next_item<W>(items: &mut dyn Items<W>, cx: &mut Context<'_, W>) -> Outcome<W> {
    items.next(cx).unwrap_or_else(|| Err(Fault { class: "builtins.StopIteration".to_owned(), ..Fault::default() }))
}

/// There is no such stream, any more.
pub(super) fn terminated() -> Fault {
    Fault::new("Pyro5.errors.PyroError", "item stream terminated")
}

/// A call of the daemon's own object that is about a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamCall {
    Next,
    Close,
}

impl StreamCall {
    pub(super) fn of(method: &str) -> Option<Self> {
        match method {
            "get_next_stream_item" => Some(Self::Next),
            "close_stream" => Some(Self::Close),
            _ => None,
        }
    }
}
