//! The object that every scenario calls, and the board on which a test sees and steers what it does.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use firesteel::{Blob, Context, Fault, Items, ObjectRef, Outcome, Responder, Stream, Value, expose};

/// No wait of a test is longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Shared by the object and the test.
#[derive(Clone, Default)]
pub struct Board(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    notes: Vec<String>,
    held: VecDeque<Responder>,
    /// Calls inside of `gate`.
    inside: usize,
    open: bool,
    /// Streams of `endless` that are there.
    streams: usize,
    /// Objects of `make` that are there.
    guests: usize,
}

impl Board {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
        result
    }

    /// Waits until `look` finds what it wants.
    #[track_caller]
    fn wait<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = look(&mut state) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain");
            state = self.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn notes(&self) -> Vec<String> {
        self.change(|state| state.notes.clone())
    }

    /// Waits until there are `n` notes.
    #[track_caller]
    pub fn wait_for_notes(&self, n: usize) -> Vec<String> {
        self.wait(|state| (state.notes.len() >= n).then(|| state.notes.clone()))
    }

    /// Waits for a call of `hold`: its answer is the test's affair now.
    #[track_caller]
    pub fn take_held(&self) -> Responder {
        self.wait(|state| state.held.pop_front())
    }

    /// Waits until `n` streams of `endless` are there.
    #[track_caller]
    pub fn wait_for_streams(&self, n: usize) {
        self.wait(|state| (state.streams == n).then_some(()));
    }

    /// Waits until `n` objects of `make` are there.
    #[track_caller]
    pub fn wait_for_guests(&self, n: usize) {
        self.wait(|state| (state.guests == n).then_some(()));
    }

    /// Waits until `n` calls are inside of `gate`.
    #[track_caller]
    pub fn wait_inside(&self, n: usize) {
        self.wait(|state| (state.inside >= n).then_some(()));
    }

    /// Lets calls of `gate` end.
    pub fn open_gate(&self) {
        self.change(|state| state.open = true);
    }
}

/// Lives in any registry: a clone for each.
#[derive(Clone, Default)]
pub struct Thing {
    pub board: Board,
    size: i64,
}

#[expose]
impl Thing {
    pub fn nop(&self) {}

    pub fn echo(&self, value: Value) -> Value {
        value
    }

    pub fn text(&self, text: String) -> String {
        text
    }

    pub fn swap(&self, data: Blob) -> Blob {
        data
    }

    pub fn get(&self, size: usize) -> Blob {
        vec![7; size].into()
    }

    pub fn join(&self, first: String, #[default(", ".to_owned())] between: String, last: Option<String>) -> String {
        first + &between + last.as_deref().unwrap_or("nobody")
    }

    /// The session that the call came on.
    pub fn session(&self, cx: &Context<'_>) -> String {
        format!("{:?}", cx.session())
    }

    pub fn fail(&self, class: String, text: String) -> Result<(), Fault> {
        Err(Fault::new(class, text))
    }

    pub fn panic(&self) {
        panic!("on purpose");
    }

    /// The server closes the connection without a word.
    pub fn hang_up(&self) -> Result<(), Fault> {
        Err(Fault::new("Pyro5.errors.ConnectionClosedError", "on purpose"))
    }

    #[oneway]
    pub fn note(&self, text: String) {
        self.board.change(|state| state.notes.push(text));
    }

    pub fn notes(&mut self) -> Vec<String> {
        self.board.notes()
    }

    /// Answered by a thread of its own, soon.
    pub fn later(&self, cx: &mut Context<'_>, value: Value) -> Outcome {
        let (responder, deferred) = cx.defer();
        thread::spawn(move || responder.reply(&value));
        Ok(deferred.into())
    }

    /// Answered by the test.
    pub fn hold(&self, cx: &mut Context<'_>) -> Outcome {
        let (responder, deferred) = cx.defer();
        self.board.change(|state| state.held.push_back(responder));
        Ok(deferred.into())
    }

    /// Runs until the test opens the gate.
    pub fn gate(&self) -> &'static str {
        self.board.change(|state| state.inside += 1);
        self.board.wait(|state| state.open.then_some(()));
        "through"
    }

    pub fn count(&self, n: u32) -> Stream {
        Stream::new(0..n)
    }

    /// Raises instead of its last item.
    pub fn count_and_fail(&self, n: u32) -> Stream {
        Stream::fallible((0..n).map(Ok).chain([Err(Fault::new("builtins.KeyError", "broken"))]))
    }

    /// The items come from other threads.
    pub fn count_later(&self, n: u32) -> Stream {
        Stream::from_items(Later(0..n))
    }

    pub fn endless(&self) -> Stream {
        self.board.change(|state| state.streams += 1);
        Stream::new(Endless { board: self.board.clone(), n: 0 })
    }

    /// An object for the caller's session.
    pub fn make(&self, cx: &mut Context<'_>, n: i64) -> ObjectRef {
        self.board.change(|state| state.guests += 1);
        cx.register(Guest { n, board: self.board.clone() })
    }

    #[attr]
    pub fn size(&self) -> i64 {
        self.size
    }

    #[attr]
    pub fn set_size(&mut self, size: i64) {
        self.size = size;
    }
}

/// Is on the board as long as it is there.
pub struct Guest {
    n: i64,
    board: Board,
}

#[expose]
impl Guest {
    pub fn number(&self) -> i64 {
        self.n
    }

    pub fn leave(&self, cx: &mut Context<'_>) {
        let own = cx.object_id();
        cx.release(own);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.board.change(|state| state.guests -= 1);
    }
}

struct Later(std::ops::Range<u32>);

impl Items for Later {
    fn next(&mut self, cx: &mut Context<'_>) -> Option<Outcome> {
        let n = self.0.next()?;
        let (responder, deferred) = cx.defer();
        thread::spawn(move || responder.reply(&n));
        Some(Ok(deferred.into()))
    }
}

/// Counts on the board as long as it is there.
struct Endless {
    board: Board,
    n: u32,
}

impl Iterator for Endless {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.n += 1;
        Some(self.n)
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.board.change(|state| state.streams -= 1);
    }
}
