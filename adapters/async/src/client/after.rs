//! What is done once the lock is free.

use std::task::Waker;

use smallvec::SmallVec;

/// Wakers that are to be called, or dropped: either may run code of an executor, which may come back here.
#[derive(Default)]
pub(super) struct After {
    woken: SmallVec<[Waker; 4]>,
    dropped: SmallVec<[Waker; 2]>,
    /// The connection's own task is to be started.
    pub(super) starts_keeper: bool,
}

impl After {
    pub(super) fn wake(&mut self, waker: impl IntoIterator<Item = Waker>) {
        self.woken.extend(waker);
    }

    pub(super) fn forget(&mut self, waker: impl IntoIterator<Item = Waker>) {
        self.dropped.extend(waker);
    }
}

impl Drop for After {
    fn drop(&mut self) {
        self.woken.drain(..).for_each(Waker::wake);
    }
}
