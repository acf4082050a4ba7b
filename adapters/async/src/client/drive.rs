//! Moves a connection on: connects, writes, reads, looks at the clock, and sorts what has happened.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use firesteel_proto::connection::CallId;
use firesteel_proto::{CallFailure, Client, CloseReason, ConnId, IpVersion, Machine, NamingStep, ProxyEvent};

use super::after::After;
use super::broadcasts::Broadcasts;
use super::keeper::Keeper;
use super::links::Link;
use super::senders::{Senders, Ticket};
use super::waiters::{Answer, Waiters};
use crate::{Runtime, Timer};

/// What the lock of a line holds.
pub(super) struct State<R: Runtime> {
    pub(super) client: Client,
    /// One for each connection that has a socket, or is to have one.
    pub(super) links: Vec<Link<R>>,
    broadcasts: Broadcasts<R>,
    version: IpVersion,
    /// Told how a search for a name goes on.
    watch: Option<Watch>,
    pub(super) waiters: Waiters,
    pub(super) senders: Senders,
    pub(super) keeper: Keeper,
    /// While there are any, calls that nobody waits for stay here, to leave together.
    pub(super) corks: usize,
    timer: R::Timer,
    /// What the timer is set to. It is set anew when that has come, or must come earlier.
    alarm: Option<Instant>,
    /// When who drives is woken by it.
    watched: Option<Instant>,
    /// The connections that ended last, and why; the last one is the first.
    over: VecDeque<(ConnId, CloseReason)>,
}

/// Looks on while a name is searched.
pub(super) type Watch = Arc<dyn Fn(&NamingStep) + Send + Sync>;

/// How a call stands that is not answered.
pub(super) enum Sending {
    /// It waits behind the handshake.
    Held,
    /// It is sent when so many bytes are.
    Until(u64),
    Over(Result<(), CallFailure>),
}

/// So much is held back by a cork, at most.
const HELD: usize = 64 * 1024;

/// So many connections that have ended are remembered: those to name servers end beside that of the proxy.
const KNOWN: usize = 4;

/// Reads in one poll: then other tasks get their turn.
const ROUNDS: usize = 32;

impl<R: Runtime> State<R> {
    pub(super) fn new(mut client: Client, watch: Option<Watch>) -> Self {
        Self {
            links: Vec::new(),
            broadcasts: Broadcasts::new(&mut client),
            version: client.config().ip_version,
            client,
            watch,
            waiters: Waiters::default(),
            senders: Senders::default(),
            keeper: Keeper::default(),
            corks: 0,
            timer: R::timer(),
            alarm: None,
            watched: None,
            over: VecDeque::new(),
        }
    }

    /// How many wait for anything.
    pub(super) fn waiting(&self) -> usize {
        self.waiters.waiting() + self.senders.waiting()
    }

    /// True while somebody has to drive.
    pub(super) fn is_busy(&mut self) -> bool {
        self.waiting() > 0 || self.unsent() > 0
    }

    /// Bytes that could be sent now.
    pub(super) fn unsent(&mut self) -> usize {
        self.links.iter().map(|link| link.unsent(&mut self.client)).sum()
    }

    /// What was called may wait for more to leave with.
    pub(super) fn is_corked(&mut self) -> bool {
        self.corks > 0 && self.unsent() < HELD
    }

    /// The time. While nobody waits, nobody looks at the clock: a connection whose time is over takes no new calls.
    pub(super) fn catch_up(&mut self, after: &mut After) -> Instant {
        let now = Instant::now();
        if self.waiting() == 0 && self.client.poll_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now);
            let _ = self.collect(None, after);
        }
        now
    }

    /// Goes as far as it gets without waiting, or until a call has ended: gives how. The task is woken when it gets
    /// further.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>, wanted: Option<CallId>, after: &mut After) -> Option<Answer> {
        self.watched = None;
        for _ in 0..ROUNDS {
            self.connect(cx, after);
            self.flush(cx, after);
            if let Some(answer) = self.collect(wanted, after) {
                return Some(answer);
            }
            if wanted.is_none() && !self.is_busy() {
                return None;
            }
            let received = self.receive(cx);
            if !self.look_at_clock(cx) && !received {
                return None;
            }
        }
        after.wake([cx.waker().clone()]);
        None
    }

    /// Sends what can be sent at once. Who drives is woken for the rest.
    pub(super) fn send(&mut self, after: &mut After) {
        self.flush(&mut Context::from_waker(Waker::noop()), after);
        let _ = self.collect(None, after);
        if self.unsent() > 0 {
            if self.keeper.is_there() {
                self.keeper.wake(after);
            } else {
                // There is one, at most.
                self.wake_all(after);
            }
        }
    }

    /// Another task drives: the connection's own, which is started where there is none.
    pub(super) fn rely_on_keeper(&mut self, after: &mut After, sends_itself: bool) {
        self.keeper.need(after);
        if sends_itself {
            self.send(after);
        }
        let is_late = |at| self.watched.is_none_or(|watched| at < watched);
        if self.client.poll_timeout().is_some_and(is_late) || self.unsent() > 0 {
            self.keeper.wake(after);
        }
    }

    pub(super) fn wake_all(&mut self, after: &mut After) {
        after.wake(self.waiters.wakers().chain(self.senders.wakers()).cloned());
    }

    /// How a call stands that is not answered.
    pub(super) fn sending(&mut self, ticket: Ticket) -> Sending {
        let Some(id) = ticket.connection else { return Sending::Over(Err(CallFailure::Lost(CloseReason::Transport))) };
        if self.client.connection(id).is_none_or(|machine| machine.is_closed()) {
            let known = self.over.iter().find(|(over, _)| *over == id).map(|(_, reason)| reason.clone());
            return Sending::Over(Err(CallFailure::Lost(known.unwrap_or(CloseReason::Transport))));
        }
        if !self.client.is_ready(id) {
            return Sending::Held;
        }
        let Some(link) = self.links.iter().find(|link| link.id == id) else { return Sending::Over(Ok(())) };
        match link.unsent(&mut self.client) {
            0 => Sending::Over(Ok(())),
            unsent => Sending::Until(link.mark(unsent)),
        }
    }

    /// Opens the sockets that the client wants, and sees to its datagrams.
    fn connect(&mut self, cx: &mut Context<'_>, after: &mut After) {
        loop {
            while let Some((id, target)) = self.client.poll_connect() {
                // It may be the connection's second one: the server speaks another protocol, or it was lost.
                self.cut(id, after);
                // That of the former socket may belong to a runtime that has ended.
                (self.timer, self.alarm) = (R::timer(), None);
                self.links.push(Link::to(id, target, self.version));
            }
            let heard = self.broadcasts.step(&mut self.client, cx);
            if !self.go_on(cx) && !heard {
                return;
            }
        }
    }

    /// Goes on connecting; true when that has come to an end for any.
    fn go_on(&mut self, cx: &mut Context<'_>) -> bool {
        let mut ended = false;
        let mut at = 0;
        while let Some(link) = self.links.get_mut(at) {
            let id = link.id;
            match link.poll_connected(cx) {
                Poll::Pending => {
                    at += 1;
                    continue;
                }
                Poll::Ready(Ok(())) => {
                    at += 1;
                    self.keeper.forget_end();
                    self.client.connected(Instant::now(), id, None);
                }
                Poll::Ready(Err(error)) => {
                    self.links.remove(at);
                    self.client.failed(Instant::now(), id, &error);
                }
            }
            ended = true;
        }
        ended
    }

    /// Sends until there is nothing left, or no room.
    fn flush(&mut self, cx: &mut Context<'_>, after: &mut After) {
        while self.client.poll_connection().is_some() {}
        for link in &mut self.links {
            link.flush(&mut self.client, &mut self.senders, cx, after);
        }
    }

    /// Reads once from each; false when there was nothing.
    fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        let mut received = false;
        for link in &mut self.links {
            received |= link.receive(&mut self.client, cx);
        }
        received
    }

    /// Does what is due; false when nothing was.
    fn look_at_clock(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(at) = self.client.poll_timeout() else { return false };
        let now = Instant::now();
        if at > now {
            if self.alarm.is_none_or(|alarm| at < alarm) {
                self.timer.set(at);
                self.alarm = Some(at);
            }
            if self.timer.poll(cx).is_pending() {
                self.watched = self.alarm;
                return false;
            }
            self.alarm = None;
        }
        self.client.handle_timeout(now);
        true
    }

    /// Sorts what has happened, and gives the end of one call if it has come.
    pub(super) fn collect(&mut self, wanted: Option<CallId>, after: &mut After) -> Option<Answer> {
        let mut found = None;
        while let Some(event) = self.client.poll_event() {
            match event {
                ProxyEvent::Done { id, result, annotations } if Some(id) == wanted => {
                    found = Some((result, annotations));
                }
                ProxyEvent::Done { id, result, annotations } => {
                    after.wake(self.waiters.done(id, (result, annotations)));
                }
                ProxyEvent::Closed { connection, reason } => {
                    after.wake(self.senders.lost(connection, &reason));
                    self.links.retain(|link| link.id != connection);
                    self.over.truncate(KNOWN - 1);
                    self.over.push_front((connection, reason));
                }
                ProxyEvent::Naming { step, .. } => {
                    if let Some(watch) = &self.watch {
                        watch(&step);
                    }
                }
                _ => {}
            }
        }
        while let Some(id) = self.lost() {
            self.cut(id, after);
        }
        found
    }

    /// A connection that has lost its socket, and will be made again.
    fn lost(&self) -> Option<ConnId> {
        let mut lost = self.links.iter().filter(|link| link.is_up() && !self.client.is_connected(link.id));
        lost.next().map(|link| link.id)
    }

    /// Drops the socket of a connection.
    fn cut(&mut self, id: ConnId, after: &mut After) {
        let Some(at) = self.links.iter().position(|link| link.id == id) else { return };
        if self.links.remove(at).is_up() {
            after.wake(self.senders.cut(id));
        }
    }
}
