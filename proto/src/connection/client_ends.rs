//! How calls, and the client's end of a connection, come to their ends.

use std::collections::VecDeque;
use std::time::Instant;

use super::client::{ClientCore, Flight, Redial, State};
use super::client_events::{CallId, ClientEvent};
use crate::error::{CallFailure, CloseReason};
use crate::timers::Timers;
use crate::wire::OwnedAnnotations;

impl ClientCore {
    pub(super) fn abandon(&mut self, id: CallId, failure: CallFailure) -> bool {
        let Some(at) = self.flights.iter().position(|flight| flight.id == id && !flight.abandoned) else {
            return false;
        };
        self.flights[at].abandoned = true;
        let had_deadline = std::mem::take(&mut self.flights[at].deadline);
        if had_deadline && failure != CallFailure::Deadline {
            self.deadlines.forget(live(&self.flights));
        }
        if !self.flights[at].ping {
            self.tell_cancelled(self.flights[at].serial as u16);
        }
        self.done(id, failure);
        true
    }

    /// Forgets the deadlines of calls that have ended.
    pub(super) fn forget_lost_deadlines(&mut self) {
        self.deadlines.forget(live(&self.flights));
    }

    pub(super) fn forget_deadline(&mut self, flight: &Flight) {
        if flight.deadline {
            self.deadlines.forget(live(&self.flights));
        }
    }

    pub(super) fn done(&mut self, id: CallId, failure: CallFailure) {
        self.events.push_back(ClientEvent::Done { id, result: Err(failure), annotations: OwnedAnnotations::default() });
    }

    /// True while calls can be made.
    pub(crate) fn is_open(&self) -> bool {
        self.retries() || (!self.link.ignores_input() && !self.link.is_half_closed())
    }

    /// True once the handshake is done.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_open() && matches!(self.state, State::Ready)
    }

    /// It is over: calls that are out are lost.
    pub(crate) fn finish(&mut self, reason: CloseReason) {
        self.link.abort(reason);
        self.finish_calls();
    }

    pub(super) fn finish_calls(&mut self) {
        // While its calls wait to be made again, the end has been seen to.
        if self.ended || self.retries() {
            return;
        }
        let reason = self.link.reason().cloned().unwrap_or(CloseReason::Local);
        if self.goes_on_elsewhere(&reason) || self.keep_retries(&reason) {
            return;
        }
        self.ended = true;
        self.redial = Redial::No;
        for flight in std::mem::take(&mut self.flights) {
            if !flight.abandoned {
                self.done(flight.id, CallFailure::Lost(reason.clone()));
            }
        }
        self.deadlines = Timers::new();
        self.events.push_back(ClientEvent::Closed(reason));
    }
}

/// Tells which deadlines still count.
fn live(flights: &VecDeque<Flight>) -> impl Fn(Instant, CallId) -> bool {
    move |_, id| flights.binary_search_by_key(&id, |flight| flight.id).is_ok_and(|at| flights[at].deadline)
}
