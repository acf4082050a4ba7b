//! Sees to what no connection sees to: new ones, time, answers from elsewhere, and the end.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use firesteel_proto::Job;

use super::Stop;
use super::hub::{Hub, State};
use crate::runtime::{Listener, Runtime, Timer};

/// Connections accepted in one go.
const ACCEPTS: usize = 64;
/// How long listeners rest when the system has no more descriptors or memory.
const REST: Duration = Duration::from_millis(100);
/// Calls that a task runs before others have their turn.
const CALLS: usize = 64;

pub(crate) struct Keeper<R: Runtime> {
    hub: Arc<Hub<R>>,
    stop: Arc<Stop>,
    timer: R::Timer,
    /// What the timer is set to.
    set: Option<Instant>,
    /// Listeners accept again then.
    resting: Option<Instant>,
}

impl<R: Runtime> Keeper<R> {
    pub(crate) fn new(hub: Arc<Hub<R>>, stop: Arc<Stop>) -> Self {
        Self { hub, stop, timer: R::timer(), set: None, resting: None }
    }

    /// Begins the shutdown if it was asked for; true when it is over.
    fn is_over(&self, state: &mut State) -> bool {
        let mut listeners = self.hub.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(grace) = self.stop.take() {
            listeners.clear();
            state.daemon.shutdown(Instant::now(), grace);
        }
        let is_deserted = listeners.is_empty() && state.daemon.is_idle();
        state.is_over || state.daemon.is_drained() || is_deserted
    }

    /// Takes those in who wait; true when more may.
    fn accept(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        if self.resting.is_some_and(|until| now < until) {
            return false;
        }
        self.resting = None;
        let mut listeners = self.hub.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let mut more = false;
        for listener in listeners.iter_mut() {
            let mut left = ACCEPTS;
            while left > 0 {
                left -= 1;
                match listener.poll_accept(cx) {
                    // A refused client sees its connection closed.
                    Poll::Ready(Ok((socket, peer))) => drop(self.hub.open(socket, peer)),
                    Poll::Ready(Err(error)) if is_passing(&error) => {}
                    Poll::Ready(Err(_)) => {
                        // No descriptors or memory left: try again when some may have come free.
                        self.resting = Some(Instant::now() + REST);
                        return false;
                    }
                    Poll::Pending => break,
                }
            }
            more |= left == 0;
        }
        more
    }

    /// Does what is due. Calls are run elsewhere, so that they hold up nobody who connects.
    fn step(&self, state: &mut MutexGuard<'_, State>, now: Instant) -> Vec<Job> {
        state.daemon.handle_timeout(now);
        let jobs = std::iter::from_fn(|| state.daemon.next_job(now)).collect();
        state.announce(None);
        jobs
    }
}

/// What concerns one client alone.
fn is_passing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
    matches!(error.kind(), ConnectionAborted | Interrupted | WouldBlock)
}

impl<R: Runtime> Future for Keeper<R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let hub = Arc::clone(&this.hub);
        hub.bell.wakes(cx.waker());
        let now = Instant::now();
        let more = this.accept(cx, now);
        let mut state = hub.lock();
        let is_over = this.is_over(&mut state);
        let jobs = this.step(&mut state, now);
        // Steps may have ended the last session.
        let is_over = is_over || this.is_over(&mut state);
        let next = [state.daemon.poll_timeout(), this.resting].into_iter().flatten().min();
        state.armed = next;
        hub.let_go(state);
        for job in jobs {
            R::spawn(Errand { hub: Arc::clone(&hub), job: Some(job) });
        }
        if is_over {
            return Poll::Ready(());
        }
        if more || next.is_some_and(|at| at <= now) {
            cx.waker().wake_by_ref();
        } else if let Some(at) = next {
            if this.set != next {
                this.timer.set(at);
                this.set = next;
            }
            if this.timer.poll(cx).is_ready() {
                this.set = None;
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }
}

/// A call that became possible through something else than a connection, and what becomes possible by it.
struct Errand<R: Runtime> {
    hub: Arc<Hub<R>>,
    job: Option<Job>,
}

impl<R: Runtime> Future for Errand<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let hub = Arc::clone(&self.hub);
        let (mut now, mut calls, mut child) = (Instant::now(), CALLS, None);
        let mut state = hub.lock();
        if let Some(job) = self.job.take() {
            state = hub.run_call(state, cx, job, &mut child);
        }
        let mut ran = true;
        while ran && calls > 0 {
            state.announce(None);
            (state, ran) = hub.run_calls(state, cx, (&mut now, &mut calls), &mut child);
        }
        hub.release(state);
        if let Some(child) = child {
            R::spawn(child);
        }
        if calls > 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
