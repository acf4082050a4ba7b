// What every runtime has to do: included by the tests of each, which name it `R` and give `run`.

async fn write_all(socket: &mut impl Socket, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let half = bytes.len().div_ceil(2);
        let slices = [IoSlice::new(&bytes[..half]), IoSlice::new(&bytes[half..])];
        let sent = poll_fn(|cx| socket.poll_write(cx, &slices)).await.expect("sent");
        assert!(sent > 0);
        bytes = &bytes[sent..];
    }
}

async fn read_exact(socket: &mut impl Socket, len: usize) -> Vec<u8> {
    let mut got = vec![0; len];
    let mut filled = 0;
    while filled < len {
        let read = poll_fn(|cx| socket.poll_read(cx, &mut got[filled..])).await.expect("received");
        assert!(read > 0, "the end came early");
        filled += read;
    }
    got
}

/// Talks over both ends, more than the system's buffers hold, and in pieces that come short.
async fn talk(mut here: <R as Runtime>::Socket, mut there: <R as Runtime>::Socket) {
    for len in [1, 3, 5] {
        write_all(&mut here, &b"hello"[..len]).await;
        assert_eq!(read_exact(&mut there, len).await, b"hello"[..len]);
        write_all(&mut there, b"!").await;
        assert_eq!(read_exact(&mut here, 1).await, b"!");
    }
    let (done, mut told) = (std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)), Vec::new());
    let large: Vec<u8> = (0..4_000_000_u32).map(|i| (i % 251) as u8).collect();
    let (sent, flag) = (large.clone(), std::sync::Arc::clone(&done));
    R::spawn(async move {
        write_all(&mut there, &sent).await;
        flag.store(true, std::sync::atomic::Ordering::Release);
    });
    told.extend(read_exact(&mut here, large.len()).await);
    assert!(told == large, "the same bytes");
    // The other end was dropped with its task.
    assert_eq!(poll_fn(|cx| here.poll_read(cx, &mut [0; 8])).await.expect("the end"), 0);
    assert!(done.load(std::sync::atomic::Ordering::Acquire));
}

async fn meet(address: &str) {
    let mut listener = R::listen(address, IpVersion::Any).await.expect("a free address");
    let location = listener.location().expect("it listens");
    let is_tcp = matches!(location, Location::Tcp { .. });
    let here = R::connect(location.clone(), IpVersion::Any).await.expect("connected");
    let (there, peer) = poll_fn(|cx| listener.poll_accept(cx)).await.expect("accepted");
    assert_eq!((peer.local, peer.address.is_some()), (!is_tcp, is_tcp));
    assert_eq!(peer.handshake, Handshake::Required);
    assert_eq!(there.given_peer().handshake, Handshake::Auto);
    assert_eq!(there.given_peer().address, peer.address);
    talk(here, there).await;
    drop(listener);
    assert!(R::connect(location, IpVersion::Any).await.is_err(), "nobody listens any more");
}

#[test]
fn sockets_of_every_kind() {
    run(async {
        meet("127.0.0.1:0").await;
        meet("[::1]:0").await;
        meet("localhost:0").await;
        let path = std::env::temp_dir().join(format!("firesteel-runtime-{}-{}", module_path!(), std::process::id()));
        meet(&format!("./u:{}", path.display())).await;
        assert!(!path.exists());
        #[cfg(target_os = "linux")]
        meet(&format!("./u:\0firesteel-runtime-{}-{}", module_path!(), std::process::id())).await;
        let (one, other) = UnixStream::pair().expect("a pair");
        talk(R::adopt(one.into()).expect("a socket"), R::adopt(other.into()).expect("a socket")).await;
        assert!(R::listen("nowhere", IpVersion::Any).await.is_err());
        assert!(R::listen("./u:/nowhere/at/all", IpVersion::Any).await.is_err());
    });
}

async fn is_pending(timer: &mut impl Timer) -> bool {
    poll_fn(|cx| std::task::Poll::Ready(timer.poll(cx).is_pending())).await
}

#[test]
fn a_timer_is_ready_once_each_time_that_it_is_set() {
    run(async {
        let mut timer = R::timer();
        assert!(is_pending(&mut timer).await);
        for millis in [20, 5] {
            let at = Instant::now() + Duration::from_millis(millis);
            timer.set(at + Duration::from_secs(60));
            timer.set(at);
            poll_fn(|cx| timer.poll(cx)).await;
            assert!(Instant::now() >= at);
            assert!(is_pending(&mut timer).await);
        }
    });
}

#[test]
fn datagrams_are_heard_one_by_one_and_hosts_have_addresses() {
    run(async {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        socket.set_nonblocking(true).expect("a live descriptor");
        let to = socket.local_addr().expect("an address");
        let mut ears = R::datagrams(socket).expect("a socket");
        let mouth = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let mut buffer = [0; 4];
        for round in 0..3 {
            let nothing = poll_fn(|cx| std::task::Poll::Ready(ears.poll_receive(cx, &mut buffer).is_pending())).await;
            assert!(nothing, "round {round}");
            for text in [&b"one"[..], b"", b"longer than there is room"] {
                mouth.send_to(text, to).expect("sent");
            }
            for text in [&b"one"[..], b"", b"long"] {
                let (n, from) = poll_fn(|cx| ears.poll_receive(cx, &mut buffer)).await.expect("something");
                assert_eq!((&buffer[..n], from), (text, mouth.local_addr().expect("an address")));
            }
        }
        let port = to.port();
        assert_eq!(R::addresses(Wanted::Address(to), IpVersion::V4).await.expect("it is one"), [to]);
        assert_eq!(R::addresses(Wanted::host("localhost", port), IpVersion::V4).await.expect("known"), [to]);
        assert!(R::addresses(Wanted::host("no.such.host.invalid", port), IpVersion::Any).await.is_err());
    });
}
