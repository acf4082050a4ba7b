//! Async methods and the ends of servers, on each async runtime, called from blocking threads.

use std::future::Future;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use firesteel::blocking::Connector;
use firesteel::{Args, CallFailure, Config, Context, Fault, Member, Metadata, Method, Object, Outcome, Shared, expose};

const PATIENCE: Duration = Duration::from_secs(30);

/// Its methods wait for others of them.
#[derive(Default)]
struct Waiting {
    doors: Mutex<Vec<(String, door::Door)>>,
    inside: AtomicUsize,
    dropped: Arc<AtomicUsize>,
}

/// Something to wait for, on every runtime.
mod door {
    use std::future::{Future, poll_fn};
    use std::sync::{Arc, Mutex};
    use std::task::{Poll, Waker};

    #[derive(Clone, Default)]
    pub struct Door(Arc<Mutex<(bool, Vec<Waker>)>>);

    impl Door {
        pub fn open(&self) {
            let mut state = self.0.lock().expect("no panic");
            state.0 = true;
            state.1.drain(..).for_each(Waker::wake);
        }

        pub fn pass(&self) -> impl Future<Output = ()> + Send + use<> {
            let state = Arc::clone(&self.0);
            poll_fn(move |cx| {
                let mut state = state.lock().expect("no panic");
                if state.0 {
                    return Poll::Ready(());
                }
                state.1.push(cx.waker().clone());
                Poll::Pending
            })
        }
    }
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Waiting {
    fn door(&self, name: &str) -> door::Door {
        let mut doors = self.doors.lock().expect("no panic");
        match doors.iter().find(|(known, _)| known == name) {
            Some((_, door)) => door.clone(),
            None => {
                doors.push((name.to_owned(), Default::default()));
                doors[doors.len() - 1].1.clone()
            }
        }
    }
}

#[expose]
impl Waiting {
    pub async fn pass(&self, name: &str) -> String {
        let _counted = Counted(Arc::clone(&self.dropped));
        self.inside.fetch_add(1, Ordering::SeqCst);
        self.door(name).pass().await;
        format!("through {name}")
    }

    pub async fn echo(&self, value: i64) -> i64 {
        value
    }

    pub async fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("builtins.KeyError", "on purpose"))
    }

    pub async fn panic(&self) {
        panic!("on purpose");
    }

    #[oneway]
    pub async fn open_when(&self, when: &str, name: &str) {
        self.door(when).pass().await;
        self.door(name).open();
    }

    pub fn open(&self, name: &str) {
        self.door(name).open();
    }

    /// Opens a door from a thread, some milliseconds later.
    pub fn open_later(&self, name: &str, millis: u64) {
        let door = self.door(name);
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(millis));
            door.open();
        });
    }

    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }

    pub fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }
}

/// A server on a thread of its own.
struct Hosted {
    uri: String,
    stop: Box<dyn Fn(Duration)>,
    over: mpsc::Receiver<()>,
}

impl Hosted {
    fn proxy(&self) -> firesteel::blocking::Proxy {
        Connector::new(Config::default()).proxy(&self.uri).expect("a uri").timeout(PATIENCE)
    }

    #[track_caller]
    fn wait(self) {
        self.over.recv_timeout(PATIENCE).expect("it ends");
    }
}

#[track_caller]
fn eventually(mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "it never happens");
        thread::sleep(Duration::from_millis(2));
    }
}

macro_rules! on_runtimes {
    ($($name:ident($server:ty): $block_on:expr;)*) => {$(
        mod $name {
            use super::*;

            fn host() -> Hosted {
                let (tell, told) = mpsc::channel();
                let (end, over) = mpsc::channel();
                thread::spawn(move || {
                    #[allow(clippy::redundant_closure_call)]
                    ($block_on)(async move {
                        let server = <$server>::bind("127.0.0.1:0").await.expect("a free port");
                        server.daemon().register("waiting", Arc::new(Waiting::default())).expect("a free id");
                        let stopper = server.stopper();
                        tell.send((server.uri("waiting").to_string(), stopper)).expect("somebody waits");
                        server.run().await.expect("it runs");
                        let counters = server.daemon().counters();
                        assert_eq!((counters.sessions, counters.deferred), (0, 0), "{counters:?}");
                        end.send(()).expect("somebody waits");
                    });
                });
                let (uri, stopper) = told.recv_timeout(PATIENCE).expect("it starts");
                Hosted { uri, stop: Box::new(move |grace| stopper.stop_within(grace)), over }
            }

            #[test]
            fn callers_wait_and_hold_up_nobody() {
                let hosted = host();
                let (one, other) = (hosted.proxy(), hosted.proxy());
                assert_eq!(one.call::<i64>("echo", &(7,)), Ok(7));
                let calls: Vec<_> =
                    (0..50).map(|n| one.start::<String>("pass", &(format!("{}", n % 2),)).expect("sent")).collect();
                // They overtake each other: firesteel's clients allow that.
                assert_eq!(one.call::<i64>("echo", &(8,)), Ok(8));
                eventually(|| other.call::<usize>("inside", &()) == Ok(50));
                assert_eq!(other.call::<()>("open", &("0",)), Ok(()));
                assert_eq!(other.call::<()>("open", &("1",)), Ok(()));
                for (n, call) in calls.into_iter().enumerate() {
                    assert_eq!(call.wait(), Ok(format!("through {}", n % 2)));
                }
                hosted_ends(hosted);
            }

            #[test]
            fn faults_and_panics_are_raised_at_the_caller() {
                let hosted = host();
                let proxy = hosted.proxy();
                let Err(CallFailure::Fault(fault)) = proxy.call::<()>("fail", &()) else { panic!("it fails") };
                assert!(fault.is("builtins.KeyError"), "{fault}");
                let Err(CallFailure::Fault(fault)) = proxy.call::<()>("panic", &()) else { panic!("it panics") };
                assert!(fault.message().contains("on purpose"), "{fault}");
                assert_eq!(proxy.call::<i64>("echo", &(7,)), Ok(7));
                hosted_ends(hosted);
            }

            #[test]
            fn futures_of_clients_that_are_gone_are_dropped_but_those_of_oneway_calls() {
                let hosted = host();
                let other = hosted.proxy();
                let one = hosted.proxy();
                assert_eq!((one.ping(), other.ping()), (Ok(()), Ok(())));
                let calls: Vec<_> = (0..3).map(|_| one.start::<String>("pass", &("never",)).expect("sent")).collect();
                one.notify("open_when", &("first", "second")).expect("sent");
                let second = other.start::<String>("pass", &("second",)).expect("sent");
                eventually(|| hosted.proxy().call::<usize>("inside", &()) == Ok(4));
                one.close();
                eventually(|| hosted.proxy().call::<usize>("dropped", &()) == Ok(3));
                assert_eq!(hosted.proxy().call::<()>("open", &("first",)), Ok(()));
                assert_eq!(second.wait(), Ok("through second".to_owned()));
                drop(calls);
                hosted_ends(hosted);
            }

            #[test]
            fn a_shutdown_waits_for_futures_for_a_while() {
                let hosted = host();
                let (one, other) = (hosted.proxy(), hosted.proxy());
                assert_eq!((one.ping(), other.ping()), (Ok(()), Ok(())));
                let in_time = one.start::<String>("pass", &("soon",)).expect("sent");
                let late = other.start::<String>("pass", &("never",)).expect("sent");
                eventually(|| hosted.proxy().call::<usize>("inside", &()) == Ok(2));
                hosted.proxy().call::<()>("open_later", &("soon", 300)).expect("an answer");
                let begun = Instant::now();
                (hosted.stop)(Duration::from_millis(1500));
                assert_eq!(in_time.wait(), Ok("through soon".to_owned()));
                assert!(begun.elapsed() < Duration::from_millis(1500), "nobody waits for the others");
                assert!(matches!(late.wait(), Err(CallFailure::Lost(_))));
                assert!(begun.elapsed() >= Duration::from_millis(1500), "the grace is given");
                hosted.wait();
            }

            #[test]
            fn without_a_listener_it_ends_with_its_last_session() {
                let (ours, theirs) = UnixStream::pair().expect("a pair");
                let server = thread::spawn(move || {
                    #[allow(clippy::redundant_closure_call)]
                    ($block_on)(async move {
                        let server = <$server>::unbound(&Shared::new(), Config::default());
                        server.run().await.expect("it is over at once");
                        server.daemon().register("waiting", Arc::new(Waiting::default())).expect("a free id");
                        server.adopt(ours).expect("a socket");
                        server.run().await.expect("it runs");
                    });
                });
                let proxy = Connector::new(Config::default()).adopt("waiting", theirs).expect("a socket");
                assert_eq!(proxy.call::<i64>("echo", &(7,)), Ok(7));
                drop(proxy);
                server.join().expect("no panic");
            }

            #[test]
            fn connections_are_closed_when_the_server_is_dropped() {
                let (tell, told) = mpsc::channel();
                let server = thread::spawn(move || {
                    #[allow(clippy::redundant_closure_call)]
                    ($block_on)(async move {
                        let server = <$server>::bind("127.0.0.1:0").await.expect("a free port");
                        let waiting = Arc::new(Waiting::default());
                        server.daemon().register("waiting", Arc::clone(&waiting)).expect("a free id");
                        tell.send(server.uri("waiting").to_string()).expect("somebody waits");
                        {
                            let mut running = std::pin::pin!(server.run());
                            std::future::poll_fn(|cx| {
                                assert!(running.as_mut().poll(cx).is_pending());
                                if waiting.inside() == 1 {
                                    return std::task::Poll::Ready(());
                                }
                                thread::sleep(Duration::from_millis(1));
                                cx.waker().wake_by_ref();
                                std::task::Poll::Pending
                            })
                            .await;
                        }
                        drop(server);
                        // The runtime goes on for a while.
                        let mut left = 200;
                        std::future::poll_fn(|cx| {
                            left -= 1;
                            thread::sleep(Duration::from_millis(1));
                            cx.waker().wake_by_ref();
                            if left == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                        })
                        .await;
                        assert_eq!(waiting.dropped(), 1, "the future of a call that nobody waits for goes");
                    });
                });
                let uri = told.recv_timeout(PATIENCE).expect("it starts");
                let mut config = Config::default();
                config.max_retries = 0;
                let proxy = Connector::new(config).proxy(&uri).expect("a uri");
                assert_eq!(proxy.call::<i64>("echo", &(7,)), Ok(7));
                let waits = proxy.start::<String>("pass", &("never",)).expect("sent");
                assert!(matches!(waits.wait(), Err(CallFailure::Lost(_))));
                server.join().expect("no panic");
            }

        }
    )*};
}

/// The clients are gone: it is stopped, and ends at once.
#[track_caller]
fn hosted_ends(hosted: Hosted) {
    let begun = Instant::now();
    (hosted.stop)(PATIENCE);
    hosted.wait();
    assert!(begun.elapsed() < PATIENCE, "nobody was waited for");
}

fn on_current_thread(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future);
}

fn on_threads(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build();
    runtime.expect("a runtime").block_on(future);
}

on_runtimes! {
    tokio_current(firesteel::tokio::Server): on_current_thread;
    tokio_multi(firesteel::tokio::Server): on_threads;
    smol_global(firesteel::smol::Server): smol::block_on;
}

/// Answers one call in another, and goes on.
#[derive(Default)]
struct Answering {
    held: Mutex<Option<firesteel::Responder>>,
    taken: AtomicUsize,
}

static ANSWERING: Metadata = Metadata::new(
    &[Method::new("hold").shared(), Method::new("release").shared(), Method::new("took_it").shared()],
    &[],
);

impl Object for Answering {
    fn metadata(&self) -> &Metadata {
        &ANSWERING
    }

    fn call_shared(&self, cx: &mut Context<'_>, member: Member<'_>, _: Args<'_>) -> Outcome {
        match member {
            Member::Method("hold") => {
                let (responder, deferred) = cx.defer();
                *self.held.lock().expect("no panic") = Some(responder);
                Ok(deferred.into())
            }
            Member::Method("release") => {
                let Some(held) = self.held.lock().expect("no panic").take() else { return cx.answer(&false) };
                held.reply(&"released");
                tokio::task::block_in_place(|| eventually(|| self.taken.load(Ordering::SeqCst) == 1));
                cx.answer(&true)
            }
            _ => {
                self.taken.fetch_add(1, Ordering::SeqCst);
                cx.answer(&())
            }
        }
    }
}

#[test]
fn an_answer_leaves_while_the_method_that_gave_it_goes_on() {
    let (tell, told) = mpsc::channel();
    let server = thread::spawn(move || {
        on_threads(async move {
            let mut config = Config::default();
            // No deadline of a handshake wakes the server by chance.
            config.handshake_timeout = 100 * PATIENCE;
            let server = firesteel::tokio::Server::shared_with("127.0.0.1:0", &Shared::new(), config).await;
            let server = server.expect("a free port");
            server.daemon().register("answering", Answering::default()).expect("a free id");
            tell.send((server.uri("answering").to_string(), server.stopper())).expect("somebody waits");
            server.run().await.expect("it runs");
        });
    });
    let (uri, stopper) = told.recv_timeout(PATIENCE).expect("it starts");
    let proxy = || Connector::new(Config::default()).proxy(&uri).expect("a uri").timeout(PATIENCE);
    let (one, other) = (proxy(), proxy());
    let held = one.start::<String>("hold", &()).expect("sent");
    let waits = thread::spawn(move || {
        assert_eq!(held.wait().as_deref(), Ok("released"));
        one.call::<()>("took_it", &()).expect("an answer");
    });
    eventually(|| other.call::<bool>("release", &()) == Ok(true));
    waits.join().expect("no panic");
    stopper.stop();
    server.join().expect("no panic");
}
