//! What proxies, calls and streams hold: an object on a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use firesteel_proto::{CallFailure, Payload, ProxyId, Reply, Request};

use super::any_line::AnyLine;
use super::scope::correlated;

#[derive(Clone)]
pub(super) struct Remote {
    pub(super) line: Arc<dyn AnyLine>,
    pub(super) id: ProxyId,
    pub(super) timeout: Option<Duration>,
    pub(super) retries: Option<u32>,
}

impl Remote {
    pub(super) fn new(line: Arc<dyn AnyLine>, id: ProxyId) -> Self {
        Self { line, id, timeout: None, retries: None }
    }

    /// Gives a request the proxy's timeout and retries and the current correlation id, unless it has its own.
    pub(super) fn timed<'r>(&self, request: Request<'r>) -> Request<'r> {
        let mut request = correlated(request);
        if let Some(times) = self.retries
            && !request.has_retries()
        {
            request = request.retries(times);
        }
        match self.timeout {
            Some(timeout) if !request.has_deadline() => request.deadline(Instant::now() + timeout),
            _ => request,
        }
    }

    pub(super) fn cork(&self) -> Cork {
        self.line.cork();
        Cork(Arc::clone(&self.line))
    }
}

/// Holds calls back as long as it is there: see [`Proxy::cork`](crate::Proxy::cork).
#[must_use = "calls are held back until it is dropped"]
pub struct Cork(Arc<dyn AnyLine>);

impl Drop for Cork {
    fn drop(&mut self) {
        self.0.uncork();
    }
}

/// The value that a call brought.
pub(super) fn value_of(result: Result<Reply, CallFailure>) -> Result<Payload, CallFailure> {
    match result? {
        Reply::Value(payload) => Ok(payload),
        Reply::Stream(_) => Err(CallFailure::Format(serde::de::Error::custom("the answer is a stream: use `stream`"))),
        _ => Err(CallFailure::Cancelled),
    }
}
