//! Who may use a shared object now, and who waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::responder::{Mailbox, Ticket};

/// Lets several readers or one writer in. Nobody blocks: who cannot enter is told when the object is free for it, in
/// the order of arrival. Until those who were told have come, nobody else gets in before them.
#[derive(Default)]
pub(super) struct Gate(Mutex<State>);

/// Somebody who waits, and where to tell.
pub(super) type Waiter = (Arc<Mailbox>, Ticket);

#[derive(Default)]
struct State {
    inside: Inside,
    /// Who was told, and has not come.
    told: Inside,
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
        if state.waiting.is_empty() && state.inside.admits(shared) && state.told.admits(shared) {
            state.inside.add(shared);
            return true;
        }
        state.waiting.push_back((waiter(), shared));
        false
    }

    /// One who was told enters.
    pub(super) fn enter_told(&self, shared: bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.told.remove();
        state.inside.add(shared);
    }

    /// Leaves, and gives those who are to be told now.
    #[must_use]
    pub(super) fn leave(&self) -> Vec<Waiter> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.inside.remove();
        state.next()
    }

    /// One who was told does not come: gives those who are to be told instead.
    #[must_use]
    pub(super) fn pass(&self) -> Vec<Waiter> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.told.remove();
        state.next()
    }
}

impl Inside {
    fn admits(self, shared: bool) -> bool {
        match self {
            Self::Nobody => true,
            Self::Readers(_) => shared,
            Self::Writer => false,
        }
    }

    fn add(&mut self, shared: bool) {
        *self = match *self {
            Self::Readers(n) if shared => Self::Readers(n + 1),
            _ if shared => Self::Readers(1),
            _ => Self::Writer,
        };
    }

    fn remove(&mut self) {
        *self = match *self {
            Self::Readers(n) if n > 1 => Self::Readers(n - 1),
            _ => Self::Nobody,
        };
    }
}

impl State {
    /// When nobody is inside or about to be: the first who waits, and if that is a reader, the readers behind it.
    fn next(&mut self) -> Vec<Waiter> {
        let mut next = Vec::new();
        if self.inside == Inside::Nobody
            && self.told == Inside::Nobody
            && let Some((first, shared)) = self.waiting.pop_front()
        {
            next.push(first);
            while shared && self.waiting.front().is_some_and(|(_, shared)| *shared) {
                next.extend(self.waiting.pop_front().map(|(reader, _)| reader));
            }
            next.iter().for_each(|_| self.told.add(shared));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::CallId;
    use crate::daemon::SessionId;

    fn waiter(index: u32) -> Waiter {
        let session = SessionId { index, generation: 1 };
        (Arc::default(), Ticket { session, call: CallId(0) })
    }

    fn ids(waiters: Vec<Waiter>) -> Vec<u32> {
        waiters.into_iter().map(|(_, ticket)| ticket.session.index).collect()
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
        assert!(gate.leave().is_empty(), "one is still inside");
        assert_eq!(ids(gate.leave()), [2]);
        assert!(!gate.enter(true, || waiter(6)), "the writer was told");
        gate.enter_told(false);
        assert_eq!(ids(gate.leave()), [3, 4], "the readers go together");
        // The two do not come.
        assert!(gate.pass().is_empty());
        assert_eq!(ids(gate.pass()), [5]);
        gate.enter_told(false);
        assert_eq!(ids(gate.leave()), [6]);
        assert!(gate.pass().is_empty());
    }
}
