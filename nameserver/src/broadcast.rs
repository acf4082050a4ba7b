//! Telling whoever asks on the network where the name server is.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use firesteel_proto::{Location, Uri};
use socket2::{Domain, Protocol, Socket, Type};

/// The whole of a question (`Pyro5/core.py`, `locate_ns`).
pub const QUESTION: &[u8] = b"GET_NSURI";

/// Answers the question where the name server is. It has no socket: in a loop of one's own, give it what comes to yours.
/// [`BroadcastServer`] is that with a socket and a thread.
///
/// ```
/// use firesteel_nameserver::BroadcastResponder;
///
/// let responder = BroadcastResponder::new("PYRO:Pyro.NameServer@0.0.0.0:9090".parse()?);
/// let answer = responder.answer(b"GET_NSURI", || Some([192, 168, 1, 5].into()));
/// assert_eq!(answer.as_deref(), Some(&b"PYRO:Pyro.NameServer@192.168.1.5:9090"[..]));
/// assert_eq!(responder.answer(b"anything else", || None), None);
/// # Ok::<(), firesteel_proto::CallError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BroadcastResponder {
    uri: Uri,
}

impl BroadcastResponder {
    /// It tells this: the name server's URI without NAT, as whoever hears a broadcast is on this side of the router.
    pub fn new(uri: Uri) -> Self {
        Self { uri }
    }

    /// The answer to a datagram, if it is the question. `interface` is the address of this machine that its sender reaches:
    /// it is told in place of 0.0.0.0.
    pub fn answer(&self, datagram: &[u8], interface: impl FnOnce() -> Option<IpAddr>) -> Option<Vec<u8>> {
        if datagram != QUESTION {
            return None;
        }
        let mut uri = self.uri.clone();
        if let Uri::Pyro { location: Location::Tcp { host, .. }, .. } = &mut uri
            && host == "0.0.0.0"
            && let Some(address) = interface()
        {
            *host = address.to_string();
        }
        // Latin-1, as Pyro reads it. What that cannot say is in no address.
        uri.to_string().chars().map(|c| u8::try_from(c).ok()).collect()
    }
}

/// Answers broadcasts on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct BroadcastServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How long the thread may take to see that it is to end, should nothing wake it.
const WAIT: Duration = Duration::from_secs(2);
/// As much as Python reads of a datagram.
const MAX_DATAGRAM: usize = 100;

impl BroadcastServer {
    /// Listens on a port (Pyro's is 9091; 0 takes a free one) of the address of a host, or of all where it is empty.
    ///
    /// # Errors
    /// The address is not one of this machine, or the port is taken.
    pub fn bind(host: &str, port: u16, responder: BroadcastResponder) -> io::Result<Self> {
        let address = if host.is_empty() {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))
        } else {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let mut found = (host, port).to_socket_addrs()?;
            found.next().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))?
        };
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv4() {
            socket.set_broadcast(true)?;
        }
        // As Pyro: one that ends and begins again does not wait for the port, and several hear the same broadcast.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(WAIT))?;
        let address = socket.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let serve = move || serve(&socket, &responder, &stopped);
        let thread = thread::Builder::new().name("names: broadcasts".to_owned()).spawn(serve)?;
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for BroadcastServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Anything wakes it.
        let here = |ip: IpAddr| if ip.is_ipv4() { IpAddr::from([127, 0, 0, 1]) } else { IpAddr::from([0; 16]) };
        let mut to = self.address;
        if to.ip().is_unspecified() {
            to.set_ip(here(to.ip()));
        }
        let any = SocketAddr::new(if to.is_ipv4() { [0; 4].into() } else { [0; 16].into() }, 0);
        let _ = UdpSocket::bind(any).and_then(|socket| socket.send_to(b"", to));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(socket: &UdpSocket, responder: &BroadcastResponder, stop: &AtomicBool) {
    // One more than an answer needs: a longer datagram is not the question.
    let mut buffer = [0; MAX_DATAGRAM + 1];
    while !stop.load(Ordering::Acquire) {
        // Errors are those of earlier answers, or that nothing came.
        let Ok((n, from)) = socket.recv_from(&mut buffer) else { continue };
        if let Some(answer) = responder.answer(&buffer[..n], || interface_to(from)) {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// The address of the interface through which a peer is reached. Nothing is sent for that.
fn interface_to(peer: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if peer.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((peer.ip(), 53)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn responder(uri: &str) -> BroadcastResponder {
        BroadcastResponder::new(uri.parse().expect("a URI"))
    }

    #[test]
    fn only_the_question_is_answered() {
        let names = responder("PYRO:Pyro.NameServer@10.1.2.3:9090");
        let answer = |datagram: &[u8]| names.answer(datagram, || panic!("it has an address"));
        assert_eq!(answer(b"GET_NSURI").as_deref(), Some(&b"PYRO:Pyro.NameServer@10.1.2.3:9090"[..]));
        for other in [&b""[..], b"GET_NSURI\0", b"GET_NSURI ", b"get_nsuri", b"GET_NSUR"] {
            assert_eq!(answer(other), None);
        }
        let everywhere = responder("PYRO:Pyro.NameServer@0.0.0.0:9090");
        let told = everywhere.answer(QUESTION, || None).expect("an answer");
        assert_eq!(told, b"PYRO:Pyro.NameServer@0.0.0.0:9090");
    }

    #[test]
    fn it_answers_on_a_socket_and_ends() {
        let server = BroadcastServer::bind("", 0, responder("PYRO:Pyro.NameServer@0.0.0.0:9090")).expect("it listens");
        let port = server.local_addr().port();
        let client = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        client.set_read_timeout(Some(Duration::from_secs(20))).expect("it is set");
        let mut buffer = [0; 200];
        for noise in [&b"nonsense"[..], &[0; 5_000], b""] {
            client.send_to(noise, ("127.0.0.1", port)).expect("it is sent");
        }
        client.send_to(QUESTION, ("127.0.0.1", port)).expect("it is sent");
        let n = client.recv(&mut buffer).expect("an answer");
        assert_eq!(&buffer[..n], b"PYRO:Pyro.NameServer@127.0.0.1:9090");
        drop(server);
        BroadcastServer::bind("127.0.0.1", port, responder("PYRO:Pyro.NameServer@127.0.0.1:1"))
            .expect("the port is free");
    }
}
