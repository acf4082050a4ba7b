//! Answers of storages, at once or later.

use std::sync::mpsc;

use super::StorageError;

/// Takes the answer of one call of a [`Storage`](super::Storage).
pub struct Reply<'a, T>(&'a mut dyn Slot<T>);

/// Where an answer goes: what stands behind a [`Reply`].
pub trait Slot<T> {
    /// The answer is there at once.
    fn now(&mut self, result: Result<T, StorageError>);

    /// The answer will come.
    fn later(&mut self) -> Later<T>;
}

/// Takes an answer from any thread, at any time. Dropped without one, it tells whoever asked that there will be none.
pub struct Later<T>(Option<Take<T>>);

type Take<T> = Box<dyn FnOnce(Result<T, StorageError>) + Send>;

impl<'a, T> Reply<'a, T> {
    /// Answers go there.
    pub fn to(slot: &'a mut dyn Slot<T>) -> Self {
        Self(slot)
    }

    /// Answers at once.
    pub fn now(self, result: Result<T, StorageError>) {
        self.0.now(result);
    }

    /// Answers later.
    pub fn later(self) -> Later<T> {
        self.0.later()
    }
}

impl<T> Later<T> {
    /// Calls this with the answer.
    pub fn new(take: impl FnOnce(Result<T, StorageError>) + Send + 'static) -> Self {
        Self(Some(Box::new(take)))
    }

    /// Answers.
    pub fn reply(mut self, result: Result<T, StorageError>) {
        if let Some(take) = self.0.take() {
            take(result);
        }
    }
}

impl<T> Drop for Later<T> {
    fn drop(&mut self) {
        if let Some(take) = self.0.take() {
            take(Err(StorageError::gone()));
        }
    }
}

/// Waits for the answer: not in a server's loop.
///
/// ```
/// use firesteel_nameserver::storage::{Memory, Storage, wait};
///
/// assert_eq!(wait(|reply| Memory::new().count(reply)), Ok(0));
/// ```
///
/// # Errors
/// The storage's.
pub fn wait<T: Send + 'static>(ask: impl FnOnce(Reply<'_, T>)) -> Result<T, StorageError> {
    let mut waiting = Waiting { answer: None, coming: None };
    ask(Reply::to(&mut waiting));
    match (waiting.answer, waiting.coming) {
        (Some(answer), _) => answer,
        (None, Some(coming)) => coming.recv().unwrap_or_else(|_| Err(StorageError::gone())),
        (None, None) => Err(StorageError::gone()),
    }
}

struct Waiting<T> {
    answer: Option<Result<T, StorageError>>,
    coming: Option<mpsc::Receiver<Result<T, StorageError>>>,
}

impl<T: Send + 'static> Slot<T> for Waiting<T> {
    fn now(&mut self, result: Result<T, StorageError>) {
        self.answer = Some(result);
    }

    fn later(&mut self) -> Later<T> {
        let (sender, coming) = mpsc::channel();
        self.coming = Some(coming);
        Later::new(move |result| {
            // Whoever waits is there until it comes.
            let _ = sender.send(result);
        })
    }
}

/// Hands the answer on, whenever it comes.
pub(crate) struct Then<T>(Later<T>);

impl<T> Then<T> {
    pub(crate) fn new(later: Later<T>) -> Self {
        Self(later)
    }
}

impl<T: 'static> Slot<T> for Then<T> {
    fn now(&mut self, result: Result<T, StorageError>) {
        self.later().reply(result);
    }

    fn later(&mut self) -> Later<T> {
        Later(self.0.0.take())
    }
}
