//! The connection's own task: it drives while several tasks wait, and otherwise sleeps.

use std::future::Future;
use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll, Waker};

use super::after::After;
use super::line::Line;
use crate::Runtime;

/// What there is of that task.
#[derive(Default)]
pub(super) struct Keeper {
    mode: Mode,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// There was no need for one yet.
    #[default]
    Absent,
    /// It drives.
    Active,
    /// It is there, and sleeps.
    Parked,
    /// Its runtime has ended. So has the socket's: whoever polls that is told so.
    Gone,
}

impl Keeper {
    /// True when a task that waits beside so many others does not drive itself.
    pub(super) fn is_needed(&self, others: usize) -> bool {
        match self.mode {
            Mode::Active => true,
            Mode::Absent | Mode::Parked => others > 0,
            Mode::Gone => false,
        }
    }

    /// From now on, it drives.
    pub(super) fn need(&mut self, after: &mut After) {
        match self.mode {
            Mode::Absent => after.starts_keeper = true,
            Mode::Parked => after.wake(self.waker.clone()),
            Mode::Active | Mode::Gone => return,
        }
        self.mode = Mode::Active;
    }

    /// True where it is there, and does something about what it is woken for.
    pub(super) fn is_there(&self) -> bool {
        matches!(self.mode, Mode::Active | Mode::Parked)
    }

    /// Wakes it to do something.
    pub(super) fn wake(&mut self, after: &mut After) {
        match self.mode {
            Mode::Active => after.wake(self.waker.clone()),
            Mode::Parked | Mode::Absent | Mode::Gone => self.need(after),
        }
    }

    /// There is a socket of a runtime that lives.
    pub(super) fn forget_end(&mut self) {
        if self.mode == Mode::Gone {
            *self = Self::default();
        }
    }

    pub(super) fn take_waker(&mut self) -> Option<Waker> {
        self.waker.take()
    }
}

/// Starts it.
pub(super) fn start<R: Runtime>(line: Weak<Line<R>>) {
    R::spawn(Tend(line));
}

struct Tend<R: Runtime>(Weak<Line<R>>);

impl<R: Runtime> Future for Tend<R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(line) = self.0.upgrade() else { return Poll::Ready(()) };
        line.tend(cx);
        Poll::Pending
    }
}

impl<R: Runtime> Drop for Tend<R> {
    fn drop(&mut self) {
        if let Some(line) = self.0.upgrade() {
            line.lose_keeper();
        }
    }
}

impl<R: Runtime> Line<R> {
    fn tend(&self, cx: &mut Context<'_>) {
        let mut after = After::default();
        let mut state = self.lock();
        let known = state.keeper.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if !known {
            after.forget(state.keeper.waker.replace(cx.waker().clone()));
        }
        if state.is_busy() {
            let _ = state.drive(cx, None, &mut after);
        }
        state.keeper.mode = if state.is_busy() { Mode::Active } else { Mode::Parked };
    }

    /// The runtime has dropped the task.
    fn lose_keeper(&self) {
        let mut after = After::default();
        let mut state = self.lock();
        after.forget(state.keeper.take_waker());
        state.keeper.mode = Mode::Gone;
        state.wake_all(&mut after);
    }
}
