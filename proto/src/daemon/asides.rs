//! Calls of one session that wait while later ones start, where its client allows that.

use std::sync::Arc;

use super::job::Baton;
use super::responder::CancelFlag;
use crate::connection::{CallId, Incoming};

/// What is known of them. Most sessions never have any, and are smaller so.
#[derive(Debug, Default)]
pub(super) struct Asides(Option<Box<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// In the order in which they began to wait.
    calls: Vec<Aside>,
    /// Bytes that those hold which wait for their objects.
    held: usize,
    /// The request that nothing overtakes may try its object again. Dropped with the session, the word goes to the next.
    baton: Option<Baton>,
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
        self.0.as_ref().map_or(0, |waiting| waiting.held)
    }

    /// How many wait for their objects, and for their answers.
    pub(super) fn count(&self) -> (usize, usize) {
        let deferred = self.calls().iter().filter(|aside| matches!(aside.waits, Waits::Deferred(_))).count();
        (self.calls().len() - deferred, deferred)
    }

    /// Waits for its object.
    pub(super) fn park(&mut self, incoming: Box<Incoming>) {
        let waiting = self.0.get_or_insert_default();
        waiting.held += incoming.held();
        waiting.calls.push(Aside { call: incoming.id, waits: Waits::Parked(incoming) });
    }

    /// Waits for its answer.
    pub(super) fn defer(&mut self, call: CallId, cancel: Arc<CancelFlag>) {
        self.0.get_or_insert_default().calls.push(Aside { call, waits: Waits::Deferred(cancel) });
    }

    /// The object is free that this call waits for; gives the baton back where it does not.
    pub(super) fn wake(&mut self, call: CallId, baton: Baton) -> Option<Baton> {
        let Some(waiting) = &mut self.0 else { return Some(baton) };
        let Some(at) = waiting.calls.iter().position(|aside| aside.call == call) else { return Some(baton) };
        let Aside { call, waits } = waiting.calls.remove(at);
        let (waits, unused) = match waits {
            Waits::Parked(incoming) => (Waits::Woken(incoming, baton), None),
            other => (other, Some(baton)),
        };
        waiting.calls.insert(at, Aside { call, waits });
        unused
    }

    /// True when one can try its object again.
    pub(super) fn has_woken(&self) -> bool {
        self.calls().iter().any(|aside| matches!(aside.waits, Waits::Woken(..)))
    }

    /// Takes one that can try its object again.
    pub(super) fn take_woken(&mut self) -> Option<(Box<Incoming>, Baton)> {
        let waiting = self.0.as_mut()?;
        let at = waiting.calls.iter().position(|aside| matches!(aside.waits, Waits::Woken(..)))?;
        match waiting.calls.remove(at).waits {
            Waits::Woken(incoming, baton) => {
                waiting.held -= incoming.held();
                Some((incoming, baton))
            }
            Waits::Parked(_) | Waits::Deferred(_) => None,
        }
    }

    /// The request that nothing overtakes may try its object again.
    pub(super) fn keep_baton(&mut self, baton: Baton) {
        self.0.get_or_insert_default().baton = Some(baton);
    }

    /// The word for the request that tries now.
    pub(super) fn take_baton(&mut self) -> Option<Baton> {
        self.0.as_mut()?.baton.take()
    }

    /// It was answered.
    pub(super) fn forget(&mut self, call: CallId) {
        if let Some(waiting) = &mut self.0 {
            waiting.calls.retain(|aside| aside.call != call);
        }
    }

    /// Its caller does not wait any more: gives it back if it has not begun, else whoever answers it is told.
    pub(super) fn cancel(&mut self, call: CallId) -> Option<Box<Incoming>> {
        let waiting = self.0.as_mut()?;
        let at = waiting.calls.iter().position(|aside| aside.call == call)?;
        if let Waits::Deferred(cancel) = &waiting.calls[at].waits {
            cancel.set();
            return None;
        }
        match waiting.calls.remove(at).waits {
            Waits::Parked(incoming) | Waits::Woken(incoming, _) => {
                waiting.held -= incoming.held();
                Some(incoming)
            }
            Waits::Deferred(_) => None,
        }
    }

    /// Nobody waits for the answers that are to come later: tells who would give them, and gives the calls.
    pub(super) fn cancel_deferred(&mut self) -> Vec<CallId> {
        let Some(waiting) = &mut self.0 else { return Vec::new() };
        let deferred = waiting.calls.extract_if(.., |aside| matches!(aside.waits, Waits::Deferred(_)));
        deferred
            .map(|aside| {
                if let Waits::Deferred(cancel) = aside.waits {
                    cancel.set();
                }
                aside.call
            })
            .collect()
    }

    /// Gives memory back that nobody needs.
    pub(super) fn trim(&mut self) {
        if self.0.as_ref().is_some_and(|waiting| waiting.calls.is_empty() && waiting.baton.is_none()) {
            self.0 = None;
        }
    }

    fn calls(&self) -> &[Aside] {
        self.0.as_ref().map_or(&[], |waiting| &waiting.calls)
    }
}
