//! Sockets: those that the client asks for, one for datagrams, and none.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use firesteel_proto::NamingStep;
use rustix::event::PollFlags;

use super::{Line, State, left, wait_for};
use crate::connect::connect;

/// Looks on while a name is searched.
pub(crate) type Watch = Arc<dyn Fn(&NamingStep) + Send + Sync>;

impl Line {
    /// The same, with somebody who looks on while a name is searched.
    pub(crate) fn watched(self, watch: Option<Watch>) -> Self {
        Self { watch, ..self }
    }

    /// Opens the socket that the client wants, and sees to its datagrams. What fails comes back as the end of calls.
    pub(super) fn open(&self, state: &mut State) {
        while let Some((connection, target)) = state.client.poll_connect() {
            // A call's deadline holds for connecting too.
            let deadline = state.client.connect_deadline(connection);
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()).max(LEAST));
            let timeout = left.map_or(self.connect_timeout, |left| left.min(self.connect_timeout));
            match connect(&target, timeout, self.ip_version) {
                Ok(socket) => {
                    // It may be the connection's second one: the server speaks another protocol, or it was lost.
                    let former = state.socket.replace((connection, Arc::new(socket)));
                    if let Some((_, former)) = former.filter(|_| state.reading) {
                        former.shutdown();
                    }
                    state.read_timeout = None;
                    state.client.connected(Instant::now(), connection, None);
                }
                Err(error) => state.client.failed(Instant::now(), connection, &error),
            }
        }
        if state.broadcasts.is_needed(&state.client) {
            state.broadcasts.step(&mut state.client, Instant::now());
        }
    }

    /// Without a socket, nothing can come but timeouts, and answers to datagrams.
    pub(super) fn wait_for_time<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let wait = left(&state).unwrap_or_default();
        if !wait.is_zero() {
            let datagrams = state.broadcasts.socket().and_then(|socket| socket.try_clone().ok());
            match datagrams {
                Some(socket) => {
                    state.reading = true;
                    drop(state);
                    wait_for(&socket, PollFlags::IN, Some(wait));
                    state = self.lock();
                    state.reading = false;
                    if state.waiting > 0 {
                        self.news.notify_all();
                    }
                }
                None => {
                    state.waiting += 1;
                    state = self.news.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
                    state.waiting -= 1;
                }
            }
        }
        state.client.handle_timeout(Instant::now());
        state
    }

    pub(super) fn tell(&self, step: &NamingStep) {
        if let Some(watch) = &self.watch {
            watch(step);
        }
    }
}

/// The shortest time to connect in: none at all is refused by the system's interface.
const LEAST: Duration = Duration::from_millis(1);
