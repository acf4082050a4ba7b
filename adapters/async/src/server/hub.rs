//! What the tasks of a server share.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use firesteel_proto::{Daemon, DaemonEvent, Job, Machine, Peer, SessionId, Shared, Task};

use super::bell::Bell;
use super::connection::Connection;
use crate::runtime::Runtime;

/// For so long calls run one after the other before their answers are sent.
const TOGETHER: Duration = Duration::from_micros(100);

/// The daemon, and who serves it.
pub(crate) struct Hub<R: Runtime> {
    state: Mutex<State>,
    pub(crate) listeners: Mutex<Vec<R::Listener>>,
    pub(crate) bell: Arc<Bell>,
}

pub(crate) struct State {
    pub(crate) daemon: Daemon<Shared>,
    /// The tasks of the sessions, by their index.
    seats: Vec<Option<(SessionId, Waker)>>,
    /// Tasks to be woken when the lock is free.
    woken: Vec<Waker>,
    /// When the keeper wakes by itself.
    pub(crate) armed: Option<Instant>,
    /// The server is gone.
    pub(crate) is_over: bool,
}

impl<R: Runtime> Hub<R> {
    pub(crate) fn new(mut daemon: Daemon<Shared>) -> Self {
        let bell = Arc::new(Bell::default());
        daemon.set_waker(Arc::clone(&bell).into());
        let here = Arc::clone(&bell);
        daemon.set_spawner(move |task| {
            if let Some(task) = here.take(task) {
                R::spawn(task);
            }
        });
        let state = State { daemon, seats: Vec::new(), woken: Vec::new(), armed: None, is_over: false };
        Self { state: Mutex::new(state), listeners: Mutex::default(), bell }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves a socket, in a task of its own.
    pub(crate) fn open(self: &Arc<Self>, socket: R::Socket, peer: Peer) -> io::Result<SessionId> {
        let mut state = self.lock();
        let id = state.daemon.open(Instant::now(), peer, None).map_err(io::Error::other)?;
        self.release(state);
        R::spawn(Connection::new(Arc::clone(self), id, socket));
        Ok(id)
    }

    /// Runs calls that can start, and their futures as far as they come at once: up to so many calls, and until it is
    /// time to send their answers. True when any ran.
    pub(crate) fn run_calls<'h>(
        &'h self,
        mut state: MutexGuard<'h, State>,
        cx: &mut Context<'_>,
        (now, calls): (&mut Instant, &mut usize),
        child: &mut Option<Task>,
    ) -> (MutexGuard<'h, State>, bool) {
        let (begin, before) = (*now, *calls);
        while *calls > 0 {
            let Some(job) = state.daemon.next_job(*now) else { break };
            *calls -= 1;
            state = self.run_call(state, cx, job, child);
            *now = Instant::now();
            if *now - begin >= TOGETHER {
                break;
            }
        }
        (state, *calls < before)
    }

    /// Runs a call without the lock.
    pub(crate) fn run_call<'h>(
        &'h self,
        state: MutexGuard<'h, State>,
        cx: &mut Context<'_>,
        job: Job,
        child: &mut Option<Task>,
    ) -> MutexGuard<'h, State> {
        self.let_go(state);
        let done = self.bell.during(|| job.run_here());
        while let Some(mut task) = Bell::made() {
            // Most have little to wait for.
            if self.bell.quietly(|| task.as_mut().poll(cx)).is_pending() {
                match child {
                    None => *child = Some(task),
                    Some(_) => R::spawn(task),
                }
            }
        }
        let mut state = self.lock();
        state.daemon.finish(done);
        state
    }

    /// Frees the lock at the end of a step: who has something to do is woken, the keeper too.
    pub(crate) fn release(&self, mut state: MutexGuard<'_, State>) {
        state.announce(None);
        let next = state.daemon.poll_timeout();
        let is_earlier = next.is_some_and(|at| state.armed.is_none_or(|armed| at < armed));
        if is_earlier {
            state.armed = next;
        }
        // The last one out.
        let is_idle = state.daemon.is_idle();
        self.let_go(state);
        if is_earlier || is_idle {
            self.bell.ring();
        }
    }

    /// Frees the lock, and wakes the tasks of sessions that something was noted for.
    pub(crate) fn let_go(&self, mut state: MutexGuard<'_, State>) {
        if state.woken.is_empty() {
            return;
        }
        let woken = std::mem::take(&mut state.woken);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Ends all tasks.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_over = true;
        // Futures that wait are dropped with their sessions.
        let now = Instant::now();
        state.daemon.shutdown(now, Duration::ZERO);
        state.daemon.handle_timeout(now);
        let seats = std::mem::take(&mut state.seats);
        state.woken.extend(seats.into_iter().flatten().map(|(_, waker)| waker));
        self.let_go(state);
        self.bell.ring();
    }

    /// The task of a session was dropped before its end.
    pub(crate) fn abandon(&self, id: SessionId) {
        let mut state = self.lock();
        if let Some(mut session) = state.daemon.session(id) {
            session.handle_error(Instant::now());
        }
        state.leave(id);
        self.release(state);
    }
}

impl State {
    /// The task of a session can be woken from now on.
    pub(crate) fn seat(&mut self, id: SessionId, waker: &Waker) {
        if self.seats.len() <= id.index() {
            self.seats.resize_with(id.index() + 1, || None);
        }
        match &mut self.seats[id.index()] {
            Some((known, seated)) if *known == id => {
                if !seated.will_wake(waker) {
                    seated.clone_from(waker);
                }
            }
            seat => *seat = Some((id, waker.clone())),
        }
    }

    /// The task of a session has ended.
    pub(crate) fn leave(&mut self, id: SessionId) {
        if let Some(seat) = self.seats.get_mut(id.index()) {
            seat.take_if(|(known, _)| *known == id);
        }
    }

    /// Notes whom to wake: sessions with output, those that may be read again, and those that have ended. True when
    /// one's own is among the first two.
    pub(crate) fn announce(&mut self, own: Option<SessionId>) -> bool {
        let mut is_own = false;
        while let Some(id) = self.daemon.poll_session() {
            if own == Some(id) {
                is_own = true;
            } else {
                self.wake(id);
            }
        }
        while let Some(event) = self.daemon.poll_event() {
            match event {
                DaemonEvent::Closed { session, .. } => self.wake(session),
                DaemonEvent::Foreign { session: id, .. } => {
                    // Nobody takes it over.
                    if let Some(mut session) = self.daemon.session(id) {
                        session.close();
                    }
                    self.wake(id);
                }
                _ => {}
            }
        }
        is_own
    }

    fn wake(&mut self, id: SessionId) {
        if let Some(Some((known, waker))) = self.seats.get(id.index())
            && *known == id
        {
            self.woken.push(waker.clone());
        }
    }
}
