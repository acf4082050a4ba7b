//! Names in memory alone: gone with the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::table::Table;
use super::{Entry, Filter, Listing, Mode, Removal, Reply, Storage, Tags, may_go};

/// Names in memory: the default. With the process, they are gone.
///
/// Every call but the going through of a long [`Listing`] is answered at once. That goes through a copy, which costs
/// nothing to make, while others look up and register.
#[derive(Default)]
pub struct Memory {
    table: Mutex<Table>,
}

/// Names that are removed before others get their turn.
const AT_ONCE: usize = 256;

impl Memory {
    /// No names yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, name: &str, entry: Entry, mode: Mode) -> bool {
        let mut table = self.table();
        if mode == Mode::IfFree && table.get(name).is_some() {
            return false;
        }
        table.insert(name, entry);
        true
    }
}

impl Storage for Memory {
    fn count(&self, reply: Reply<'_, usize>) {
        let count = self.table().len();
        reply.now(Ok(count));
    }

    fn lookup(&self, name: &str, reply: Reply<'_, Option<Arc<Entry>>>) {
        let entry = self.table().get(name).cloned();
        reply.now(Ok(entry));
    }

    fn register(&self, name: &str, entry: Entry, mode: Mode, reply: Reply<'_, bool>) {
        reply.now(Ok(self.insert(name, entry, mode)));
    }

    fn set_tags(&self, name: &str, tags: Tags, reply: Reply<'_, bool>) {
        let mut table = self.table();
        let uri = table.get(name).map(|entry| entry.uri.clone());
        let known = uri.is_some();
        if let Some(uri) = uri {
            table.insert(name, Entry { uri, tags });
        }
        drop(table);
        reply.now(Ok(known));
    }

    fn remove(&self, what: Removal, reply: Reply<'_, usize>) {
        let names = match what {
            Removal::Names(names) => names,
            Removal::Prefix(prefix) => {
                let listing = self.table().with_prefix(&prefix);
                listing.map(|(name, _)| name.to_string()).collect()
            }
            Removal::Stale { name, uri } => {
                let mut table = self.table();
                let is_stale = may_go(&name) && table.get(&name).is_some_and(|entry| entry.uri == uri);
                let removed = is_stale && table.remove(&name);
                drop(table);
                return reply.now(Ok(removed.into()));
            }
        };
        let mut removed = 0;
        for some in names.chunks(AT_ONCE) {
            let mut table = self.table();
            removed += some.iter().filter(|name| may_go(name) && table.remove(name)).count();
        }
        reply.now(Ok(removed));
    }

    fn list(&self, filter: Filter, reply: Reply<'_, Listing>) {
        let prefix = if let Filter::Prefix(prefix) = &filter { prefix.as_str() } else { "" };
        let all = self.table().with_prefix(prefix);
        let listing = match filter {
            Filter::All | Filter::Prefix(_) => all,
            tagged => {
                let at_most = all.at_most();
                Listing::new(all.filter(move |(name, entry)| tagged.takes(name, &entry.tags)), at_most)
            }
        };
        reply.now(Ok(listing));
    }
}
