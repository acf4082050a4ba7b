//! Names in a sqlite file, in the schema of Pyro's name servers.

mod read;
mod schema;
mod write;

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use super::{Entry, Filter, Listing, Mode, Removal, Reply, Storage, StorageError, Tags};
use read::Read;
use write::Write;

/// How long to wait for another program that uses the file, as Python does.
const BUSY: Duration = Duration::from_secs(5);

/// Names in a sqlite file: `-s sql:FILE` of Pyro's name servers, in whose schema it is. Pyro5's and Pyro4's name servers open
/// what this has written, and the other way round, also at the same time.
///
/// A registration that was answered is on the disk. Many that come at once share one transaction, and with it one sync.
/// While it is open, the file is in sqlite's WAL mode where the file system allows that, so that nobody who reads waits for
/// those who write; when the last one closes it, it is one ordinary file again.
///
/// It has three threads of its own: one writes, one looks up, one lists.
pub struct Sqlite {
    writes: Option<Sender<Write>>,
    lookups: Option<Sender<Read>>,
    lists: Option<Sender<Read>>,
    threads: Vec<JoinHandle<()>>,
    /// Outlives those of the threads: the last one to close the file.
    last: Mutex<Connection>,
}

impl Sqlite {
    /// Opens the file, or makes it. An older schema, without metadata, is brought up to date as Pyro does it.
    ///
    /// # Errors
    /// The file cannot be opened or is none of sqlite's; `:memory:`, for which there is [`Memory`](super::Memory).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let path = path.as_ref();
        if path.as_os_str() == ":memory:" {
            let text =
                "We don't support the sqlite :memory: database type. Just use the default volatile in-memory store.";
            return Err(StorageError::new(text));
        }
        let failed =
            |error: rusqlite::Error| StorageError::new(format_args!("cannot open {}: {error}", path.display()));
        let mut last = connect(path).map_err(failed)?;
        schema::prepare(&mut last).map_err(failed)?;
        let mut threads = Vec::new();
        let writes = start(&mut threads, "names: writing", connect(path).map_err(failed)?, write::run)?;
        let lookups = start(&mut threads, "names: looking up", connect(path).map_err(failed)?, read::run)?;
        let lists = start(&mut threads, "names: listing", connect(path).map_err(failed)?, read::run)?;
        Ok(Self { writes: Some(writes), lookups: Some(lookups), lists: Some(lists), threads, last: Mutex::new(last) })
    }

    fn write(&self, write: Write) {
        // A thread that has ended drops it, and whoever asked is told.
        let _ = self.writes.as_ref().map(|writes| writes.send(write));
    }

    fn look(&self, read: Read) {
        let _ = self.lookups.as_ref().map(|lookups| lookups.send(read));
    }
}

/// What was asked for before is done, and the file closed.
impl Drop for Sqlite {
    fn drop(&mut self) {
        (self.writes, self.lookups, self.lists) = (None, None, None);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        schema::leave(self.last.get_mut().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Storage for Sqlite {
    fn count(&self, reply: Reply<'_, usize>) {
        self.look(Read::Count(reply.later()));
    }

    fn lookup(&self, name: &str, reply: Reply<'_, Option<Arc<Entry>>>) {
        self.look(Read::Lookup(name.to_owned(), reply.later()));
    }

    fn register(&self, name: &str, entry: Entry, mode: Mode, reply: Reply<'_, bool>) {
        self.write(Write::Register(name.to_owned(), entry, mode, reply.later()));
    }

    fn set_tags(&self, name: &str, tags: Tags, reply: Reply<'_, bool>) {
        self.write(Write::SetTags(name.to_owned(), tags, reply.later()));
    }

    fn remove(&self, what: Removal, reply: Reply<'_, usize>) {
        self.write(Write::Remove(what, reply.later()));
    }

    fn list(&self, filter: Filter, reply: Reply<'_, Listing>) {
        let _ = self.lists.as_ref().map(|lists| lists.send(Read::List(filter, reply.later())));
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // As Pyro does; and an answered registration survives more than the end of the process.
    connection.execute_batch("PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL")?;
    Ok(connection)
}

fn start<T: Send + 'static>(
    threads: &mut Vec<JoinHandle<()>>,
    name: &str,
    connection: Connection,
    run: fn(Connection, &Receiver<T>),
) -> Result<Sender<T>, StorageError> {
    let (sender, requests) = mpsc::channel();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(connection, &requests));
    threads.push(thread.map_err(StorageError::new)?);
    Ok(sender)
}

/// An error in Pyro's words, which name the method of its class.
fn failed<E: std::fmt::Display>(method: &'static str) -> impl Fn(E) -> StorageError {
    move |error| StorageError::new(format_args!("sqlite error in {method}: {error}"))
}

/// What is greater than all that begin with `prefix`; `None` where nothing is.
fn behind(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_prefix_is_greater_than_all_that_begin_with_it() {
        assert_eq!(behind("ab").as_deref(), Some("ac"));
        assert_eq!(behind("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(behind("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(behind("\u{10ffff}"), None);
        assert_eq!(behind(""), None);
    }
}
