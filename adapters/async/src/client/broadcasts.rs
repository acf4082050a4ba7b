//! The datagrams with which a client looks for a name server.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use firesteel_proto::{Client, Datagram, IpVersion};
use firesteel_pump::broadcast_socket;

use crate::os::{Wanted, no_address};
use crate::{Datagrams, Runtime};

/// The socket for a client's datagrams, which is there while it is needed.
pub(super) struct Broadcasts<R: Runtime>(Option<Ear<R>>);

struct Ear<R: Runtime> {
    /// What is sent from it never waits.
    mouth: UdpSocket,
    socket: R::Datagrams,
    /// Datagrams whose host is looked up.
    leaving: Vec<(Datagram, Lookup)>,
}

type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

impl<R: Runtime> Broadcasts<R> {
    /// None yet; tells the client that datagrams can be sent.
    pub(super) fn new(client: &mut Client) -> Self {
        client.allow_broadcasts();
        Self(None)
    }

    /// Sends what the client has to send, and takes what has come; false when there was nothing. The task is woken when
    /// there is more.
    pub(super) fn step(&mut self, client: &mut Client, cx: &mut Context<'_>) -> bool {
        if !client.wants_datagrams() {
            self.0 = None;
            return false;
        }
        let mut moved = false;
        while let Some(datagram) = client.poll_datagram() {
            moved = true;
            match self.ear() {
                Ok(ear) => ear.leaving.push((datagram.clone(), lookup::<R>(&datagram))),
                Err(error) => client.datagram_failed(Instant::now(), &datagram, error),
            }
        }
        let Some(ear) = &mut self.0 else { return moved };
        ear.leaving.retain_mut(|(datagram, lookup)| match lookup.as_mut().poll(cx) {
            Poll::Pending => true,
            Poll::Ready(found) => {
                moved = true;
                let first = found.and_then(|found| found.into_iter().next().ok_or_else(no_address));
                if let Err(error) = first.and_then(|address| ear.mouth.send_to(datagram.data, address)) {
                    client.datagram_failed(Instant::now(), datagram, error);
                }
                false
            }
        });
        let mut buffer = [0; 1024];
        while client.wants_datagrams() {
            match ear.socket.poll_receive(cx, &mut buffer) {
                Poll::Ready(Ok((n, from))) => {
                    moved = true;
                    client.handle_datagram(Instant::now(), from, &buffer[..n]);
                }
                // An earlier datagram met a closed port.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                // The round ends in its time.
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        moved
    }

    fn ear(&mut self) -> io::Result<&mut Ear<R>> {
        Ok(match &mut self.0 {
            Some(ear) => ear,
            none => none.insert(Ear::open()?),
        })
    }
}

impl<R: Runtime> Ear<R> {
    fn open() -> io::Result<Self> {
        let mouth = broadcast_socket()?;
        let socket = R::datagrams(mouth.try_clone()?)?;
        Ok(Self { mouth, socket, leaving: Vec::new() })
    }
}

fn lookup<R: Runtime>(datagram: &Datagram) -> Lookup {
    Box::pin(R::addresses(Wanted::host(&datagram.host, datagram.port), IpVersion::V4))
}
