//! Who may use a shared object now, and who waits.

use std::sync::{Arc, Mutex, PoisonError};

use super::SessionId;
use super::responder::{Mail, Mailbox};

/// Lets several readers or one writer in. Nobody blocks: who cannot enter is told when to try again.
#[derive(Default)]
pub(super) struct Gate(Mutex<State>);

#[derive(Default)]
struct State {
    inside: Inside,
    /// A writer waits: further readers wait behind it, so that it gets its turn.
    writer_waits: bool,
    waiting: Vec<(Arc<Mailbox>, SessionId)>,
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
    pub(super) fn enter(&self, shared: bool, waiter: impl FnOnce() -> (Arc<Mailbox>, SessionId)) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.inside = match (state.inside, shared) {
            (Inside::Nobody, true) => Inside::Readers(1),
            (Inside::Nobody, false) => Inside::Writer,
            (Inside::Readers(n), true) if !state.writer_waits => Inside::Readers(n + 1),
            (Inside::Readers(_) | Inside::Writer, _) => {
                state.writer_waits |= !shared;
                state.waiting.push(waiter());
                return false;
            }
        };
        true
    }

    /// Leaves. When nobody is inside any more, all who wait try again, in the order of their arrival.
    /// The loop behind `awake` needs no waking.
    pub(super) fn leave(&self, shared: bool, awake: Option<&Arc<Mailbox>>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.inside = match state.inside {
            Inside::Readers(n) if shared && n > 1 => Inside::Readers(n - 1),
            _ => Inside::Nobody,
        };
        if state.inside == Inside::Nobody {
            state.writer_waits = false;
            for (mailbox, session) in std::mem::take(&mut state.waiting) {
                if awake.is_some_and(|awake| Arc::ptr_eq(awake, &mailbox)) {
                    mailbox.post_quietly(Mail::Retry(session));
                } else {
                    mailbox.post(Mail::Retry(session));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter() -> (Arc<Mailbox>, SessionId) {
        (Arc::default(), SessionId { index: 0, generation: 1 })
    }

    #[test]
    fn readers_share_writers_are_alone_and_get_their_turn() {
        let gate = Gate::default();
        assert!(gate.enter(true, waiter));
        assert!(gate.enter(true, waiter));
        let (mailbox, session) = waiter();
        assert!(!gate.enter(false, || (Arc::clone(&mailbox), session)));
        assert!(!gate.enter(true, waiter), "a reader waits behind a writer");
        gate.leave(true, None);
        assert!(!mailbox.is_waiting());
        gate.leave(true, None);
        assert!(mailbox.is_waiting());
        assert!(gate.enter(false, waiter));
        assert!(!gate.enter(true, waiter));
        assert!(!gate.enter(false, waiter));
        gate.leave(false, None);
        assert!(gate.enter(false, waiter));
    }
}
