//! Waiting for sockets: epoll on Linux, `poll` elsewhere.

#[cfg(target_os = "linux")]
mod epoll;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

#[cfg(target_os = "linux")]
pub(crate) use epoll::Poller;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Poller;

/// What is of interest about a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// A socket that something happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) token: u64,
    /// The peer sends no more, or the socket is broken: read to the end.
    pub(crate) ended: bool,
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::time::Duration;

    use super::Interest;
    use firesteel_pump::Socket;

    macro_rules! tests {
        ($($name:ident: $poller:ty;)*) => {$(
            #[test]
            fn $name() {
                let poller = <$poller>::new().expect("a poller");
                let (one, mut other) = UnixStream::pair().expect("a pair");
                let socket = Arc::new(Socket::from(one));
                socket.set_nonblocking(true).expect("non-blocking");
                let reading = Interest { read: true, write: false };
                poller.add(&socket, 7, reading).expect("added");

                let short = Some(Duration::from_millis(20));
                let long = Some(Duration::from_secs(10));
                let mut ready = Vec::new();
                poller.wait(&mut ready, 4, short).expect("waited");
                assert!(ready.is_empty());

                other.write_all(b"x").expect("written");
                poller.wait(&mut ready, 4, long).expect("waited");
                assert_eq!((ready.len(), ready[0].token, ready[0].ended), (1, 7, false));
                let mut byte = [0];
                assert_eq!((&*socket).read(&mut byte).expect("read"), 1);

                poller.set(&socket, 7, Interest { read: true, write: true }).expect("set");
                ready.clear();
                poller.wait(&mut ready, 4, long).expect("waited");
                assert_eq!(ready.len(), 1, "writable");
                poller.set(&socket, 7, reading).expect("set");

                poller.notify();
                ready.clear();
                poller.wait(&mut ready, 4, long).expect("waited");
                assert!(ready.is_empty(), "notified");

                drop(other);
                ready.clear();
                poller.wait(&mut ready, 4, long).expect("waited");
                assert!(ready[0].ended);

                poller.remove(&socket, 7);
                ready.clear();
                poller.wait(&mut ready, 4, short).expect("waited");
                assert!(ready.is_empty());
            }
        )*};
    }

    tests! {
        the_portable_poller_tells_what_happens: super::portable::Poller;
    }

    #[cfg(target_os = "linux")]
    tests! {
        epoll_tells_what_happens: super::epoll::Poller;
    }
}
