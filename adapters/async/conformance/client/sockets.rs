//! The sockets that a proxy uses.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use firesteel_async::Connector;
use firesteel_proto::{CallError, CallFailure, CloseReason, Config};

use super::support::{proxy, start, until};
use super::thing::Hosted;
use crate::{R, run};

#[test]
fn two_objects_share_a_socketpair() {
    run(|| async {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let server = Hosted::on(theirs);
        let thing = Connector::<R>::new(Config::default()).adopt("thing", ours).expect("a socket");
        let other = thing.share("other").expect("the same socket");
        let stranger = thing.share("stranger").expect("the same socket");
        assert_eq!(thing.bind().await, Ok(false), "there is no handshake");
        assert_eq!(thing.handshake_answer().await, Ok(None));
        assert_eq!(thing.call::<i64>("echo", &(1,)).await, Ok(1));
        assert_eq!(other.call::<i64>("echo", &(2,)).await, Ok(2));
        assert!(matches!(stranger.call::<i64>("echo", &(3,)).await, Err(CallFailure::Fault(_))));
        assert_eq!(thing.metadata().await.expect("the daemon knows").attributes, ["level"]);
        let calls: Vec<_> =
            (0..32).map(|n| start(if n % 2 == 0 { &thing } else { &other }.call::<i64>("echo", &(n,)))).collect();
        for (n, call) in (0..).zip(calls) {
            assert_eq!(call.await, Ok(n));
        }
        let waits = start(thing.call::<String>("hold", &()));
        server.board.wait_for_held(1).await;
        server.stop();
        assert!(matches!(waits.await, Err(CallFailure::Lost(_))));
        // There is no other socket.
        assert_eq!(thing.call::<i64>("echo", &(1,)).await, Err(CallFailure::Misuse(CallError::Closed)));
        assert_eq!(other.notify("note", &("x",)).await, Err(CallFailure::Misuse(CallError::Closed)));
        assert_eq!(thing.reconnect(5).await, Err(CallFailure::Misuse(CallError::Closed)));
        assert_eq!(thing.share("other").err(), Some(CallError::Closed));
    });
}

#[test]
fn unix_sockets_and_ipv6_are_as_good() {
    run(|| async {
        let path =
            std::env::temp_dir().join(format!("firesteel-async-{}-{:?}", std::process::id(), thread::current().id()));
        for address in [format!("./u:{}", path.display()), "[::1]:0".to_owned(), "localhost:0".to_owned()] {
            let server = Hosted::at(&address);
            let proxy = proxy(&server.uri);
            assert_eq!(proxy.call::<i64>("echo", &(1,)).await, Ok(1), "{address}");
            proxy.close();
            assert_eq!(proxy.call::<i64>("echo", &(2,)).await, Ok(2), "{address}");
        }
    });
}

#[test]
fn abstract_names_are_connected_to() {
    run(|| async {
        let name = format!("firesteel-async-{}-{:?}", std::process::id(), thread::current().id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixListener::bind_addr(&address).expect("bound");
        let proxy = proxy(&format!("PYRO:thing@./u:\0{name}"));
        let call = start(proxy.call::<i64>("echo", &(7,)));
        let accepting = thread::spawn(move || listener.accept().expect("a client").0);
        until("a client", || accepting.is_finished()).await;
        let _server = Hosted::on(accepting.join().expect("no panic"));
        assert_eq!(call.await, Ok(7));
    });
}

#[test]
fn a_full_queue_of_a_unix_listener_is_waited_for() {
    run(|| async {
        let name = format!("firesteel-full-{}-{:?}", std::process::id(), thread::current().id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixListener::bind_addr(&address).expect("bound");
        let mut queue = Vec::new();
        loop {
            let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).expect("a socket");
            socket.set_nonblocking(true).expect("a live descriptor");
            if socket.connect(&socket2::SockAddr::unix(format!("\0{name}")).expect("a name")).is_err() {
                break;
            }
            queue.push(socket);
        }
        let mut config = Config::default();
        config.handshake_timeout = Duration::from_millis(60);
        let proxy = Connector::<R>::new(config).proxy(&format!("PYRO:thing@./u:\0{name}")).expect("a URI");
        assert_eq!(proxy.ping().await, Err(CallFailure::Lost(CloseReason::Timeout)));
        drop((queue, listener));
        assert!(matches!(proxy.ping().await, Err(CallFailure::Lost(CloseReason::Unreachable(_)))));
    });
}
