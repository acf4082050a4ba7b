//! Tasks, times and numbers for tests on any runtime.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use firesteel_async::{Connector, Proxy, Runtime, Timer};
use firesteel_proto::{CallFailure, Config};

use crate::R;

/// No wait of a test is longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A proxy whose calls do not wait for ever.
pub fn proxy(uri: &str) -> Proxy<R> {
    let mut config = Config::default();
    config.call_timeout = Some(PATIENCE);
    Connector::new(config).proxy(uri).expect("a URI")
}

/// The same without any timeout.
pub fn patient(uri: &str) -> Proxy<R> {
    Proxy::new(uri).expect("a URI")
}

pub async fn sleep(time: Duration) {
    let mut timer = R::timer();
    timer.set(Instant::now() + time);
    poll_fn(|cx| timer.poll(cx)).await;
}

/// What a future gives, if that comes in time; it is dropped otherwise.
pub async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut late) = (pin!(future), pin!(sleep(time)));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        sleep(Duration::from_millis(2)).await;
    }
}

/// Lets other tasks run.
pub async fn pause() {
    let mut over = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut over, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a future once.
pub async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// Polls a future once with a waker that tells whether it was called.
pub fn poll_alone<F: Future + Unpin>(future: &mut F) -> (Poll<F::Output>, Arc<Told>) {
    let told = Arc::new(Told::default());
    let waker = Waker::from(Arc::clone(&told));
    (Pin::new(future).poll(&mut Context::from_waker(&waker)), told)
}

#[derive(Default)]
pub struct Told(Mutex<bool>);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

impl Told {
    pub fn is_woken(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task, and what it gives.
pub struct Task<T>(Arc<Mutex<Shared<T>>>);

struct Shared<T> {
    end: Option<T>,
    over: bool,
    waker: Option<Waker>,
}

/// Starts a task.
pub fn start<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Task<T> {
    struct Over<T>(Arc<Mutex<Shared<T>>>);
    impl<T> Drop for Over<T> {
        fn drop(&mut self) {
            let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            shared.over = true;
            if let Some(waker) = shared.waker.take() {
                waker.wake();
            }
        }
    }
    let shared = Arc::new(Mutex::new(Shared { end: None, over: false, waker: None }));
    let over = Over(Arc::clone(&shared));
    R::spawn(async move {
        let end = future.await;
        over.0.lock().unwrap_or_else(PoisonError::into_inner).end = Some(end);
    });
    Task(shared)
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(end) = shared.end.take() {
            return Poll::Ready(end);
        }
        assert!(!shared.over, "the task has panicked");
        shared.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The class and the text of the remote exception that a call must have ended with.
#[track_caller]
pub fn raised<T: std::fmt::Debug>(result: Result<T, CallFailure>) -> (String, String) {
    match result {
        Err(CallFailure::Fault(fault)) => (fault.class.clone(), fault.message().to_string()),
        other => panic!("expected a remote exception, got {other:?}"),
    }
}

/// Numbers that look random, the same ones in each run.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `max`.
    pub fn below(&mut self, max: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % max
    }
}
