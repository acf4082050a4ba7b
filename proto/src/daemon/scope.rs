//! What a thread knows of the call that it runs.

use super::context::Call;
use super::{Daemon, Registry};

/// Makes a correlation id that of the current thread, and gives the former one: see [`Daemon::set_scope`].
pub type Scope = fn(Option<[u8; 16]>) -> Option<[u8; 16]>;

impl<R: Registry> Daemon<R> {
    /// Tells the thread that runs a method which call it runs: `scope` is called with the call's correlation id right
    /// before, and with what it gave then right after, panic or not. The core has no threads; an adapter keeps the id
    /// in a thread-local, for calls that the method makes itself. `None` stands for no call.
    ///
    /// The first one that is set holds.
    pub fn set_scope(&mut self, scope: Scope) {
        self.mailbox.set_scope(scope);
    }
}

/// A call runs on this thread, until it is dropped.
pub(super) struct Inside {
    scope: Scope,
    former: Option<[u8; 16]>,
}

impl Inside {
    pub(super) fn of(call: &Call<'_>) -> Option<Self> {
        Some(Self::enter(call.mailbox.scope()?, call.incoming.header.correlation))
    }

    pub(super) fn enter(scope: Scope, correlation: [u8; 16]) -> Self {
        let former = scope(Some(correlation));
        Self { scope, former }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        (self.scope)(self.former);
    }
}
