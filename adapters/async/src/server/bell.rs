//! How the keeper is called, and what is done on the thread that would call it.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

use firesteel_proto::Task;

thread_local! {
    /// The bell of the server whose code runs on this thread, by its address.
    static HERE: Cell<usize> = const { Cell::new(0) };
    /// It need not ring for what this thread does.
    static MUTED: Cell<bool> = const { Cell::new(false) };
    /// Futures that the method has made which runs on this thread.
    static MADE: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// Wakes the keeper of a server: for an answer that came from elsewhere, an earlier deadline, or its end.
#[derive(Default)]
pub(crate) struct Bell(Mutex<Option<Waker>>);

impl Bell {
    /// Who is woken from now on.
    pub(crate) fn wakes(&self, waker: &Waker) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    pub(crate) fn ring(&self) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Runs a method, whose future is to stay on this thread. It may block for what an answer brings about that it has
    /// given to somebody else: the bell rings.
    pub(crate) fn during<T>(self: &Arc<Self>, run: impl FnOnce() -> T) -> T {
        self.inside(false, run)
    }

    /// Polls a future, on a thread that takes a step of the daemon right afterwards: the answer that it may give needs no
    /// bell. Futures do not block.
    pub(crate) fn quietly<T>(self: &Arc<Self>, run: impl FnOnce() -> T) -> T {
        self.inside(true, run)
    }

    fn inside<T>(self: &Arc<Self>, muted: bool, run: impl FnOnce() -> T) -> T {
        struct Back(usize, bool);
        impl Drop for Back {
            fn drop(&mut self) {
                HERE.set(self.0);
                MUTED.set(self.1);
            }
        }
        let _back = Back(HERE.replace(self.address()), MUTED.replace(muted));
        run()
    }

    /// Takes the future of a method, if it runs on this thread; gives it back otherwise.
    pub(crate) fn take(&self, task: Task) -> Option<Task> {
        if !self.is_here() {
            return Some(task);
        }
        MADE.with_borrow_mut(|made| made.push(task));
        None
    }

    /// A future that was made on this thread.
    pub(crate) fn made() -> Option<Task> {
        MADE.with_borrow_mut(Vec::pop)
    }

    fn is_here(&self) -> bool {
        HERE.get() == self.address()
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !(self.is_here() && MUTED.get()) {
            self.ring();
        }
    }
}
