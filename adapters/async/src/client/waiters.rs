//! Who waits for the end of which call, and ends that nobody has asked for yet.

use std::collections::VecDeque;
use std::task::Waker;

use firesteel_proto::CallFailure;
use firesteel_proto::connection::{CallId, Reply};
use firesteel_proto::wire::OwnedAnnotations;

/// How a call ended.
pub(crate) type Answer = (Result<Reply, CallFailure>, OwnedAnnotations);

#[derive(Default)]
pub(super) struct Waiters {
    /// By id: calls are made, and mostly answered, in that order.
    all: VecDeque<(CallId, Waiter)>,
    waiting: usize,
}

enum Waiter {
    Waits(Waker),
    Done(Answer),
}

impl Waiters {
    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn waits(&self, id: CallId) -> bool {
        self.find(id).is_ok_and(|at| matches!(self.all[at].1, Waiter::Waits(_)))
    }

    pub(super) fn take_done(&mut self, id: CallId) -> Option<Answer> {
        let at = self.find(id).ok()?;
        if matches!(self.all[at].1, Waiter::Waits(_)) {
            return None;
        }
        match self.all.remove(at)? {
            (_, Waiter::Done(answer)) => Some(answer),
            (_, Waiter::Waits(_)) => None,
        }
    }

    /// Waits with this waker; gives the former one.
    pub(super) fn wait(&mut self, id: CallId, waker: &Waker) -> Option<Waker> {
        match self.find(id) {
            Ok(at) => match &mut self.all[at].1 {
                Waiter::Waits(former) if former.will_wake(waker) => None,
                Waiter::Waits(former) => Some(std::mem::replace(former, waker.clone())),
                Waiter::Done(_) => None,
            },
            Err(at) => {
                self.all.insert(at, (id, Waiter::Waits(waker.clone())));
                self.waiting += 1;
                None
            }
        }
    }

    /// A call has ended: gives the waker of who waits for it.
    pub(super) fn done(&mut self, id: CallId, answer: Answer) -> Option<Waker> {
        match self.find(id) {
            Ok(at) => match std::mem::replace(&mut self.all[at].1, Waiter::Done(answer)) {
                Waiter::Waits(waker) => {
                    self.waiting -= 1;
                    Some(waker)
                }
                Waiter::Done(_) => None,
            },
            Err(at) => {
                self.all.insert(at, (id, Waiter::Done(answer)));
                None
            }
        }
    }

    /// Nobody asks for a call any more: gives the waker of who waited.
    pub(super) fn forget(&mut self, id: CallId) -> Option<Waker> {
        let at = self.find(id).ok()?;
        match self.all.remove(at)?.1 {
            Waiter::Waits(waker) => {
                self.waiting -= 1;
                Some(waker)
            }
            Waiter::Done(_) => None,
        }
    }

    /// The wakers of all that wait.
    pub(super) fn wakers(&self) -> impl Iterator<Item = &Waker> {
        self.all.iter().filter_map(|(_, waiter)| match waiter {
            Waiter::Waits(waker) => Some(waker),
            Waiter::Done(_) => None,
        })
    }

    /// Where a call is, or would be.
    fn find(&self, id: CallId) -> Result<usize, usize> {
        match (self.all.front(), self.all.back()) {
            (Some((first, _)), _) if *first == id => Ok(0),
            (_, Some((last, _))) if *last < id => Err(self.all.len()),
            (None, _) => Err(0),
            _ => self.all.binary_search_by_key(&id, |(other, _)| *other),
        }
    }
}
