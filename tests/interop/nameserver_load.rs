//! Many clients at once: what they are told fits one order of what they did, and nobody waits for what takes long.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use firesteel::nameserver::storage::{Entry, Memory, Mode, Storage, wait};
use firesteel::nameserver::{NameServer, StorageKind};
use firesteel::{CallFailure, Dict, Uri, Value};

use crate::hosted::{Hosted, server_config};
use crate::nameserver::{Database, Names};
use crate::support::{Numbers, config, connect, raised};

/// What a client did with a name, and what it was told.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Registered(u64),
    /// A safe registration, and whether it was let in.
    Tried(u64, bool),
    Removed(bool),
    Found(Option<u64>),
}

#[derive(Clone, Copy, Debug)]
struct Step {
    begin: Instant,
    end: Instant,
    deed: Deed,
}

impl Deed {
    /// What the name means after it, if it can have been done when it meant `known`.
    fn after(self, known: Option<u64>) -> Option<Option<u64>> {
        match self {
            Self::Registered(id) => Some(Some(id)),
            Self::Tried(id, true) => known.is_none().then_some(Some(id)),
            Self::Tried(_, false) => known.is_some().then_some(known),
            Self::Removed(was_there) => (known.is_some() == was_there).then_some(None),
            Self::Found(found) => (found == known).then_some(known),
        }
    }
}

/// Whether there is an order in which all that was told is true, where what ended before another began comes before it.
fn is_linearizable(steps: &mut [Step]) -> bool {
    steps.sort_by_key(|step| step.begin);
    // All before `base` are done, and those of `more`; the name means `known`.
    let mut open = vec![(0, Vec::<usize>::new(), None)];
    let mut seen = HashSet::new();
    while let Some((base, more, known)) = open.pop() {
        if base == steps.len() {
            return true;
        }
        let mut left = (base..steps.len()).filter(|at| !more.contains(at)).peekable();
        let mut first_end = steps[base].end;
        while let Some(at) = left.next_if(|at| steps[*at].begin <= first_end) {
            first_end = first_end.min(steps[at].end);
            let Some(after) = steps[at].deed.after(known) else { continue };
            let (mut base, mut more) = (base, more.clone());
            more.push(at);
            more.sort_unstable();
            while more.first() == Some(&base) {
                more.remove(0);
                base += 1;
            }
            if seen.insert((base, more.clone(), after)) {
                open.push((base, more, after));
            }
        }
    }
    false
}

const NAMES: usize = 3;

fn use_names(uri: &str, seed: u64, until: Instant, next_id: &AtomicU64, history: &[Mutex<Vec<Step>>; NAMES]) {
    let proxy = connect(uri, config());
    let mut numbers = Numbers::new(seed);
    proxy.bind().expect("it connects");
    while Instant::now() < until {
        let at = numbers.up_to(NAMES) - 1;
        let name = format!("name{at}");
        let id = next_id.fetch_add(1, Ordering::Relaxed);
        let uri = format!("PYRO:o{id}@h:1");
        let begin = Instant::now();
        let deed = match numbers.up_to(6) {
            1 => {
                proxy.call::<()>("register", &(name, uri)).expect("it is registered");
                Deed::Registered(id)
            }
            2 => match proxy.call::<()>("register", &(name, uri, true)) {
                Ok(()) => Deed::Tried(id, true),
                Err(CallFailure::Fault(fault)) if fault.message().starts_with("name already registered") => {
                    Deed::Tried(id, false)
                }
                Err(other) => panic!("{other}"),
            },
            3 => Deed::Removed(proxy.call::<i64>("remove", &(name,)).expect("a number") == 1),
            _ => match proxy.call::<Uri>("lookup", &(name,)) {
                Ok(Uri::Pyro { object, .. }) => Deed::Found(object[1..].parse().ok()),
                Err(CallFailure::Fault(fault)) if fault.message().starts_with("unknown name") => Deed::Found(None),
                other => panic!("{other:?}"),
            },
        };
        let end = Instant::now();
        history[at].lock().expect("no panic").push(Step { begin, end, deed });
    }
}

fn what_clients_are_told_fits(storage: StorageKind) {
    let names = Names::start(storage);
    let history: [_; NAMES] = std::array::from_fn(|_| Mutex::new(Vec::new()));
    let (next_id, until) = (AtomicU64::new(1), Instant::now() + Duration::from_secs(2));
    thread::scope(|threads| {
        for seed in 1..=8 {
            let (uri, next_id, history) = (&names.uri, &next_id, &history);
            threads.spawn(move || use_names(uri, seed * 77, until, next_id, history));
        }
    });
    for steps in history {
        let mut steps = steps.into_inner().expect("no panic");
        assert!(steps.len() > 20, "only {}", steps.len());
        assert!(is_linearizable(&mut steps), "no order fits: {steps:?}");
        // A lie is found out.
        let found = steps.iter_mut().rfind(|step| matches!(step.deed, Deed::Found(_))).expect("a look-up");
        found.deed = Deed::Found(Some(u64::MAX));
        assert!(!is_linearizable(&mut steps));
    }
}

#[test]
fn what_eight_clients_are_told_fits_one_order() {
    what_clients_are_told_fits(StorageKind::Memory);
}

#[test]
fn what_eight_clients_are_told_fits_one_order_with_sqlite() {
    let database = Database::new();
    what_clients_are_told_fits(database.storage());
}

fn fill(uri: &str, count: usize) {
    let proxy = connect(uri, config());
    for number in 0..count {
        proxy.call::<()>("register", &(format!("name{number:05}"), "PYRO:o@h:1", false, ["x"])).expect("registered");
    }
}

/// The longest that a lookup takes while something else goes on.
fn slowest_lookup(uri: &str, busy: impl FnOnce() + Send) -> Duration {
    let proxy = connect(uri, config());
    proxy.bind().expect("it connects");
    thread::scope(|threads| {
        let busy = threads.spawn(busy);
        let mut slowest = Duration::ZERO;
        while !busy.is_finished() {
            let begin = Instant::now();
            proxy.call::<Value>("lookup", &("name00001",)).expect("it is there");
            slowest = slowest.max(begin.elapsed());
        }
        busy.join().expect("no panic");
        slowest
    })
}

#[test]
fn nobody_waits_for_a_catastrophic_pattern() {
    let names = Names::start(StorageKind::Memory);
    fill(&names.uri, 100);
    connect(&names.uri, config()).call::<()>("register", &("a".repeat(60), "PYRO:o@h:1")).expect("registered");
    let slowest = slowest_lookup(&names.uri, || {
        let proxy = connect(&names.uri, config());
        for method in ["list", "remove"] {
            for pattern in [r"(a*)*\1b", r"(?:(a|aa)+)+(?=b)", r"(x|a|aa)*\1\1b"] {
                let regex = [("regex".to_owned(), pattern.to_owned())]
                    .into_iter()
                    .collect::<std::collections::BTreeMap<_, _>>();
                let begin = Instant::now();
                let fault = raised(proxy.call_with::<Value>(method, &(), &regex));
                assert_eq!(fault.0, "Pyro5.errors.NamingError");
                assert_eq!(fault.1, "invalid regex: it takes too many steps to match a name");
                assert!(begin.elapsed() < Duration::from_secs(30));
            }
        }
    });
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    assert_eq!(connect(&names.uri, config()).call::<i64>("count", &()), Ok(102));
}

/// If it were gone through in the loop, one lookup or two would get in between.
#[test]
fn nobody_waits_for_a_long_listing() {
    let storage = Memory::new();
    for number in 0..100_000 {
        let entry = Entry::new("PYRO:some.object@localhost:12345", ["some.tag".to_owned()].into());
        wait(|reply| storage.register(&format!("name{number:05}"), entry, Mode::Replace, reply)).expect("registered");
    }
    let mut config = server_config();
    config.limits.max_message = 64 << 20;
    let names = NameServer::new(storage);
    let server = Hosted::local("127.0.0.1:0", config, "Pyro.NameServer", move |_| names);
    let uri = server.uri.to_string();
    let lookups = AtomicU64::new(0);
    let is_done = AtomicBool::new(false);
    thread::scope(|threads| {
        let list = || {
            let proxy = connect(&uri, crate::support::config());
            for arguments in [Value::None, "name".into()] {
                let all: Value = proxy.call("list", &(arguments, (), true)).expect("a listing");
                assert_eq!(all.as_dict().map(Dict::len), Some(100_000));
            }
            is_done.store(true, Ordering::Relaxed);
        };
        threads.spawn(list);
        let proxy = connect(&uri, crate::support::config());
        while !is_done.load(Ordering::Relaxed) {
            proxy.call::<Uri>("lookup", &("name00001",)).expect("it is there");
            lookups.fetch_add(1, Ordering::Relaxed);
        }
    });
    let lookups = lookups.into_inner();
    assert!(lookups > 50, "only {lookups} lookups");
}
