//! What others see of a thread that stays with one session: nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use firesteel_proto::{Args, Blob, CallFailure, Context, Fault, Member, Metadata, Method, Object, Outcome, Shared};

use super::ATTENDED;
use crate::{Connector, Proxy, Server, Stopper};

/// Calls that wait go on when it is set.
struct Thing(Arc<AtomicBool>);

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("nop").shared(),
        Method::new("wait").shared(),
        Method::new("length").shared(),
        Method::new("later").shared(),
        Method::new("bytes").shared(),
    ],
    &[],
);

impl Object for Thing {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call(&mut self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        self.call_shared(cx, member, args)
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, args: Args<'_>) -> Outcome {
        match member {
            Member::Method("nop") => cx.answer(&()),
            Member::Method("wait") => {
                let limit = Instant::now() + PATIENCE;
                while !self.0.load(Ordering::SeqCst) && Instant::now() < limit {
                    thread::sleep(Duration::from_millis(1));
                }
                cx.answer(&())
            }
            Member::Method("length") => {
                let (data,): (Blob,) = args.bind(&["data"])?;
                cx.answer(&data.len())
            }
            Member::Method("bytes") => {
                let (n,): (usize,) = args.bind(&["n"])?;
                cx.answer(&Blob::from(vec![7; n]))
            }
            Member::Method("later") => {
                let (responder, deferred) = cx.defer();
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(20));
                    responder.reply(&"late");
                });
                Ok(deferred.into())
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

/// Ends what hangs.
const PATIENCE: Duration = Duration::from_secs(60);

struct Stage {
    go: Arc<AtomicBool>,
    uri: String,
    stopper: Stopper,
    server: JoinHandle<std::io::Result<()>>,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    fn new(threads: usize) -> Self {
        // The count is one for all.
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let objects = Shared::new();
        let go = Arc::new(AtomicBool::new(false));
        objects.register("thing", Thing(Arc::clone(&go))).expect("a free id");
        let mut server = Server::shared("127.0.0.1:0", &objects, threads).expect("a free port");
        let (uri, stopper) = (server.uri("thing").to_string(), server.stopper());
        let server = thread::spawn(move || {
            let result = server.run_threads(threads);
            assert_eq!(server.daemon.counters().sessions, 0);
            result
        });
        Self { go, uri, stopper, server, _turn: turn }
    }

    fn proxy(&self) -> Proxy {
        Connector::default().proxy(&self.uri).expect("a uri")
    }

    /// A client with a thread of the server's to itself.
    fn favourite(&self) -> Proxy {
        let proxy = self.proxy();
        let before = ATTENDED.load(Ordering::SeqCst);
        let limit = Instant::now() + PATIENCE;
        while ATTENDED.load(Ordering::SeqCst) == before {
            assert!(Instant::now() < limit, "no thread stays with a client that calls and calls");
            proxy.call::<()>("nop", &()).expect("an answer");
        }
        proxy
    }

    /// A call that takes until [`go`](Self::go) is set.
    fn slow_call(&self, proxy: Proxy) -> JoinHandle<()> {
        thread::spawn(move || proxy.call::<()>("wait", &()).expect("an answer"))
    }

    /// Others are answered while that call runs.
    fn serves_beside(&self, slow: JoinHandle<()>) {
        for _ in 0..50 {
            let proxy = self.proxy().timeout(PATIENCE / 2);
            proxy.call::<()>("nop", &()).expect("an answer");
        }
        assert!(!slow.is_finished());
        self.go.store(true, Ordering::SeqCst);
        slow.join().expect("no panic");
    }

    fn end(self) {
        self.stopper.stop();
        self.server.join().expect("no panic").expect("served");
    }
}

#[test]
fn large_messages_and_several_at_once() {
    let stage = Stage::new(3);
    let proxy = stage.favourite();
    let large = Blob::from(vec![1; 1 << 20]);
    assert_eq!(proxy.call::<usize>("length", &(&large,)).expect("an answer"), 1 << 20);
    let proxy = stage.favourite();
    assert_eq!(proxy.call::<Blob>("bytes", &(3 << 20,)).expect("an answer").len(), 3 << 20);
    let proxy = stage.favourite();
    let pending: Vec<_> = (0..100).map(|_| proxy.start::<()>("nop", &()).expect("started")).collect();
    for call in pending {
        call.wait().expect("an answer");
    }
    drop(proxy);
    stage.end();
}

#[test]
fn answers_that_come_from_elsewhere() {
    let stage = Stage::new(3);
    let proxy = stage.favourite();
    for _ in 0..3 {
        assert_eq!(proxy.call::<String>("later", &()).expect("an answer"), "late");
    }
    stage.end();
}

#[test]
fn others_are_served_while_calls_are_slow() {
    for threads in [2, 3] {
        let stage = Stage::new(threads);
        let (favourite, go) = (stage.favourite(), Arc::clone(&stage.go));
        let busy = thread::spawn(move || {
            while !go.load(Ordering::SeqCst) {
                favourite.call::<()>("nop", &()).expect("an answer");
            }
        });
        stage.serves_beside(stage.slow_call(stage.proxy()));
        busy.join().expect("no panic");
        stage.end();
    }
}

#[test]
fn its_own_slow_call_holds_nobody_up() {
    for threads in [2, 3] {
        let stage = Stage::new(threads);
        stage.serves_beside(stage.slow_call(stage.favourite()));
        stage.end();
    }
}

#[test]
fn a_silent_client_gives_its_thread_back() {
    let stage = Stage::new(2);
    let _silent: Vec<_> = (0..4).map(|_| stage.favourite()).collect();
    stage.serves_beside(stage.slow_call(stage.proxy()));
    stage.end();
}

#[test]
fn the_end_of_either_side() {
    let stage = Stage::new(3);
    for _ in 0..3 {
        drop(stage.favourite());
    }
    stage.proxy().call::<()>("nop", &()).expect("an answer");
    // The server ends while a thread waits in a read.
    let favourite = stage.favourite();
    stage.end();
    let failure = favourite.timeout(PATIENCE).call::<()>("nop", &());
    assert!(matches!(failure, Err(CallFailure::Lost(_))), "{failure:?}");
}
