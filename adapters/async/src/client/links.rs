//! The sockets of a client's connections: one for each, whatever it is for.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Buf;
use firesteel_proto::{Client, ConnId, Location, Machine, Target};

use super::after::After;
use super::senders::Senders;
use crate::{Runtime, Socket};

/// A connection's socket.
pub(super) struct Link<R: Runtime> {
    pub(super) id: ConnId,
    stage: Stage<R>,
    /// Bytes that were sent on it.
    sent: u64,
}

enum Stage<R: Runtime> {
    Connecting(Connecting<R>),
    Up(R::Socket),
}

type Connecting<R> = Pin<Box<dyn Future<Output = io::Result<<R as Runtime>::Socket>> + Send>>;

/// Chunks in one vectored write.
const SLICES: usize = 16;

impl<R: Runtime> Link<R> {
    /// A socket that is to be connected.
    pub(super) fn to(id: ConnId, target: Target, version: firesteel_proto::IpVersion) -> Self {
        let location = match target {
            Target::Tcp { host, port } => Location::Tcp { host, port },
            Target::Unix(path) => Location::Unix(path),
        };
        Self { id, stage: Stage::Connecting(Box::pin(R::connect(location, version))), sent: 0 }
    }

    /// A socket that is there.
    pub(super) fn up(id: ConnId, socket: R::Socket) -> Self {
        Self { id, stage: Stage::Up(socket), sent: 0 }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up(_))
    }

    /// The end of connecting, once.
    pub(super) fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Stage::Connecting(connecting) = &mut self.stage else { return Poll::Pending };
        let socket = std::task::ready!(connecting.as_mut().poll(cx))?;
        self.stage = Stage::Up(socket);
        Poll::Ready(Ok(()))
    }

    /// Bytes that could be sent now.
    pub(super) fn unsent(&self, client: &mut Client) -> usize {
        if !self.is_up() {
            return 0;
        }
        let Some(mut machine) = client.connection(self.id).filter(Machine::wants_write) else { return 0 };
        machine.poll_transmit().map_or(0, |transmit| transmit.remaining())
    }

    /// What is there to be sent now is sent when so many bytes are.
    pub(super) fn mark(&self, unsent: usize) -> u64 {
        self.sent + unsent as u64
    }

    /// Sends until there is nothing left, or no room.
    pub(super) fn flush(
        &mut self,
        client: &mut Client,
        senders: &mut Senders,
        cx: &mut Context<'_>,
        after: &mut After,
    ) {
        let Stage::Up(socket) = &mut self.stage else { return };
        if senders.waiting() > 0 && client.is_ready(self.id) {
            let unsent = client.connection(self.id).and_then(|mut machine| Some(machine.poll_transmit()?.remaining()));
            senders.mark(self.id, self.sent + unsent.unwrap_or_default() as u64);
        }
        if let Some(mut machine) = client.connection(self.id).filter(Machine::wants_write)
            && send(&mut machine, socket, cx, &mut self.sent).is_err()
        {
            // What the peer said last may still be there to read.
            let _ = receive(&mut machine, socket, cx);
            machine.handle_error(Instant::now());
        }
        if senders.waiting() > 0 {
            after.wake(senders.sent(self.id, self.sent));
        }
    }

    /// Reads once; false when there was nothing.
    pub(super) fn receive(&mut self, client: &mut Client, cx: &mut Context<'_>) -> bool {
        let Stage::Up(socket) = &mut self.stage else { return false };
        let Some(mut machine) = client.connection(self.id) else { return false };
        match receive(&mut machine, socket, cx) {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(_)) => {
                machine.handle_error(Instant::now());
                true
            }
        }
    }
}

fn send(machine: &mut impl Machine, socket: &mut impl Socket, cx: &mut Context<'_>, sent: &mut u64) -> io::Result<()> {
    while let Some(mut transmit) = machine.poll_transmit() {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = transmit.slices(&mut slices);
        match socket.poll_write(cx, &slices[..filled]) {
            Poll::Ready(Ok(0)) => return Err(ErrorKind::WriteZero.into()),
            Poll::Ready(Ok(n)) => {
                transmit.advance(n);
                *sent += n as u64;
            }
            Poll::Ready(Err(error)) => return Err(error),
            Poll::Pending => break,
        }
    }
    Ok(())
}

fn receive(machine: &mut impl Machine, socket: &mut impl Socket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    if !machine.wants_read() {
        return Poll::Pending;
    }
    let n = std::task::ready!(socket.poll_read(cx, machine.input_buf()))?;
    let now = Instant::now();
    match n {
        0 => machine.handle_eof(now),
        n => machine.handle_filled(now, n),
    }
    Poll::Ready(Ok(()))
}
