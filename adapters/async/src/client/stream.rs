//! Streams of items from a remote object.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use firesteel_proto::connection::CallId;
use firesteel_proto::{CallError, CallFailure, ObjectId, Payload, Request};
use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::remote::{Remote, value_of};

/// The items that a remote method gives one after the other: asks for each. A [`Stream`], and
/// [`next`](Self::next) for those without one of its extensions at hand.
///
/// Made with [`Proxy::stream`](crate::Proxy::stream). By default it asks for the next item when it is wanted: a round
/// trip each. [`window`](Self::window) asks for several ahead. It ends at the first failure; dropped before its end, it
/// tells the server that it is closed.
pub struct RemoteStream<T> {
    remote: Remote,
    /// None when it has ended.
    id: Option<String>,
    window: usize,
    asked: VecDeque<CallId>,
    items: PhantomData<fn() -> T>,
}

impl<T> RemoteStream<T> {
    pub(super) fn new(remote: Remote, id: String) -> Self {
        Self { remote, id: Some(id), window: 1, asked: VecDeque::new(), items: PhantomData }
    }

    /// Keeps up to `window` requests for items in flight. The server makes so many items ahead of those that
    /// are taken here.
    #[must_use]
    pub fn window(mut self, window: usize) -> Self {
        self.window = window.max(1);
        self
    }

    /// The id under which the server knows the stream: another connection may go on with it.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn poll_payload(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Payload, CallFailure>>> {
        if self.id.is_none() {
            return Poll::Ready(None);
        }
        // Many requests at a time, which leave together: half a window of them while the other half is out.
        if self.asked.len() <= self.window / 2
            && let Err(error) = self.ask()
            && self.asked.is_empty()
        {
            self.id = None;
            return Poll::Ready(Some(Err(error.into())));
        }
        let Some(first) = self.asked.front() else { return Poll::Ready(None) };
        let (result, _) = ready!(self.remote.line.poll_end(*first, cx));
        self.asked.pop_front();
        let result = value_of(result);
        if result.is_err() {
            // What was asked for ahead brings nothing more.
            self.id = None;
            self.forget();
        }
        Poll::Ready(match result {
            Err(CallFailure::Fault(fault)) if fault.is("builtins.StopIteration") => None,
            result => Some(result),
        })
    }

    /// Asks for as many items as the window has room for.
    fn ask(&mut self) -> Result<(), CallError> {
        let args = (self.id.as_deref(),);
        while self.asked.len() < self.window {
            let request = Request::method("get_next_stream_item", &args).object(ObjectId::DAEMON);
            self.asked.push_back(self.remote.line.call(self.remote.id, &self.remote.timed(request))?);
        }
        if self.asked.len() > 1 {
            // The first one may be there already, and nobody would send these then.
            self.remote.line.send();
        }
        Ok(())
    }

    fn forget(&mut self) {
        for id in self.asked.drain(..) {
            self.remote.line.cancel(id);
        }
    }
}

impl<T: DeserializeOwned> RemoteStream<T> {
    /// The next item; none at the end. Dropped while it waits, it loses no item.
    ///
    /// # Errors
    /// As for a call; it is the last item then, unless an item was of another type.
    pub async fn next(&mut self) -> Option<Result<T, CallFailure>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T: DeserializeOwned> Stream for RemoteStream<T> {
    type Item = Result<T, CallFailure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let payload = ready!(self.poll_payload(cx));
        Poll::Ready(payload.map(|payload| Ok(payload?.decode()?)))
    }
}

impl<T> fmt::Debug for RemoteStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStream").field("id", &self.id).field("window", &self.window).finish_non_exhaustive()
    }
}

impl<T> Drop for RemoteStream<T> {
    fn drop(&mut self) {
        self.forget();
        if let Some(id) = self.id.take() {
            // The stream may be gone already, as may the server.
            let args = (id,);
            let request = Request::method("close_stream", &args).object(ObjectId::DAEMON);
            if let Ok(ticket) = self.remote.line.notify(self.remote.id, &request) {
                self.remote.line.forget(ticket);
            }
        }
    }
}
