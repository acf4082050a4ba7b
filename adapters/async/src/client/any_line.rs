//! A line over any runtime, for what does not care which one it is.

use std::task::{Context, Poll};

use firesteel_proto::connection::CallId;
use firesteel_proto::{CallError, CallFailure, Client, ObjectId, ProxyId, Request};

pub(super) use super::senders::Ticket;
pub(super) use super::waiters::Answer;

/// One connection, as its proxies, calls and streams see it.
pub(super) trait AnyLine: Send + Sync {
    /// Makes a call, which leaves with the next poll of any.
    fn call(&self, proxy: ProxyId, request: &Request<'_>) -> Result<CallId, CallError>;

    /// Makes a PING.
    fn ping(&self, proxy: ProxyId) -> Result<CallId, CallError>;

    /// Makes a call that is not answered.
    fn notify(&self, proxy: ProxyId, request: &Request<'_>) -> Result<Ticket, CallError>;

    /// The end of a call.
    fn poll_end(&self, id: CallId, cx: &mut Context<'_>) -> Poll<Answer>;

    /// Ready when a call that is not answered was sent.
    fn poll_sent(&self, ticket: Ticket, cx: &mut Context<'_>) -> Poll<Result<(), CallFailure>>;

    /// Nobody waits for a call any more.
    fn cancel(&self, id: CallId);

    /// Nobody waits any more until it is sent.
    fn forget(&self, ticket: Ticket);

    /// Sends what can be sent at once.
    fn send(&self);

    /// Holds calls back that nobody waits for.
    fn cork(&self);

    /// Ends that.
    fn uncork(&self);

    /// Closes the connection; the next call opens another.
    fn close(&self);

    /// A proxy for another object on the socket of this one.
    fn share(&self, proxy: ProxyId, object: ObjectId) -> Option<ProxyId>;

    /// Runs `f` on the client.
    fn with_client(&self, f: &mut dyn FnMut(&mut Client));
}
