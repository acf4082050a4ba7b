//! The object that is called, on a server of `firesteel-blocking` in threads of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use firesteel_blocking::{Server, Socket, Stopper};
use firesteel_proto::{Config, Context, Fault, Outcome, Responder, Shared, Stream, Value, expose, wire::AnnotationKey};

use super::support::until;

/// Shared by the object and the test.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    notes: Vec<String>,
    held: Vec<Responder>,
    calls: usize,
    streams: usize,
}

impl Board {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often `echo` and `hold` have run.
    pub fn calls(&self) -> usize {
        self.change(|state| state.calls)
    }

    /// How many calls of `hold` are held.
    pub fn held(&self) -> usize {
        self.change(|state| state.held.len())
    }

    /// Waits for so many notes.
    pub async fn wait_for_notes(&self, n: usize) -> Vec<String> {
        until("the notes", || self.change(|state| state.notes.len() >= n)).await;
        self.change(|state| state.notes.clone())
    }

    /// Waits until so many calls of `hold` are there.
    pub async fn wait_for_held(&self, n: usize) {
        until("held calls", || self.held() >= n).await;
    }

    /// Waits until the server knows of so many calls of `hold` that nobody waits for them.
    pub async fn wait_for_cancelled(&self, n: usize) {
        let cancelled = |state: &mut State| state.held.iter().filter(|held| held.is_cancelled()).count();
        until("cancelled calls", || self.change(cancelled) >= n).await;
    }

    /// Waits until so many streams are open.
    pub async fn wait_for_streams(&self, n: usize) {
        until("the end of streams", || self.change(|state| state.streams == n)).await;
    }

    /// Answers what is held.
    pub fn release(&self, answer: &str) {
        self.change(|state| std::mem::take(&mut state.held)).into_iter().for_each(|held| held.reply(answer));
    }
}

#[derive(Clone, Default)]
pub struct Thing {
    pub board: Board,
    level: Arc<Mutex<i64>>,
}

#[expose(crate = firesteel_proto)]
impl Thing {
    pub fn echo(&self, value: Value) -> Value {
        self.board.change(|state| state.calls += 1);
        value
    }

    /// Answers when the test says so.
    pub fn hold(&self, cx: &mut Context<'_>) -> Outcome {
        let (responder, deferred) = cx.defer();
        self.board.change(|state| {
            state.calls += 1;
            state.held.push(responder);
        });
        Ok(deferred.into())
    }

    /// Answers after so many milliseconds.
    pub fn later(&self, cx: &mut Context<'_>, millis: u64, value: Value) -> Outcome {
        let (responder, deferred) = cx.defer();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(millis));
            responder.reply(&value);
        });
        Ok(deferred.into())
    }

    pub fn join(&self, first: String, #[default(", ".to_owned())] between: String, last: String) -> String {
        first + &between + &last
    }

    pub fn fail(&self, text: String) -> Result<(), Fault> {
        Err(Fault::new("builtins.ValueError", text))
    }

    #[oneway]
    pub fn note(&self, text: String) {
        self.board.change(|state| state.notes.push(text));
    }

    #[attr]
    pub fn level(&self) -> i64 {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[attr]
    pub fn set_level(&self, level: i64) {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = level;
    }

    pub fn correlation(&self, cx: &Context<'_>) -> u128 {
        u128::from_be_bytes(cx.correlation_id())
    }

    /// Sends back an annotation in another one.
    pub fn annotated(&self, cx: &mut Context<'_>, fails: bool) -> Result<u8, Fault> {
        const ASKED: AnnotationKey = *b"ASKD";
        let asked = cx.annotations().get(ASKED).map(<[u8]>::to_vec).unwrap_or_default();
        cx.annotate(*b"TOLD", asked);
        if fails { Err(Fault::new("builtins.ValueError", "as asked")) } else { Ok(1) }
    }

    pub fn count(&self, n: u32) -> Stream {
        Stream::new(0..n)
    }

    pub fn breaks(&self, n: u32) -> Stream {
        let error = Fault::new("builtins.ValueError", "the stream broke");
        Stream::fallible((0..n).map(Ok).chain([Err(error)]))
    }

    /// Numbers without an end, which are counted while they are there.
    pub fn endless(&self) -> Stream {
        Stream::new(Endless::new(self.board.clone()))
    }
}

struct Endless(Board, u32);

impl Endless {
    fn new(board: Board) -> Self {
        board.change(|state| state.streams += 1);
        Self(board, 0)
    }
}

impl Iterator for Endless {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.1 += 1;
        Some(self.1 - 1)
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.change(|state| state.streams -= 1);
    }
}

/// A server with a `thing` and an `other`. It ends with this.
pub struct Hosted {
    pub uri: String,
    pub board: Board,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Hosted {
    /// On a free port.
    pub fn start() -> Self {
        Self::at("127.0.0.1:0")
    }

    pub fn at(address: &str) -> Self {
        Self::serve(|server| server.listen(address).expect("a free address"))
    }

    /// On one end of a pair.
    pub fn on(socket: impl Into<Socket>) -> Self {
        Self::serve(|server| {
            server.adopt(socket).expect("a socket");
        })
    }

    fn serve(open: impl FnOnce(&mut Server<Shared>)) -> Self {
        const WORKERS: usize = 4;
        let objects = Shared::new();
        let thing = Thing::default();
        let board = thing.board.clone();
        objects.register("other", thing.clone()).expect("a free id");
        objects.register("thing", thing).expect("a free id");
        let mut server = Server::shared_unbound(&objects, WORKERS, Config::default()).expect("a server");
        open(&mut server);
        let (uri, stopper) = (server.uri("thing").to_string(), server.stopper());
        let thread = thread::spawn(move || server.run_threads(WORKERS).expect("served"));
        Self { uri, board, stopper, thread: Some(thread) }
    }

    /// Ends it at once.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stopper.stop_within(Duration::ZERO);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server has not panicked");
        }
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.end();
        }
    }
}
