//! One connection and the tasks that use it.
//!
//! A task that waits alone drives: polling its call writes, reads and looks at the clock with that task's waker, and
//! no other task is involved. As soon as a second call is waited for, a task of the connection's own (`keeper.rs`)
//! drives for all of them, until nobody waits any more. It is not enough to let one of the waiting tasks drive and
//! to wake another when that one is done or dropped: a future may be kept without being polled (the loser of a
//! `select`, while its task does something else), and those who rely on it would hang. So whoever waits relies on
//! itself, or on a task that does nothing else, and there is nothing to hand over when a future is dropped.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Instant;

use firesteel_proto::connection::CallId;
use firesteel_proto::{CallError, CallFailure, Client, Config, ObjectId, ProxyId, Request};
use firesteel_pump::seeded;

use super::after::After;
use super::any_line::{Answer, AnyLine, Ticket};
use super::drive::{Sending, State, Watch};
use super::keeper;
use super::links::Link;
use crate::{Runtime, Socket};

/// A client with the connection of its proxies, and those that their searches make.
pub(super) struct Line<R: Runtime> {
    state: Mutex<State<R>>,
    me: Weak<Self>,
}

/// While no more calls than these are waited for, each is sent at once. With more, the connection's own task sends
/// those together that come together.
const FEW: usize = 4;

impl<R: Runtime> Line<R> {
    /// A line, and what `add` does to its client, such as making a proxy; connected on first use.
    pub(super) fn new<T>(config: Config, watch: Option<Watch>, add: impl FnOnce(&mut Client) -> T) -> (Arc<Self>, T) {
        let mut client = Client::new(Instant::now(), seeded(config));
        let added = add(&mut client);
        (Self::make(State::new(client, watch)), added)
    }

    /// A line on a socket that is there already.
    pub(super) fn adopt(config: Config, object: ObjectId, socket: OwnedFd) -> io::Result<(Arc<Self>, ProxyId)> {
        let socket = R::adopt(socket)?;
        // Sockets without an address are unix ones.
        let local = socket.given_peer().address.is_none();
        config.check_adopted(local).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let mut client = Client::new(Instant::now(), seeded(config));
        let (connection, proxy) = client.adopt(Instant::now(), object, None);
        let mut state = State::new(client, None);
        state.links.push(Link::up(connection, socket));
        Ok((Self::make(state), proxy))
    }

    fn make(state: State<R>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self { state: Mutex::new(state), me: Weak::clone(me) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a poll that holds the lock: what it has left to do is done without.
    fn leave(&self, state: MutexGuard<'_, State<R>>, after: After) {
        drop(state);
        if after.starts_keeper {
            keeper::start(Weak::clone(&self.me));
        }
    }
}

impl<R: Runtime> AnyLine for Line<R> {
    fn call(&self, proxy: ProxyId, request: &Request<'_>) -> Result<CallId, CallError> {
        let mut after = After::default();
        let mut state = self.lock();
        // Asking the clock is a part of what a call costs.
        let now = state.client.untimed(proxy, request).unwrap_or_else(|| state.catch_up(&mut after));
        let made = state.client.call(now, proxy, request);
        self.leave(state, after);
        made
    }

    fn ping(&self, proxy: ProxyId) -> Result<CallId, CallError> {
        let mut after = After::default();
        let mut state = self.lock();
        let now = state.catch_up(&mut after);
        let made = state.client.ping(now, proxy);
        self.leave(state, after);
        made
    }

    fn notify(&self, proxy: ProxyId, request: &Request<'_>) -> Result<Ticket, CallError> {
        let mut after = After::default();
        let mut state = self.lock();
        let now = state.client.untimed(proxy, request).unwrap_or_else(|| state.catch_up(&mut after));
        let made = state.client.notify(now, proxy, request);
        let connection = state.client.connection_of(proxy);
        let ticket = made.map(|()| state.senders.ticket(connection));
        self.leave(state, after);
        ticket
    }

    fn poll_end(&self, id: CallId, cx: &mut Context<'_>) -> Poll<Answer> {
        let mut after = After::default();
        let mut state = self.lock();
        let end = state.poll_end(id, cx, &mut after);
        self.leave(state, after);
        end
    }

    fn poll_sent(&self, ticket: Ticket, cx: &mut Context<'_>) -> Poll<Result<(), CallFailure>> {
        let mut after = After::default();
        let mut state = self.lock();
        let end = state.poll_sent(ticket, cx, &mut after);
        self.leave(state, after);
        end
    }

    fn cancel(&self, id: CallId) {
        let mut after = After::default();
        let mut state = self.lock();
        after.forget(state.waiters.forget(id));
        state.client.cancel(Instant::now(), id);
        // Its end is an event like others; the server may have to be told.
        let _ = state.collect(Some(id), &mut after);
        state.send(&mut after);
        self.leave(state, after);
    }

    fn forget(&self, ticket: Ticket) {
        let mut after = After::default();
        let mut state = self.lock();
        after.forget(state.senders.forget(ticket));
        if !state.is_corked() {
            state.send(&mut after);
        }
        self.leave(state, after);
    }

    fn send(&self) {
        let mut after = After::default();
        let mut state = self.lock();
        state.send(&mut after);
        self.leave(state, after);
    }

    fn cork(&self) {
        self.lock().corks += 1;
    }

    fn uncork(&self) {
        let mut after = After::default();
        let mut state = self.lock();
        state.corks -= 1;
        if state.corks == 0 {
            state.send(&mut after);
        }
        self.leave(state, after);
    }

    fn close(&self) {
        let mut after = After::default();
        let mut state = self.lock();
        state.client.shutdown(Instant::now());
        state.send(&mut after);
        self.leave(state, after);
    }

    fn share(&self, proxy: ProxyId, object: ObjectId) -> Option<ProxyId> {
        let mut state = self.lock();
        let connection = state.client.connection_of(proxy)?;
        state.links.iter().find(|link| link.id == connection && link.is_up())?;
        Some(state.client.proxy_on(connection, object))
    }

    fn with_client(&self, f: &mut dyn FnMut(&mut Client)) {
        f(&mut self.lock().client);
    }
}

impl<R: Runtime> State<R> {
    fn poll_end(&mut self, id: CallId, cx: &mut Context<'_>, after: &mut After) -> Poll<Answer> {
        if let Some(answer) = self.waiters.take_done(id) {
            return Poll::Ready(answer);
        }
        let others = self.waiting() - usize::from(self.waiters.waits(id));
        if self.keeper.is_needed(others) {
            after.forget(self.waiters.wait(id, cx.waker()));
            self.rely_on_keeper(after, others < FEW);
            // It may have ended with what could not be sent.
            return self.waiters.take_done(id).map_or(Poll::Pending, Poll::Ready);
        }
        match self.drive(cx, Some(id), after) {
            Some(answer) => {
                after.forget(self.waiters.forget(id));
                Poll::Ready(answer)
            }
            None => {
                after.forget(self.waiters.wait(id, cx.waker()));
                Poll::Pending
            }
        }
    }

    fn poll_sent(&mut self, ticket: Ticket, cx: &mut Context<'_>, after: &mut After) -> Poll<Result<(), CallFailure>> {
        match self.senders.poll(ticket) {
            Some(Poll::Ready(end)) => return Poll::Ready(end),
            Some(Poll::Pending) => after.forget(self.senders.wait(ticket, None, cx.waker())),
            // It may wait for more to leave with.
            None if self.is_corked() => return Poll::Ready(Ok(())),
            None => {
                self.send(after);
                let mark = match self.sending(ticket) {
                    Sending::Over(end) => return Poll::Ready(end),
                    Sending::Until(mark) => Some(mark),
                    Sending::Held => None,
                };
                after.forget(self.senders.wait(ticket, mark, cx.waker()));
            }
        }
        if self.keeper.is_needed(self.waiting() - 1) {
            self.rely_on_keeper(after, false);
        } else {
            let _ = self.drive(cx, None, after);
        }
        self.senders.poll(ticket).unwrap_or(Poll::Pending)
    }
}

impl<R: Runtime> Drop for Line<R> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The connection's own task finds that there is no connection, and ends.
        if let Some(waker) = state.keeper.take_waker() {
            waker.wake();
        }
    }
}
