//! Async methods, called by Pyro's clients, on each async runtime.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use firesteel::{Config, Fault, Shared, Stream, Uri, expose};
use firesteel_testkit::{Python, unique_socket_path};

use crate::hosted::server_config;
use crate::support::TIMEOUT;

#[derive(Default)]
struct Chat {
    log: Mutex<Vec<String>>,
    volume: Mutex<i64>,
    waiting: AtomicUsize,
    open: Mutex<Vec<String>>,
    wakers: Mutex<Vec<Waker>>,
}

impl Chat {
    fn open(&self, name: &str) {
        self.open.lock().expect("no panic").push(name.to_owned());
        self.wakers.lock().expect("no panic").drain(..).for_each(Waker::wake);
    }

    async fn pass(&self, name: &str) {
        poll_fn(|cx| {
            self.wakers.lock().expect("no panic").push(cx.waker().clone());
            let is_open = self.open.lock().expect("no panic").iter().any(|open| open == name);
            if is_open { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

#[expose]
impl Chat {
    pub async fn say(&self, text: &str, #[default(1)] times: usize) -> Result<usize, Fault> {
        if text.is_empty() {
            return Err(Fault::new("builtins.ValueError", "say something"));
        }
        let mut log = self.log.lock().expect("no panic");
        log.extend(std::iter::repeat_n(text.to_owned(), times));
        Ok(log.len())
    }

    pub async fn panic(&self) {
        panic!("on purpose");
    }

    #[attr]
    pub async fn volume(&self) -> i64 {
        5 + *self.volume.lock().expect("no panic")
    }

    #[attr]
    pub async fn set_volume(&self, volume: i64) {
        *self.volume.lock().expect("no panic") = volume - 5;
    }

    pub async fn wait_for(&self, name: &str) -> String {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.pass(name).await;
        format!("through {name}")
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    #[oneway]
    pub async fn open_at_the_bell(&self, name: &str) {
        self.pass("bell").await;
        self.open(name);
    }

    pub fn ring(&self) {
        self.open("bell");
    }

    pub fn lines(&self) -> Stream {
        Stream::new(self.log.lock().expect("no panic").clone())
    }
}

fn config() -> Config {
    server_config()
}

/// Serves while a client of this generation goes through its steps.
macro_rules! serve {
    ($server:ty, $block_on:expr, $address:expr, $generation:expr) => {{
        let (tell, told) = mpsc::channel();
        let address: String = $address;
        let server = thread::spawn(move || {
            $block_on(async move {
                let server = <$server>::shared_with(&address, &Shared::new(), config()).await.expect("a free address");
                server.daemon().register("chat", Arc::new(Chat::default())).expect("a free id");
                tell.send((server.uri("chat"), server.stopper())).expect("somebody waits");
                server.run().await.expect("it runs");
            });
        });
        let (uri, stopper): (Uri, _) = told.recv_timeout(TIMEOUT).expect("it starts");
        let script = Python::script("client_async.py").env("GENERATION", $generation);
        let output = script.arg(uri.to_string().replace('\0', "\\0")).run(TIMEOUT);
        stopper.stop();
        server.join().expect("no panic");
        assert!(output.stdout.ends_with("\nALL OK\n"), "{output:?}");
    }};
}

fn on_tokio(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future);
}

fn on_threads_of_tokio(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(future);
}

#[test]
fn python_calls_async_methods_on_tokio() {
    serve!(firesteel::tokio::Server, on_tokio, "127.0.0.1:0".to_owned(), "5");
    serve!(firesteel::tokio::Server, on_tokio, format!("./u:{}", unique_socket_path()), "5");
    serve!(firesteel::tokio::Server, on_tokio, "127.0.0.1:0".to_owned(), "4");
}

#[test]
fn python_calls_async_methods_on_threads_of_tokio() {
    serve!(firesteel::tokio::Server, on_threads_of_tokio, "127.0.0.1:0".to_owned(), "5");
}

#[test]
fn python_calls_async_methods_on_smol() {
    serve!(firesteel::smol::Server, smol::block_on, "127.0.0.1:0".to_owned(), "5");
    serve!(firesteel::smol::Server, smol::block_on, "127.0.0.1:0".to_owned(), "4");
}

#[test]
#[cfg(target_os = "linux")]
fn python_connects_to_an_abstract_socket() {
    let address = |name: &str| format!("./u:\0firesteel-{name}-{}", std::process::id());
    serve!(firesteel::tokio::Server, on_tokio, address("tokio"), "5");
    serve!(firesteel::smol::Server, smol::block_on, address("smol"), "5");
}
