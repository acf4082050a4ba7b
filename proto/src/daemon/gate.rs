//! Who may use a shared object now, and who waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::SessionId;
use super::responder::Mailbox;

/// Lets several readers or one writer in. Nobody blocks: who cannot enter is told when to try again,
/// in the order of arrival.
#[derive(Default)]
pub(super) struct Gate(Mutex<State>);

/// Somebody who waits, and where to tell.
pub(super) type Waiter = (Arc<Mailbox>, SessionId);

#[derive(Default)]
struct State {
    inside: Inside,
    /// Readers wait behind those who came before them, so that a writer gets its turn.
    waiting: VecDeque<(Waiter, bool)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Nobody,
    Readers(usize),
    Writer,
}

impl Gate {
    /// Enters, or leaves word whom to tell; false then.
    pub(super) fn enter(&self, shared: bool, waiter: impl FnOnce() -> Waiter) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.inside = match (state.inside, shared) {
            (Inside::Nobody, true) => Inside::Readers(1),
            (Inside::Nobody, false) => Inside::Writer,
            (Inside::Readers(n), true) if state.waiting.is_empty() => Inside::Readers(n + 1),
            (Inside::Readers(_) | Inside::Writer, _) => {
                state.waiting.push_back((waiter(), shared));
                return false;
            }
        };
        true
    }

    /// Leaves, and gives those who shall try again now.
    #[must_use]
    pub(super) fn leave(&self, shared: bool) -> Vec<Waiter> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.inside = match state.inside {
            Inside::Readers(n) if shared && n > 1 => Inside::Readers(n - 1),
            _ => Inside::Nobody,
        };
        state.next()
    }

    /// One who was told does not come: gives those who shall try instead.
    #[must_use]
    pub(super) fn pass(&self) -> Vec<Waiter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

impl State {
    /// When nobody is inside: the first who waits, and if that is a reader, the readers behind it.
    fn next(&mut self) -> Vec<Waiter> {
        let mut next = Vec::new();
        if self.inside == Inside::Nobody
            && let Some((first, shared)) = self.waiting.pop_front()
        {
            next.push(first);
            while shared && self.waiting.front().is_some_and(|(_, shared)| *shared) {
                next.extend(self.waiting.pop_front().map(|(reader, _)| reader));
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(index: u32) -> Waiter {
        (Arc::default(), SessionId { index, generation: 1 })
    }

    fn ids(waiters: Vec<Waiter>) -> Vec<u32> {
        waiters.into_iter().map(|(_, session)| session.index).collect()
    }

    #[test]
    fn readers_share_writers_are_alone_and_all_get_their_turn() {
        let gate = Gate::default();
        assert!(gate.enter(true, || waiter(0)));
        assert!(gate.enter(true, || waiter(1)));
        assert!(!gate.enter(false, || waiter(2)));
        assert!(!gate.enter(true, || waiter(3)), "a reader waits behind a writer");
        assert!(!gate.enter(true, || waiter(4)));
        assert!(!gate.enter(false, || waiter(5)));
        assert!(gate.leave(true).is_empty(), "one is still inside");
        assert_eq!(ids(gate.leave(true)), [2]);
        assert!(gate.enter(false, || waiter(2)));
        assert_eq!(ids(gate.leave(false)), [3, 4], "the readers go together");
        // The two do not come.
        assert_eq!(ids(gate.pass()), [5]);
        assert!(gate.pass().is_empty());
    }
}
