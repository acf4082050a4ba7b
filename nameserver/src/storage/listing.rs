//! What a listing gives.

use std::fmt;
use std::sync::Arc;

use super::Entry;

/// A name, and what is known of it.
pub type Item = (Arc<str>, Arc<Entry>);

/// Names as of one moment, not yet gone through: that is done by whoever has the time.
pub struct Listing {
    items: Box<dyn Iterator<Item = Item> + Send>,
    at_most: usize,
}

impl Listing {
    /// From what goes through them, and how many it looks at, at most.
    pub fn new(items: impl Iterator<Item = Item> + Send + 'static, at_most: usize) -> Self {
        Self { items: Box::new(items), at_most }
    }

    /// How many there are to look at, at most.
    pub fn at_most(&self) -> usize {
        self.at_most
    }
}

impl Iterator for Listing {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.items.next()
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listing(at most {})", self.at_most)
    }
}
