//! A heap of deadlines whose entries may go stale.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// The earlier of two deadlines, if there is any.
pub(crate) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, None) => one,
        (None, other) => other,
    }
}

/// Deadlines by time. Removing is lazy: an entry whose subject is gone is skipped when it comes up,
/// and the heap is rebuilt when most of it is stale, so setting a deadline costs no allocation in
/// the long run.
#[derive(Debug)]
pub(crate) struct Timers<K: Ord> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
    live: usize,
}

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { heap: BinaryHeap::new(), live: 0 }
    }

    /// Wakes for `key` at `at`.
    pub(crate) fn set(&mut self, at: Instant, key: K) {
        self.heap.push(Reverse((at, key)));
        self.live += 1;
    }

    /// One entry has become irrelevant; `is_live` tells which ones still count.
    pub(crate) fn forget(&mut self, is_live: impl Fn(Instant, K) -> bool) {
        self.live = self.live.saturating_sub(1);
        self.prune(&is_live);
        if self.heap.len() > 2 * self.live + 32 {
            self.heap.retain(|Reverse((at, key))| is_live(*at, *key));
            self.live = self.heap.len();
        }
    }

    /// Drops stale entries from the top.
    pub(crate) fn prune(&mut self, is_live: impl Fn(Instant, K) -> bool) {
        while let Some(Reverse((at, key))) = self.heap.peek()
            && !is_live(*at, *key)
        {
            self.heap.pop();
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next entry that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let Reverse((at, key)) = *self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop();
        self.live = self.live.min(self.heap.len());
        Some(key)
    }
}
