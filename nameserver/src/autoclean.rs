//! Removing names whose servers are gone (Pyro's `NS_AUTOCLEAN`).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use firesteel_proto::{Location, NAME_SERVER, ObjectId, Uri};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::NameServer;
use crate::storage::{Filter, Removal, Storage, wait};

/// How names are looked after.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Autoclean {
    /// How long from one round to the next (Pyro's `NS_AUTOCLEAN`).
    pub interval: Duration,
    /// How long a server may be unreachable before its names go. Default 20 seconds, as in Pyro.
    pub unreachable: Duration,
    /// How long connecting may take. Default 5 seconds, as in Pyro.
    pub timeout: Duration,
}

impl Autoclean {
    /// Pyro takes nothing shorter.
    pub const MIN_INTERVAL: Duration = Duration::from_secs(3);

    /// A round so often, and the rest as in Pyro.
    pub fn every(interval: Duration) -> Self {
        Self { interval, unreachable: Duration::from_secs(20), timeout: Duration::from_secs(5) }
    }
}

/// Decides which names go, and does nothing by itself: it is told of names, time, and who could be connected to.
///
/// A round is [`begin`](Self::begin), for each place [`found`](Self::found) and [`poll_removal`](Self::poll_removal), and
/// [`end`](Self::end).
#[derive(Debug)]
pub struct Cleaner {
    interval: Duration,
    unreachable: Duration,
    next: Instant,
    /// Names of the round, by their place, with their URIs.
    round: BTreeMap<String, Vec<(String, String)>>,
    /// Those that cannot be reached, with their URIs, and since when.
    since: BTreeMap<(String, String), Instant>,
    due: Vec<Removal>,
}

impl Cleaner {
    /// The first round is one interval from now.
    pub fn new(now: Instant, settings: &Autoclean) -> Self {
        Self {
            interval: settings.interval,
            unreachable: settings.unreachable,
            next: now + settings.interval,
            round: BTreeMap::new(),
            since: BTreeMap::new(),
            due: Vec::new(),
        }
    }

    /// When the next round is due.
    pub fn poll_timeout(&self) -> Instant {
        self.next
    }

    /// Begins a round with all names and their URIs: these places are to be connected to. The names of one server need one
    /// connection. The name server itself is left out, and so is what is no object's URI.
    pub fn begin<N: AsRef<str>, U: AsRef<str>>(&mut self, names: impl IntoIterator<Item = (N, U)>) -> Vec<Location> {
        self.round.clear();
        let (mut places, mut there) = (BTreeMap::new(), BTreeSet::new());
        for (name, uri) in names {
            let (name, uri) = (name.as_ref(), uri.as_ref());
            let Ok(Uri::Pyro { location, .. }) = uri.parse() else { continue };
            if name == NAME_SERVER || name == ObjectId::DAEMON {
                continue;
            }
            let place = location.to_string();
            self.round.entry(place.clone()).or_default().push((name.to_owned(), uri.to_owned()));
            places.insert(place, location);
            there.insert((name.to_owned(), uri.to_owned()));
        }
        // Names that were removed, or mean something else now, begin anew.
        self.since.retain(|known, _| there.contains(known));
        places.into_values().collect()
    }

    /// Whether a place could be connected to.
    pub fn found(&mut self, now: Instant, place: &Location, reachable: bool) {
        for (name, uri) in self.round.remove(&place.to_string()).unwrap_or_default() {
            let known = (name, uri);
            if reachable {
                self.since.remove(&known);
                continue;
            }
            let since = *self.since.entry(known.clone()).or_insert(now);
            if now.saturating_duration_since(since) >= self.unreachable {
                self.since.remove(&known);
                let (name, uri) = known;
                self.due.push(Removal::Stale { name, uri });
            }
        }
    }

    /// What is to be removed, without delay: a server may register there again.
    pub fn poll_removal(&mut self) -> Option<Removal> {
        self.due.pop()
    }

    /// Ends the round.
    pub fn end(&mut self, now: Instant) {
        self.next = now + self.interval;
    }
}

/// A thread looks after the names of a name server until this is dropped. That waits for no connection that is being tried.
#[derive(Debug)]
pub struct AutocleanThread {
    _stop: Sender<()>,
}

/// Places that are tried at once.
const AT_ONCE: usize = 16;

impl NameServer {
    /// Starts a thread that removes names whose servers are gone.
    ///
    /// # Errors
    /// An interval below [`Autoclean::MIN_INTERVAL`] is [`io::ErrorKind::InvalidInput`]; the system has no thread left.
    pub fn autoclean(&self, settings: Autoclean) -> io::Result<AutocleanThread> {
        if settings.interval < Autoclean::MIN_INTERVAL {
            let text = format!("NS_AUTOCLEAN cannot be smaller than {}", Autoclean::MIN_INTERVAL.as_secs());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        // It does not keep the storage open.
        let storage = Arc::downgrade(self.storage());
        let (stop, stopped) = mpsc::channel::<()>();
        let clean = move || {
            let mut cleaner = Cleaner::new(Instant::now(), &settings);
            let left = |cleaner: &Cleaner| cleaner.poll_timeout().saturating_duration_since(Instant::now());
            while stopped.recv_timeout(left(&cleaner)) == Err(RecvTimeoutError::Timeout) {
                round(&mut cleaner, &storage, settings.timeout);
            }
        };
        thread::Builder::new().name("names: autoclean".to_owned()).spawn(clean)?;
        Ok(AutocleanThread { _stop: stop })
    }
}

fn round(cleaner: &mut Cleaner, storage: &Weak<dyn Storage>, timeout: Duration) {
    // A storage that fails now may be there in the next round.
    let listing = storage.upgrade().and_then(|storage| wait(|reply| storage.list(Filter::All, reply)).ok());
    if let Some(names) = listing {
        let names: Vec<_> = names.collect();
        let places = cleaner.begin(names.iter().map(|(name, entry)| (&**name, &entry.uri)));
        let next = AtomicUsize::new(0);
        thread::scope(|threads| {
            let (tell, told) = mpsc::channel();
            for tell in vec![tell; places.len().min(AT_ONCE)] {
                let (places, next) = (&places, &next);
                threads.spawn(move || {
                    while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                        // The other end goes only with this scope.
                        let _ = tell.send((place, can_connect(place, timeout)));
                    }
                });
            }
            for (place, reachable) in told {
                cleaner.found(Instant::now(), place, reachable);
                // At once: the next moment, a server may register there again.
                while let Some(removal) = cleaner.poll_removal() {
                    let _ = storage.upgrade().map(|storage| wait(|reply| storage.remove(removal, reply)));
                }
            }
        });
    }
    cleaner.end(Instant::now());
}

/// Whether somebody listens there.
fn can_connect(place: &Location, timeout: Duration) -> bool {
    match place {
        Location::Tcp { host, port } => {
            let Ok(mut addresses) = (host.as_str(), *port).to_socket_addrs() else { return false };
            addresses.any(|address| TcpStream::connect_timeout(&address, timeout).is_ok())
        }
        Location::Unix(path) => match connect_unix(path) {
            Ok(()) => true,
            // More clients wait than it lets wait: it is there.
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        },
    }
}

fn connect_unix(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn removal(name: &str, uri: &str) -> Removal {
        Removal::Stale { name: name.to_owned(), uri: uri.to_owned() }
    }

    #[test]
    fn names_go_once_their_server_has_been_gone_for_long_enough() {
        let begin = Instant::now();
        let mut cleaner = Cleaner::new(begin, &Autoclean::every(SECOND * 5));
        let names = [
            ("a", "PYRO:a@h:1"),
            ("b", "PYRO:b@h:1"),
            ("c", "PYRO:c@h:2"),
            ("later", "PYRONAME:x"),
            ("Pyro.NameServer", "PYRO:Pyro.NameServer@h:3"),
            ("Pyro.Daemon", "PYRO:Pyro.Daemon@h:3"),
        ];
        let mut round = |seconds: u32, names: &[(&str, &str)], reachable: &[u16]| {
            let now = begin + SECOND * seconds;
            assert_eq!(cleaner.poll_timeout(), now);
            for place in cleaner.begin(names.iter().copied()) {
                let Location::Tcp { port, .. } = place else { panic!("{place}") };
                assert!(port < 3, "{place}");
                cleaner.found(now, &place, reachable.contains(&port));
            }
            let mut removals: Vec<_> = std::iter::from_fn(|| cleaner.poll_removal()).collect();
            removals.reverse();
            cleaner.end(now);
            removals
        };
        assert_eq!(round(5, &names, &[1, 2]), []);
        assert_eq!(round(10, &names, &[2]), []);
        // It comes back, and goes again.
        assert_eq!(round(15, &names, &[1, 2]), []);
        for seconds in [20, 25, 30, 35] {
            assert_eq!(round(seconds, &names, &[2]), []);
        }
        assert_eq!(round(40, &names, &[2]), [removal("a", "PYRO:a@h:1"), removal("b", "PYRO:b@h:1")]);
        // One that means something else now begins anew.
        assert_eq!(round(45, &names[2..3], &[]), []);
        assert_eq!(round(50, &[("c", "PYRO:c@h:1")], &[]), []);
        for seconds in [55, 60, 65] {
            assert_eq!(round(seconds, &[("c", "PYRO:c@h:1")], &[]), []);
        }
        assert_eq!(round(70, &[("c", "PYRO:c@h:1")], &[]), [removal("c", "PYRO:c@h:1")]);
    }

    #[test]
    fn whoever_listens_is_there() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        assert!(can_connect(&address.into(), SECOND * 10));
        drop(listener);
        assert!(!can_connect(&address.into(), SECOND * 10));
        assert!(!can_connect(&Location::Unix("/nowhere/at/all".into()), SECOND));
    }
}
