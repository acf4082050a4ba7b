//! Where names are kept: the trait [`Storage`], and what is kept.

mod listing;
mod memory;
mod reply;
#[cfg(feature = "sqlite")]
mod sqlite;
mod table;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub use listing::{Item, Listing};
pub use memory::Memory;
pub(crate) use reply::Then;
pub use reply::{Later, Reply, Slot, wait};
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;

use crate::OBJECT;

/// Keeps names. [`Memory`] and `Sqlite` (feature `sqlite`) are here; others are made by implementing this.
///
/// Each method answers through its [`Reply`]: at once, where that takes no more than a look into memory, or
/// [later](Reply::later) from a thread of the storage's own. It never waits, as it runs in the server's loop.
///
/// A call takes effect at one moment between its beginning and its answer, and what was answered is kept: however the
/// process ends, where the storage is a lasting one. Many names may be removed one by one. The answers of two calls may
/// overtake each other.
///
/// Names are compared by their Unicode code points.
pub trait Storage: Send + Sync + 'static {
    /// How many names there are.
    fn count(&self, reply: Reply<'_, usize>);

    /// What is known of a name.
    fn lookup(&self, name: &str, reply: Reply<'_, Option<Arc<Entry>>>);

    /// Takes a name in. What was known of it before is gone, tags included. False where it is taken and `mode` says that
    /// it must not be.
    fn register(&self, name: &str, entry: Entry, mode: Mode, reply: Reply<'_, bool>);

    /// Replaces the tags of a name; false where there is no such name.
    fn set_tags(&self, name: &str, tags: Tags, reply: Reply<'_, bool>);

    /// Removes names, and tells how many there were. The entry of the [name server itself](OBJECT) stays, whatever is asked
    /// for.
    fn remove(&self, what: Removal, reply: Reply<'_, usize>);

    /// Names and what is known of them, sorted by name, as of one moment.
    fn list(&self, filter: Filter, reply: Reply<'_, Listing>);
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The URI, as it was given.
    pub uri: String,
    /// Its metadata tags.
    pub tags: Tags,
}

impl Entry {
    /// A URI with its tags.
    pub fn new(uri: impl Into<String>, tags: Tags) -> Self {
        Self { uri: uri.into(), tags }
    }
}

/// Metadata tags.
pub type Tags = BTreeSet<String>;

/// What to do with a name that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It gets a new meaning.
    Replace,
    /// It keeps the one that it has (Pyro's `safe=True`).
    IfFree,
}

/// Which names to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// These.
    Names(Vec<String>),
    /// All that begin with this.
    Prefix(String),
    /// This one, if its URI still is this one.
    Stale {
        /// The name.
        name: String,
        /// What it stood for.
        uri: String,
    },
}

/// Which names to list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// Every one.
    All,
    /// Those that begin with this.
    Prefix(String),
    /// Those that have all of these tags.
    AllOf(Tags),
    /// Those that have one of these tags, or more.
    AnyOf(Tags),
}

impl Filter {
    /// True when a name with these tags belongs to it.
    pub fn takes(&self, name: &str, tags: &Tags) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
            Self::AllOf(wanted) => wanted.is_subset(tags),
            Self::AnyOf(wanted) => !wanted.is_disjoint(tags),
        }
    }
}

/// Why a storage could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageError(String);

impl StorageError {
    /// With its reason.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }

    pub(crate) fn gone() -> Self {
        Self::new("the storage of names has ended without an answer")
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StorageError {}

/// The name server's own entry stays.
fn may_go(name: &str) -> bool {
    name != OBJECT
}
