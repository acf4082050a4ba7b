//! Who waits for calls to be sent that are not answered.

use std::task::{Poll, Waker};

use firesteel_proto::{CallFailure, CloseReason, ConnId};

/// A call that is not answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(super) number: u64,
    pub(super) connection: Option<ConnId>,
}

#[derive(Default)]
pub(super) struct Senders {
    all: Vec<Sender>,
    waiting: usize,
    numbers: u64,
}

struct Sender {
    ticket: Ticket,
    /// It is sent when so many bytes are. None while it waits behind the handshake.
    mark: Option<u64>,
    stage: Stage,
}

enum Stage {
    Waits(Waker),
    Over(Result<(), CloseReason>),
}

impl Senders {
    pub(super) fn ticket(&mut self, connection: Option<ConnId>) -> Ticket {
        self.numbers += 1;
        Ticket { number: self.numbers, connection }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How it went, for one that has waited; none for others.
    pub(super) fn poll(&mut self, ticket: Ticket) -> Option<Poll<Result<(), CallFailure>>> {
        let at = self.find(ticket)?;
        if matches!(self.all[at].stage, Stage::Waits(_)) {
            return Some(Poll::Pending);
        }
        match self.all.swap_remove(at).stage {
            Stage::Over(end) => Some(Poll::Ready(end.map_err(CallFailure::Lost))),
            Stage::Waits(_) => None,
        }
    }

    /// Waits with this waker; gives the former one.
    pub(super) fn wait(&mut self, ticket: Ticket, mark: Option<u64>, waker: &Waker) -> Option<Waker> {
        match self.find(ticket).map(|at| &mut self.all[at].stage) {
            Some(Stage::Waits(former)) if former.will_wake(waker) => None,
            Some(Stage::Waits(former)) => Some(std::mem::replace(former, waker.clone())),
            Some(Stage::Over(_)) => None,
            None => {
                self.all.push(Sender { ticket, mark, stage: Stage::Waits(waker.clone()) });
                self.waiting += 1;
                None
            }
        }
    }

    /// Nobody asks any more: gives the waker of who waited.
    pub(super) fn forget(&mut self, ticket: Ticket) -> Option<Waker> {
        let at = self.find(ticket)?;
        match self.all.swap_remove(at).stage {
            Stage::Waits(waker) => {
                self.waiting -= 1;
                Some(waker)
            }
            Stage::Over(_) => None,
        }
    }

    /// The handshake is done: what waited behind it is sent when so many bytes are.
    pub(super) fn mark(&mut self, connection: ConnId, mark: u64) {
        for sender in &mut self.all {
            if sender.ticket.connection == Some(connection) {
                sender.mark.get_or_insert(mark);
            }
        }
    }

    /// So many bytes are sent on a socket: gives the wakers of those who waited for that.
    pub(super) fn sent(&mut self, connection: ConnId, sent: u64) -> impl Iterator<Item = Waker> {
        self.end(Ok(()), move |sender| {
            sender.ticket.connection == Some(connection) && sender.mark.is_some_and(|mark| mark <= sent)
        })
    }

    /// A socket is gone, and what was on its way to it. What waits behind a handshake goes to the connection's next one.
    pub(super) fn cut(&mut self, connection: ConnId) -> impl Iterator<Item = Waker> {
        self.end(Err(CloseReason::Transport), move |sender| {
            sender.ticket.connection == Some(connection) && sender.mark.is_some()
        })
    }

    /// A connection is over.
    pub(super) fn lost(&mut self, connection: ConnId, reason: &CloseReason) -> impl Iterator<Item = Waker> {
        self.end(Err(reason.clone()), move |sender| sender.ticket.connection == Some(connection))
    }

    /// The wakers of all that wait.
    pub(super) fn wakers(&self) -> impl Iterator<Item = &Waker> {
        self.all.iter().filter_map(|sender| match &sender.stage {
            Stage::Waits(waker) => Some(waker),
            Stage::Over(_) => None,
        })
    }

    fn end(&mut self, end: Result<(), CloseReason>, which: impl Fn(&Sender) -> bool) -> impl Iterator<Item = Waker> {
        let waiting = &mut self.waiting;
        self.all.iter_mut().filter_map(move |sender| {
            if !which(sender) || matches!(sender.stage, Stage::Over(_)) {
                return None;
            }
            match std::mem::replace(&mut sender.stage, Stage::Over(end.clone())) {
                Stage::Waits(waker) => {
                    *waiting -= 1;
                    Some(waker)
                }
                Stage::Over(_) => None,
            }
        })
    }

    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.all.iter().position(|sender| sender.ticket.number == ticket.number)
    }
}
