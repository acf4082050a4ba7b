//! The task of one connection: it owns the socket, and runs the calls that come in on it.

use std::future::Future;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Buf;
use firesteel_proto::{Machine, SessionId, Task};

use super::hub::{Hub, State};
use crate::runtime::{Runtime, Socket};

/// Calls that a task runs before others have their turn.
const CALLS: usize = 64;
/// Bytes that a task reads before others have their turn.
const BYTES: usize = 1 << 20;
/// Chunks in one vectored write.
const SLICES: usize = 16;

pub(crate) struct Connection<R: Runtime> {
    hub: Arc<Hub<R>>,
    id: SessionId,
    socket: R::Socket,
    /// The future of a method, which runs right here: its answer goes out without a detour.
    child: Option<Task>,
    is_over: bool,
}

/// How a turn ends.
enum Turn {
    /// Until something comes.
    Wait,
    /// As soon as others had theirs.
    Again,
    /// The connection has ended.
    Over,
}

/// What a socket can take in this turn.
struct Open {
    /// Bytes that may still be read; 0 where there are no more.
    read: usize,
    write: bool,
}

impl<R: Runtime> Connection<R> {
    pub(crate) fn new(hub: Arc<Hub<R>>, id: SessionId, socket: R::Socket) -> Self {
        Self { hub, id, socket, child: None, is_over: false }
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Turn {
        let Self { hub, id, socket, child, .. } = self;
        let (mut now, mut calls) = (Instant::now(), CALLS);
        let mut open = Open { read: BYTES, write: true };
        let mut state = hub.lock();
        if state.is_over {
            return Turn::Over;
        }
        state.seat(*id, cx.waker());
        loop {
            let mut moved = open.read > 0 && receive(&mut state, (*id, socket), cx, now, &mut open);
            let ran;
            (state, ran) = hub.run_calls(state, cx, (&mut now, &mut calls), child);
            moved |= ran;
            moved |= state.announce(Some(*id));
            if state.daemon.session(*id).is_none() {
                state.leave(*id);
                hub.release(state);
                return Turn::Over;
            }
            moved |= open.write && send(&mut state, (*id, socket), cx, now, &mut open);
            let others_first = calls == 0 || open.is_read_up();
            if others_first || !moved {
                hub.release(state);
                return if others_first { Turn::Again } else { Turn::Wait };
            }
        }
    }
}

impl<R: Runtime> Future for Connection<R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if let Some(mut child) = this.child.take()
            && this.hub.bell.quietly(|| child.as_mut().poll(cx)).is_pending()
        {
            this.child = Some(child);
        }
        match this.turn(cx) {
            Turn::Wait => Poll::Pending,
            Turn::Again => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Turn::Over => {
                this.is_over = true;
                if let Some(child) = this.child.take() {
                    // It may be that of a oneway call.
                    R::spawn(child);
                }
                Poll::Ready(())
            }
        }
    }
}

impl<R: Runtime> Drop for Connection<R> {
    fn drop(&mut self) {
        if !self.is_over {
            self.hub.abandon(self.id);
        }
    }
}

impl Open {
    /// So much was read that others have their turn now.
    fn is_read_up(&self) -> bool {
        self.read == 0
    }
}

/// Reads once, if the session wants it; false when there was nothing.
fn receive(
    state: &mut State,
    (id, socket): (SessionId, &mut impl Socket),
    cx: &mut Context<'_>,
    now: Instant,
    open: &mut Open,
) -> bool {
    let Some(mut session) = state.daemon.session(id).filter(Machine::wants_read) else { return false };
    let space = session.input_buf();
    if space.is_empty() {
        return false;
    }
    match socket.poll_read(cx, space) {
        Poll::Pending => return false,
        Poll::Ready(Ok(0)) => session.handle_eof(now),
        Poll::Ready(Ok(n)) => {
            session.handle_filled(now, n);
            open.read = open.read.saturating_sub(n);
        }
        Poll::Ready(Err(_)) => session.handle_error(now),
    }
    true
}

/// Sends what there is; false when there was nothing.
fn send(
    state: &mut State,
    (id, socket): (SessionId, &mut impl Socket),
    cx: &mut Context<'_>,
    now: Instant,
    open: &mut Open,
) -> bool {
    let Some(mut session) = state.daemon.session(id) else { return true };
    let mut moved = false;
    // Until there is none: so the daemon learns that the next output is news.
    while let Some(mut transmit) = session.poll_transmit() {
        // Even where nothing goes out, the daemon has to see to it.
        moved = true;
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = transmit.slices(&mut slices);
        match socket.poll_write(cx, &slices[..filled]) {
            Poll::Ready(Ok(n)) if n > 0 => transmit.advance(n),
            Poll::Pending => {
                open.write = false;
                break;
            }
            Poll::Ready(_) => {
                session.handle_error(now);
                break;
            }
        }
    }
    moved
}
