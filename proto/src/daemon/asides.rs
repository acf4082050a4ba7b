//! Calls of one session that wait while later ones start, where its client allows that.

use std::sync::Arc;

use super::job::Baton;
use super::responder::CancelFlag;
use crate::connection::{CallId, Incoming};

/// What is known of them, in the order in which they began to wait.
#[derive(Debug, Default)]
pub(super) struct Asides {
    calls: Vec<Aside>,
    /// Bytes that those hold which wait for their objects.
    held: usize,
}

#[derive(Debug)]
struct Aside {
    call: CallId,
    waits: Waits,
}

#[derive(Debug)]
enum Waits {
    /// For its object.
    Parked(Box<Incoming>),
    /// For its turn: the object is free. Dropped with the session, the word goes to the next.
    Woken(Box<Incoming>, Baton),
    /// For an answer that comes later.
    Deferred(Arc<CancelFlag>),
}

impl Asides {
    /// Bytes that they hold.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// How many wait for their objects, and for their answers.
    pub(super) fn count(&self) -> (usize, usize) {
        let deferred = self.calls.iter().filter(|aside| matches!(aside.waits, Waits::Deferred(_))).count();
        (self.calls.len() - deferred, deferred)
    }

    /// Waits for its object.
    pub(super) fn park(&mut self, incoming: Box<Incoming>) {
        self.held += incoming.held();
        self.calls.push(Aside { call: incoming.id, waits: Waits::Parked(incoming) });
    }

    /// Waits for its answer.
    pub(super) fn defer(&mut self, call: CallId, cancel: Arc<CancelFlag>) {
        self.calls.push(Aside { call, waits: Waits::Deferred(cancel) });
    }

    /// The object is free that this call waits for; gives the baton back where it does not.
    pub(super) fn wake(&mut self, call: CallId, baton: Baton) -> Option<Baton> {
        let Some(at) = self.calls.iter().position(|aside| aside.call == call) else { return Some(baton) };
        let Aside { call, waits } = self.calls.remove(at);
        let (waits, unused) = match waits {
            Waits::Parked(incoming) => (Waits::Woken(incoming, baton), None),
            other => (other, Some(baton)),
        };
        self.calls.insert(at, Aside { call, waits });
        unused
    }

    /// True when one can try its object again.
    pub(super) fn has_woken(&self) -> bool {
        self.calls.iter().any(|aside| matches!(aside.waits, Waits::Woken(..)))
    }

    /// Takes one that can try its object again.
    pub(super) fn take_woken(&mut self) -> Option<(Box<Incoming>, Baton)> {
        let at = self.calls.iter().position(|aside| matches!(aside.waits, Waits::Woken(..)))?;
        match self.calls.remove(at).waits {
            Waits::Woken(incoming, baton) => {
                self.held -= incoming.held();
                Some((incoming, baton))
            }
            Waits::Parked(_) | Waits::Deferred(_) => None,
        }
    }

    /// It was answered.
    pub(super) fn forget(&mut self, call: CallId) {
        self.calls.retain(|aside| aside.call != call);
    }

    /// Its caller does not wait any more: gives it back if it has not begun, else whoever answers it is told.
    pub(super) fn cancel(&mut self, call: CallId) -> Option<Box<Incoming>> {
        let at = self.calls.iter().position(|aside| aside.call == call)?;
        if let Waits::Deferred(cancel) = &self.calls[at].waits {
            cancel.set();
            return None;
        }
        match self.calls.remove(at).waits {
            Waits::Parked(incoming) | Waits::Woken(incoming, _) => {
                self.held -= incoming.held();
                Some(incoming)
            }
            Waits::Deferred(_) => None,
        }
    }

    /// Nobody waits for the answers that are to come later: tells who would give them, and gives the calls.
    pub(super) fn cancel_deferred(&mut self) -> Vec<CallId> {
        let deferred = self.calls.extract_if(.., |aside| matches!(aside.waits, Waits::Deferred(_)));
        deferred
            .map(|aside| {
                if let Waits::Deferred(cancel) = aside.waits {
                    cancel.set();
                }
                aside.call
            })
            .collect()
    }
}
