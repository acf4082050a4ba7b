//! Calls that were made and not yet waited for.

use std::fmt;
use std::sync::Arc;

use firesteel_proto::connection::CallId;
use firesteel_proto::wire::OwnedAnnotations;
use firesteel_proto::{CallFailure, Payload};
use serde::de::DeserializeOwned;

use crate::line::{Answer, Line};
use crate::proxy::value_of;

/// A call whose answer is still to come: made with [`Proxy::start`](crate::Proxy::start). Several may be out on one
/// connection; the thread that waits for one takes in the answers of all.
///
/// Dropped, the call is cancelled at this end; the server is not told.
#[must_use = "dropped, the call is cancelled"]
pub struct Pending<T> {
    line: Arc<Line>,
    id: Option<CallId>,
    finish: Option<Finish<T>>,
}

/// What becomes of the answer.
type Finish<T> = Box<dyn FnOnce(Result<Payload, CallFailure>) -> Result<T, CallFailure> + Send>;

impl<T: DeserializeOwned + 'static> Pending<T> {
    pub(crate) fn new(line: Arc<Line>, id: CallId) -> Self {
        Self { line, id: Some(id), finish: Some(Box::new(|payload| Ok(payload?.decode()?))) }
    }
}

impl<T> Pending<T> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// As for [`Proxy::call`](crate::Proxy::call).
    pub fn wait(mut self) -> Result<T, CallFailure> {
        let Some(id) = self.id.take() else { return Err(CallFailure::Cancelled) };
        let answer = self.line.finish(id);
        self.end(answer)
    }

    /// Waits for the answer, and gives it with the annotations that came with it.
    pub fn wait_annotated(mut self) -> (Result<T, CallFailure>, OwnedAnnotations) {
        let Some(id) = self.id.take() else { return (Err(CallFailure::Cancelled), OwnedAnnotations::default()) };
        let mut answer = self.line.finish(id);
        let annotations = std::mem::take(&mut answer.1);
        (self.end(answer), annotations)
    }

    /// The answer, if it has come: does not wait. Gives the call back while it has not.
    ///
    /// # Errors
    /// The call itself, to be asked again.
    pub fn try_wait(mut self) -> Result<Result<T, CallFailure>, Self> {
        match self.id.and_then(|id| self.line.try_finish(id)) {
            Some(answer) => {
                self.id = None;
                Ok(self.end(answer))
            }
            None => Err(self),
        }
    }

    /// The same call, whose answer `then` is made something else of when it is waited for. Failures pass by.
    pub fn then<U>(mut self, then: impl FnOnce(T) -> Result<U, CallFailure> + Send + 'static) -> Pending<U>
    where
        T: 'static,
    {
        let finish = self.finish.take();
        let chained: Finish<U> = Box::new(move |payload| match finish {
            Some(finish) => finish(payload).and_then(then),
            None => Err(CallFailure::Cancelled),
        });
        Pending { line: Arc::clone(&self.line), id: self.id.take(), finish: Some(chained) }
    }

    fn end(&mut self, (result, _): Answer) -> Result<T, CallFailure> {
        match self.finish.take() {
            Some(finish) => finish(value_of(result)),
            None => Err(CallFailure::Cancelled),
        }
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.line.cancel(id);
        }
    }
}
