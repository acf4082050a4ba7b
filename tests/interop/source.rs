//! An object that answers with streams, and remembers what it was called with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use firesteel::{Context, Fault, Items, Outcome, Stream, Value, expose};

pub const SOURCE: &str = "test.source";

/// The state is kept by key: each client has its own.
#[derive(Default)]
pub struct Source {
    open: Counts,
    lists: Mutex<BTreeMap<String, Vec<Value>>>,
}

type Counts = Arc<Mutex<BTreeMap<String, i32>>>;

#[expose]
impl Source {
    pub fn count(&self, n: u32) -> Stream {
        Stream::new(0..n)
    }

    pub fn items(&self, values: Vec<Value>) -> Stream {
        Stream::new(values)
    }

    /// Raises instead of its last item.
    pub fn breaks(&self, n: u32) -> Stream {
        let error = Fault::new("builtins.ValueError", "the stream broke");
        Stream::fallible((0..n).map(Ok).chain([Err(error)]))
    }

    /// Its items come from other threads.
    pub fn later(&self, n: u32) -> Stream {
        Stream::from_items(Later(0..n))
    }

    pub fn refuse(&self, n: u32) -> Result<Stream, Fault> {
        if n > 3 { Err(Fault::new("builtins.ValueError", "too many")) } else { Ok(self.count(n)) }
    }

    /// Counts under a key as long as it is there.
    pub fn tracked(&self, key: String) -> Stream {
        Stream::new(Tracked::new(&self.open, key))
    }

    /// How many streams are there under a key.
    pub fn open(&self, key: String) -> i32 {
        count_of(&self.open, &key, 0)
    }

    pub fn append(&self, key: String, value: Value) -> usize {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists.entry(key).or_default();
        list.push(value);
        list.len()
    }

    /// Takes what was appended.
    pub fn take(&mut self, key: String) -> Vec<Value> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).remove(&key).unwrap_or_default()
    }

    pub fn divide(&self, a: i64, #[default(1)] b: i64) -> Result<i64, Fault> {
        a.checked_div(b).ok_or_else(|| Fault::new("builtins.ZeroDivisionError", "division by zero"))
    }

    /// Answered by another thread.
    pub fn soon(&self, cx: &mut Context<'_>, value: Value) -> Outcome {
        let (responder, deferred) = cx.defer();
        thread::spawn(move || responder.reply(&value));
        Ok(deferred.into())
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

/// Items without an end.
struct Tracked {
    counts: Counts,
    key: String,
    n: u32,
}

impl Tracked {
    fn new(counts: &Counts, key: String) -> Self {
        count_of(counts, &key, 1);
        Self { counts: Arc::clone(counts), key, n: 0 }
    }
}

impl Iterator for Tracked {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.n += 1;
        Some(self.n)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        count_of(&self.counts, &self.key, -1);
    }
}

fn count_of(counts: &Counts, key: &str, change: i32) -> i32 {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(key.to_owned()).or_default();
    *count += change;
    *count
}
