//! Calls that are made again when their connection is lost.

use std::time::Instant;

use super::client::{ClientCore, Redial, State};
use crate::error::{CallFailure, CloseReason};
use crate::layer::LayerError;

/// How to make a call again.
#[derive(Debug)]
pub(crate) struct Retry {
    /// How often, still.
    pub(super) left: u32,
    /// The request as it was sent.
    pub(super) message: Vec<u8>,
}

impl ClientCore {
    /// Keeps calls that may be made again for another connection; those that may not are lost. False when there are
    /// none, and it is over.
    pub(super) fn keep_retries(&mut self, reason: &CloseReason) -> bool {
        use CloseReason::{Layer, PeerEof, Timeout, Transport, Unreachable};
        let lost = matches!(reason, Transport | PeerEof | Layer(LayerError::Truncated) | Unreachable(_) | Timeout);
        if !self.reconnects || !lost {
            return false;
        }
        let again = |flight: &super::client::Flight| {
            !flight.abandoned && flight.retry.as_ref().is_some_and(|retry| retry.left > 0)
        };
        if !self.flights.iter().any(again) {
            return false;
        }
        for mut flight in std::mem::take(&mut self.flights) {
            if again(&flight)
                && let Some(retry) = &mut flight.retry
            {
                retry.left -= 1;
                self.flights.push_back(flight);
            } else if !flight.abandoned {
                self.done(flight.id, CallFailure::Lost(reason.clone()));
            }
        }
        self.forget_lost_deadlines();
        // Further calls wait behind those.
        self.state = State::Handshake { deadline: self.begun, held: Vec::new() };
        self.redial = Redial::Again;
        true
    }

    /// Lets calls be made again on another connection.
    pub(crate) fn allow_reconnects(&mut self) {
        self.reconnects = true;
    }

    /// True when the connection is to be made again for calls that still wait.
    pub(crate) fn retries(&self) -> bool {
        self.redial == Redial::Again
    }

    /// Begins anew, for another socket, with the calls that are made again and those that came after them.
    pub(crate) fn begin_retry(&mut self, now: Instant) {
        let held = self.take_retries();
        self.begin_anew(now, held);
    }

    /// The calls that are made again, and those that came after them.
    pub(super) fn take_retries(&mut self) -> Vec<u8> {
        self.redial = Redial::No;
        self.flights.retain(|flight| !flight.abandoned);
        let behind = self.take_held();
        let retries = self.flights.iter().filter_map(|flight| flight.retry.as_ref());
        let fresh = |message: &[u8]| !contains(&behind, message);
        let mut held: Vec<u8> =
            retries.filter(|retry| fresh(&retry.message)).flat_map(|retry| retry.message.iter().copied()).collect();
        held.extend_from_slice(&behind);
        held
    }
}

/// A call that was made while the connection was away waits among the others already.
fn contains(messages: &[u8], message: &[u8]) -> bool {
    memchr::memmem::find(messages, message).is_some()
}
