//! Calls as futures.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use firesteel_proto::connection::CallId;
use firesteel_proto::wire::OwnedAnnotations;
use firesteel_proto::{CallError, CallFailure, Reply, Request};

use super::any_line::{Answer, Ticket};
use super::remote::Remote;

/// A call that was made: a future of its result. It borrows nothing.
///
/// The call is serialized when it is made, and leaves when this, or any other call of the connection, is polled for
/// the first time: what is made back to back before that leaves in one write.
///
/// Dropped, the call is cancelled at this end; a server of firesteel's that has not answered yet is told so
/// (`Responder::is_cancelled` there). What was made leaves all the same: a call is no request to call later.
#[must_use = "dropped, the call is cancelled"]
pub struct Call<T> {
    remote: Remote,
    stage: Stage,
    read: Read<T>,
}

/// What is made of the answer.
pub(super) type Read<T> = fn(Answer, &Remote) -> Result<T, CallFailure>;

enum Stage {
    /// It could not be made.
    Failed(CallFailure),
    Waits(CallId),
    Sends(Ticket),
    Over,
}

impl<T> Call<T> {
    /// Makes a call.
    pub(super) fn request(remote: &Remote, request: Request<'_>, read: Read<T>) -> Self {
        let made = remote.line.call(remote.id, &remote.timed(request));
        Self::new(remote, made.map(Stage::Waits), read)
    }

    /// Makes a PING.
    pub(super) fn ping(remote: &Remote, read: Read<T>) -> Self {
        Self::new(remote, remote.line.ping(remote.id).map(Stage::Waits), read)
    }

    /// Makes a call that is not answered.
    pub(super) fn notify(remote: &Remote, request: Request<'_>, read: Read<T>) -> Self {
        let made = remote.line.notify(remote.id, &super::scope::correlated(request));
        Self::new(remote, made.map(Stage::Sends), read)
    }

    fn new(remote: &Remote, made: Result<Stage, CallError>, read: Read<T>) -> Self {
        let stage = made.unwrap_or_else(|error| Stage::Failed(error.into()));
        Self { remote: remote.clone(), stage, read }
    }

    /// How the call ended.
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        let answer = match &mut self.stage {
            Stage::Waits(id) => ready!(self.remote.line.poll_end(*id, cx)),
            Stage::Sends(ticket) => {
                let sent = ready!(self.remote.line.poll_sent(*ticket, cx));
                (sent.map(|()| Reply::Pong), OwnedAnnotations::default())
            }
            Stage::Failed(failure) => {
                let failure = std::mem::replace(failure, CallFailure::Cancelled);
                (Err(failure), OwnedAnnotations::default())
            }
            Stage::Over => (Err(CallFailure::Cancelled), OwnedAnnotations::default()),
        };
        self.stage = Stage::Over;
        Poll::Ready(answer)
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T, CallFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.poll_answer(cx));
        Poll::Ready((self.read)(answer, &self.remote))
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        match self.stage {
            Stage::Waits(id) => self.remote.line.cancel(id),
            Stage::Sends(ticket) => self.remote.line.forget(ticket),
            Stage::Failed(_) | Stage::Over => {}
        }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Failed(_) => "failed",
            Stage::Waits(_) => "waits for its answer",
            Stage::Sends(_) => "waits to be sent",
            Stage::Over => "over",
        };
        f.debug_tuple("Call").field(&stage).finish()
    }
}
