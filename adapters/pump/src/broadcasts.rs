//! The datagrams with which a client looks for a name server.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Instant;

use firesteel_proto::{Client, Datagram};

/// The socket for a client's datagrams, which is there while it is needed.
///
/// Make it with [`new`](Self::new), and call [`step`](Self::step) in each turn of the loop. Between two turns, wait for
/// [`socket`](Self::socket) too, where it is there.
#[derive(Debug, Default)]
pub struct Broadcasts(Option<UdpSocket>);

impl Broadcasts {
    /// None yet; tells the client that datagrams can be sent.
    pub fn new(client: &mut Client) -> Self {
        client.allow_broadcasts();
        Self(None)
    }

    /// The socket, while answers are waited for. It is non-blocking, and new for each search.
    pub fn socket(&self) -> Option<&UdpSocket> {
        self.0.as_ref()
    }

    /// True while there is something to [`step`](Self::step) for.
    pub fn is_needed(&self, client: &Client) -> bool {
        self.0.is_some() || client.wants_datagrams()
    }

    /// Sends what the client has to send, and takes what has come. It costs nothing while it is not
    /// [needed](Self::is_needed).
    pub fn step(&mut self, client: &mut Client, now: Instant) {
        if self.is_needed(client) {
            self.exchange(client, now);
        }
    }

    fn exchange(&mut self, client: &mut Client, now: Instant) {
        while let Some(datagram) = client.poll_datagram() {
            if let Err(error) = self.send(&datagram) {
                client.datagram_failed(now, &datagram, error);
            }
        }
        let mut buffer = [0; 1024];
        while client.wants_datagrams()
            && let Some(socket) = &self.0
        {
            match socket.recv_from(&mut buffer) {
                Ok((n, from)) => client.handle_datagram(now, from, &buffer[..n]),
                // An earlier datagram met a closed port, or there is nothing more.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(_) => return,
            }
        }
        if !client.wants_datagrams() {
            self.0 = None;
        }
    }

    fn send(&mut self, datagram: &Datagram) -> io::Result<()> {
        let socket = match &mut self.0 {
            Some(socket) => socket,
            none => none.insert(broadcast_socket()?),
        };
        let mut addresses = (datagram.host.as_str(), datagram.port).to_socket_addrs()?;
        let address = addresses.find(SocketAddr::is_ipv4).ok_or(ErrorKind::AddrNotAvailable)?;
        socket.send_to(datagram.data, address).map(|_| ())
    }
}

/// A socket for a client's datagrams: non-blocking, of IPv4, on a free port, and with leave to broadcast.
///
/// # Errors
/// The system's own.
pub fn broadcast_socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_broadcast(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
