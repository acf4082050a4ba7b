//! Streams of items from a remote object.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;

use firesteel_proto::connection::CallId;
use firesteel_proto::{CallError, CallFailure, ObjectId, Payload, Request};
use serde::de::DeserializeOwned;

use crate::proxy::{Proxy, value_of};

/// The items that a remote method gives one after the other: an iterator that asks for each.
///
/// Made with [`Proxy::stream`]. By default it asks for the next item when it is wanted: a round trip each.
/// [`window`](Self::window) asks for several ahead. It ends at the first failure; dropped before its end, it tells
/// the server that it is closed.
pub struct RemoteStream<T> {
    proxy: Proxy,
    /// None when it has ended.
    id: Option<String>,
    window: usize,
    asked: VecDeque<CallId>,
    items: PhantomData<fn() -> T>,
}

impl<T> RemoteStream<T> {
    pub(crate) fn new(proxy: Proxy, id: String) -> Self {
        Self { proxy, id: Some(id), window: 1, asked: VecDeque::new(), items: PhantomData }
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

    fn next_payload(&mut self) -> Option<Result<Payload, CallFailure>> {
        self.id.as_ref()?;
        // Many requests at a time, which leave together: half a window of them while the other half is out.
        if self.asked.len() <= self.window / 2
            && let Err(error) = self.ask()
            && self.asked.is_empty()
        {
            self.id = None;
            return Some(Err(error.into()));
        }
        let (result, _) = self.proxy.line.finish(self.asked.pop_front()?);
        let result = value_of(result);
        if result.is_err() {
            // What was asked for ahead brings nothing more.
            self.id = None;
            self.forget();
        }
        match result {
            Err(CallFailure::Fault(fault)) if fault.is("builtins.StopIteration") => None,
            result => Some(result),
        }
    }

    /// Asks for as many items as the window has room for.
    fn ask(&mut self) -> Result<(), CallError> {
        let args = (self.id.as_deref(),);
        let proxy = &self.proxy;
        let _cork = proxy.cork();
        while self.asked.len() < self.window {
            let request = proxy.timed(Request::method("get_next_stream_item", &args).object(ObjectId::DAEMON));
            self.asked.push_back(proxy.line.start(proxy.id, &request)?);
        }
        Ok(())
    }

    fn forget(&mut self) {
        for id in self.asked.drain(..) {
            self.proxy.line.cancel(id);
        }
    }
}

impl<T> fmt::Debug for RemoteStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStream").field("id", &self.id).field("window", &self.window).finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> Iterator for RemoteStream<T> {
    type Item = Result<T, CallFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_payload()?.and_then(|payload| Ok(payload.decode()?)))
    }
}

impl<T> Drop for RemoteStream<T> {
    fn drop(&mut self) {
        self.forget();
        if let Some(id) = self.id.take() {
            // The stream may be gone already, as may the server.
            let args = (id,);
            let request = Request::method("close_stream", &args).object(ObjectId::DAEMON);
            let _ = self.proxy.line.notify(self.proxy.id, &request);
        }
    }
}

impl Proxy {
    /// Calls a method that answers with a stream: a generator in Python, a `Stream` in Rust.
    ///
    /// # Errors
    /// As for [`call`](Self::call); also when the answer is no stream, or the server gives none.
    pub fn stream<T: DeserializeOwned>(
        &self,
        method: &str,
        args: &impl firesteel_proto::Arguments,
    ) -> Result<RemoteStream<T>, CallFailure> {
        let (result, _) = self.line.call(self.id, &self.timed(Request::method(method, args)));
        match result? {
            firesteel_proto::Reply::Stream(id) => Ok(self.resume_stream(id)),
            _ => Err(CallFailure::Format(serde::de::Error::custom("the answer is no stream: use `call`"))),
        }
    }

    /// Goes on with a stream of which the id is known, such as one from a connection that was lost.
    pub fn resume_stream<T>(&self, id: impl Into<String>) -> RemoteStream<T> {
        RemoteStream::new(self.clone(), id.into())
    }
}
