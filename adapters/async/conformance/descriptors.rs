// A process that has no more descriptors, included by a test program of each runtime: the limit is the whole process's.

#[test]
fn a_listener_rests_and_goes_on_when_there_are_descriptors_again() {
    run(async {
        let server = Server::bind("127.0.0.1:0").await.expect("a free port");
        let Some(Location::Tcp { port, .. }) = server.local_addr() else { panic!("it listens") };
        let mut running = pin!(server.run());
        // It has made what it needs.
        assert!(poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx).is_pending())).await);
        R::adopt(UnixStream::pair().expect("a pair").0.into()).expect("a socket");
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let limit = getrlimit(Resource::Nofile);
        let filled: Vec<_> = (0..64).map(|_| client.try_clone().expect("a descriptor")).collect();
        // The next one would be the limit itself, as free ones below it are filled.
        let highest = filled.iter().map(AsRawFd::as_raw_fd).max().expect("some");
        let few = Rlimit { current: Some(highest as u64 + 1), maximum: limit.maximum };
        setrlimit(Resource::Nofile, few).expect("lowered");
        client.connect(&std::net::SocketAddr::from(([127, 0, 0, 1], port)).into()).expect("it listens");
        let mut polls = 0;
        let mut wait = async |until: Instant, done: &dyn Fn() -> bool| {
            let mut timer = R::timer();
            timer.set(until);
            poll_fn(|cx| {
                polls += 1;
                assert!(running.as_mut().poll(cx).is_pending(), "it serves");
                if done() { Poll::Ready(()) } else { timer.poll(cx) }
            })
            .await;
            std::mem::take(&mut polls)
        };
        let sessions = || server.daemon().session_count();
        let turns = wait(Instant::now() + Duration::from_millis(350), &|| false).await;
        assert_eq!(sessions(), 0);
        assert!((2..40).contains(&turns), "{turns} turns: it rests, and tries again");
        setrlimit(Resource::Nofile, limit).expect("as before");
        wait(Instant::now() + Duration::from_secs(20), &|| sessions() == 1).await;
        assert_eq!(sessions(), 1, "the client is let in");
    });
}
