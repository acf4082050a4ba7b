//! The object `Pyro.NameServer`: what its methods take and give, as `Pyro5/nameserver.py` and `Pyro4/naming.py` have it.

use std::sync::Arc;

use firesteel_proto::{
    Args, Context, Defaulted, Dialect, Fault, Member, Metadata, Method, Object, Outcome, Responder, Value,
};

use crate::OBJECT;
use crate::answer::{Answer, Told};
use crate::arguments::{
    given, is_given, name_of, name_to_find, pattern_of, prefix_of, tags_of, uri_of, with_all, with_any,
};
use crate::scans::{Found, Scans};
use crate::storage::{Entry, Filter, Item, Later, Listing, Mode, Removal, Reply, Slot, Storage, StorageError, Then};

/// A name server: an object to be hosted by a daemon under the id [`OBJECT`]. Clones are of the same one.
///
/// ```
/// use std::time::Instant;
///
/// use firesteel_nameserver::NameServer;
/// use firesteel_nameserver::storage::Memory;
/// use firesteel_proto::{Config, Daemon, Location};
///
/// let mut config = Config::default();
/// config.location = Some(Location::Tcp { host: "localhost".to_owned(), port: 9090 });
/// let mut daemon: Daemon = Daemon::new(Instant::now(), config);
/// let names = NameServer::new(Memory::new());
/// names.register_in(&mut daemon)?;
/// # Ok::<(), firesteel_nameserver::HostError>(())
/// ```
///
/// What is long to go through is gone through on a thread of its own, and patterns on another one, so that the daemon's
/// loop goes on. Both threads start when they are needed and end with the last clone.
#[derive(Clone)]
pub struct NameServer {
    storage: Arc<dyn Storage>,
    scans: Arc<Scans>,
}

static METADATA: Metadata = Metadata::new(
    &[
        Method::new("count").shared(),
        Method::new("lookup").shared(),
        Method::new("register").shared(),
        Method::new("set_metadata").shared(),
        Method::new("remove").shared(),
        Method::new("list").shared(),
        Method::new("yplookup").shared(),
        Method::new("ping").shared(),
    ],
    &[],
);

/// What is gone through at once, on the daemon's thread.
const SHORT: usize = 100;

impl NameServer {
    /// With its names kept there.
    pub fn new(storage: impl Storage) -> Self {
        Self { storage: Arc::new(storage), scans: Arc::default() }
    }

    /// Where the names are kept.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }
}

impl<W> Object<W> for NameServer {
    fn metadata(&self) -> &Metadata {
        &METADATA
    }

    fn call_shared(&self, cx: &mut Context<'_, W>, member: Member<'_>, args: Args<'_>) -> Outcome<W> {
        match member {
            Member::Method("lookup") => self.lookup(cx, args),
            Member::Method("register") => self.register(cx, args),
            Member::Method("list") => self.list(cx, args),
            Member::Method("yplookup") => self.yplookup(cx, args),
            Member::Method("remove") => self.remove(cx, args),
            Member::Method("set_metadata") => self.set_metadata(cx, args),
            Member::Method("count") => {
                let () = args.bind(&[])?;
                ask(cx, |reply| self.storage.count(reply), |count| Ok(Answer::Count(count)))
            }
            Member::Method("ping") => {
                let () = args.bind(&[])?;
                cx.answer(&())
            }
            other => Err(Fault::unknown(&other)),
        }
    }
}

impl NameServer {
    fn lookup<W>(&self, cx: &mut Context<'_, W>, args: Args<'_>) -> Outcome<W> {
        let (name, with_tags): (Value, Defaulted<Value>) = args.bind(&["name", "return_metadata"])?;
        let name = name_to_find(name)?;
        let with_tags = is_given(&with_tags);
        let asked = name.clone();
        ask(
            cx,
            |reply| self.storage.lookup(&asked, reply),
            move |entry| match entry {
                Some(entry) => Answer::entry(&name, &entry, with_tags),
                None => Err(unknown(&name)),
            },
        )
    }

    fn register<W>(&self, cx: &mut Context<'_, W>, args: Args<'_>) -> Outcome<W> {
        let (name, uri, safe, metadata): (Value, Value, Defaulted<Value>, Defaulted<Value>) =
            args.bind(&["name", "uri", "safe", "metadata"])?;
        let uri = uri_of(uri)?;
        let name = name_of(name)?;
        let tags = tags_of(given(metadata), cx.dialect())?;
        let mode = if is_given(&safe) { Mode::IfFree } else { Mode::Replace };
        let asked = name.clone();
        ask(
            cx,
            |reply| self.storage.register(&asked, Entry::new(uri, tags), mode, reply),
            move |done| {
                if done { Ok(Answer::Nothing) } else { Err(naming(format!("name already registered: {name}"))) }
            },
        )
    }

    fn set_metadata<W>(&self, cx: &mut Context<'_, W>, args: Args<'_>) -> Outcome<W> {
        let (name, metadata): (Value, Value) = args.bind(&["name", "metadata"])?;
        let name = name_of(name)?;
        let tags = tags_of(metadata, cx.dialect())?;
        let asked = name.clone();
        ask(
            cx,
            |reply| self.storage.set_tags(&asked, tags, reply),
            move |known| if known { Ok(Answer::Nothing) } else { Err(unknown(&name)) },
        )
    }

    fn remove<W>(&self, cx: &mut Context<'_, W>, args: Args<'_>) -> Outcome<W> {
        let (name, prefix, regex): (Defaulted<Value>, Defaulted<Value>, Defaulted<Value>) =
            args.bind(&["name", "prefix", "regex"])?;
        let (name, prefix, regex) = (given(name), given(prefix), given(regex));
        let dialect = cx.dialect();
        let is_named = name.is_true() && name.as_str() != Some(OBJECT);
        let others = if is_named && dialect == Dialect::Pyro5 {
            // Pyro5 does not look any further.
            None
        } else if prefix.is_true() {
            Some(Others::Prefix(prefix_of(prefix)?))
        } else if regex.is_true() {
            Some(Others::Pattern(pattern_of(regex)?))
        } else {
            None
        };
        let name = (name.is_true() && name.as_str() != Some(OBJECT)).then_some(name);
        let (name, others) = match (name, others) {
            (None, None) => return cx.answer(&0),
            (None, Some(others)) => {
                let (responder, deferred) = cx.defer();
                self.remove_others(others, responder, dialect);
                return Ok(deferred.into());
            }
            (Some(name), others) => (Removal::Names(name.as_str().map(str::to_owned).into_iter().collect()), others),
        };
        match others {
            // Pyro4 goes on with what else was given where there is no such name.
            Some(others) if dialect == Dialect::Pyro4 => {
                let (this, (responder, deferred)) = (self.clone(), cx.defer());
                let later = Later::new(move |count| match count {
                    Ok(0) => this.remove_others(others, responder, dialect),
                    count => tell(responder, dialect, count.map_err(of_storage).map(Answer::Count)),
                });
                self.storage.remove(name, Reply::to(&mut Then::new(later)));
                Ok(deferred.into())
            }
            _ => ask(cx, |reply| self.storage.remove(name, reply), |count| Ok(Answer::Count(count))),
        }
    }

    fn remove_others(&self, others: Others, responder: Responder, dialect: Dialect) {
        let storage = Arc::clone(&self.storage);
        let remove = move |what, responder| {
            let later = Later::new(move |count: Result<_, _>| {
                tell(responder, dialect, count.map_err(of_storage).map(Answer::Count));
            });
            storage.remove(what, Reply::to(&mut Then::new(later)));
        };
        match others {
            Others::Prefix(prefix) => self.scans.go_through(move || remove(Removal::Prefix(prefix), responder)),
            Others::Pattern(regex) => self.scan(regex, responder, move |found, responder| match found {
                Ok(items) => {
                    let names = items.into_iter().map(|(name, _)| name.to_string()).collect();
                    remove(Removal::Names(names), responder);
                }
                Err(fault) => responder.fail(fault),
            }),
        }
    }

    fn list<W>(&self, cx: &mut Context<'_, W>, args: Args<'_>) -> Outcome<W> {
        let [prefix, regex, all, any, with_tags] = list_arguments(cx.dialect(), args)?;
        let with_tags = with_tags.is_true();
        let filter = if prefix.is_true() {
            Filter::Prefix(prefix_of(prefix)?)
        } else if regex.is_true() {
            let regex = pattern_of(regex)?;
            let ((responder, deferred), dialect) = (cx.defer(), cx.dialect());
            self.scan(regex, responder, move |found, responder| {
                tell(responder, dialect, found.map(|items| Answer::Names { items, with_tags }));
            });
            return Ok(deferred.into());
        } else if all.is_true() {
            with_all(all, cx.dialect())?
        } else if any.is_true() {
            with_any(any, cx.dialect())?
        } else {
            Filter::All
        };
        self.list_by(cx, filter, with_tags)
    }

    fn yplookup<W>(&self, cx: &mut Context<'_, W>, args: Args<'_>) -> Outcome<W> {
        let (all, any, with_tags): (Defaulted<Value>, Defaulted<Value>, Defaulted<Value>) =
            args.bind(&["meta_all", "meta_any", "return_metadata"])?;
        let with_tags = with_tags.0.is_none_or(|value| value.is_true());
        match (given(all), given(any)) {
            (all, any) if all.is_true() && any.is_true() => {
                Err(Fault::new("builtins.ValueError", "you can't use meta_all or meta_any at the same time"))
            }
            (all, _) if all.is_true() => {
                let filter = with_all(all, cx.dialect())?;
                self.list_by(cx, filter, with_tags)
            }
            (_, any) if any.is_true() => {
                let filter = with_any(any, cx.dialect())?;
                self.list_by(cx, filter, with_tags)
            }
            _ => cx.answer(&Told::new(&Answer::Names { items: Vec::new(), with_tags }, cx.dialect())),
        }
    }

    /// What is short is answered at once; the rest by the thread that goes through listings.
    fn list_by<W>(&self, cx: &mut Context<'_, W>, filter: Filter, with_tags: bool) -> Outcome<W> {
        let dialect = cx.dialect();
        let mut asked = Asked { cx, listing: None, deferred: None, with_tags };
        self.storage.list(filter, Reply::to(&mut asked));
        let Asked { cx, listing, deferred, .. } = asked;
        if let Some(deferred) = deferred {
            return Ok(deferred.into());
        }
        let listing = listing.unwrap_or_else(|| Err(StorageError::gone())).map_err(of_storage)?;
        if listing.at_most() <= SHORT {
            return cx.answer(&Told::new(&Answer::Names { items: listing.collect(), with_tags }, dialect));
        }
        let (responder, deferred) = cx.defer();
        self.scans.go_through(move || {
            if !responder.is_cancelled() {
                tell(responder, dialect, Ok(Answer::Names { items: listing.collect(), with_tags }));
            }
        });
        Ok(deferred.into())
    }

    /// Finds the names that match a pattern.
    fn scan(
        &self,
        regex: String,
        responder: Responder,
        then: impl FnOnce(Result<Vec<Item>, Fault>, Responder) + Send + 'static,
    ) {
        let scans = Arc::clone(&self.scans);
        let listed = Later::new(move |listing: Result<Listing, _>| match listing {
            Ok(listing) => scans.match_pattern(regex, listing, Found::new(responder, then)),
            Err(error) => responder.fail(of_storage(error)),
        });
        self.storage.list(Filter::All, Reply::to(&mut Then::new(listed)));
    }
}

/// What else than one name is to be removed.
enum Others {
    Prefix(String),
    Pattern(String),
}

/// Prefix, pattern, all of these tags, any of these tags, and whether to give the metadata: each generation has its own
/// order, and its own idea of what is one thing too many.
fn list_arguments(dialect: Dialect, args: Args<'_>) -> Result<[Value; 5], Fault> {
    type Given = Defaulted<Value>;
    let too_many = || Fault::new("builtins.ValueError", "you can only filter on one thing at a time");
    match dialect {
        Dialect::Pyro5 => {
            let (prefix, regex, with_tags): (Given, Given, Given) =
                args.bind(&["prefix", "regex", "return_metadata"])?;
            let (prefix, regex) = (given(prefix), given(regex));
            if prefix.is_true() && regex.is_true() {
                return Err(too_many());
            }
            Ok([prefix, regex, Value::None, Value::None, given(with_tags)])
        }
        Dialect::Pyro4 => {
            let names = ["prefix", "regex", "metadata_all", "metadata_any", "return_metadata"];
            let (prefix, regex, all, any, with_tags): (Given, Given, Given, Given, Given) = args.bind(&names)?;
            let all = [given(prefix), given(regex), given(all), given(any), given(with_tags)];
            if all[..4].iter().filter(|value| !value.is_none()).count() > 1 {
                return Err(too_many());
            }
            Ok(all)
        }
    }
}

/// Asks the storage, and answers at once or later.
fn ask<W, T: 'static>(
    cx: &mut Context<'_, W>,
    ask: impl FnOnce(Reply<'_, T>),
    then: impl FnOnce(T) -> Result<Answer, Fault> + Send + 'static,
) -> Outcome<W> {
    let dialect = cx.dialect();
    let mut asked = Waiting { cx, then: Some(then), answer: None, deferred: None };
    ask(Reply::to(&mut asked));
    let Waiting { cx, answer, deferred, .. } = asked;
    match (answer, deferred) {
        (Some(answer), _) => cx.answer(&Told::new(&answer?, dialect)),
        (None, Some(deferred)) => Ok(deferred.into()),
        (None, None) => Err(of_storage(StorageError::gone())),
    }
}

/// Answers a call from elsewhere.
fn tell(responder: Responder, dialect: Dialect, answer: Result<Answer, Fault>) {
    match answer {
        Ok(answer) => responder.reply(&Told::new(&answer, dialect)),
        Err(fault) => responder.fail(fault),
    }
}

struct Waiting<'a, 'b, W, F> {
    cx: &'a mut Context<'b, W>,
    then: Option<F>,
    answer: Option<Result<Answer, Fault>>,
    deferred: Option<firesteel_proto::Deferred>,
}

impl<W, T: 'static, F: FnOnce(T) -> Result<Answer, Fault> + Send + 'static> Slot<T> for Waiting<'_, '_, W, F> {
    fn now(&mut self, result: Result<T, StorageError>) {
        if let Some(then) = self.then.take() {
            self.answer = Some(result.map_err(of_storage).and_then(then));
        }
    }

    fn later(&mut self) -> Later<T> {
        let (responder, deferred) = self.cx.defer();
        self.deferred = Some(deferred);
        let (then, dialect) = (self.then.take(), self.cx.dialect());
        Later::new(move |result: Result<T, _>| {
            if let Some(then) = then {
                tell(responder, dialect, result.map_err(of_storage).and_then(then));
            }
        })
    }
}

/// Takes a listing.
struct Asked<'a, 'b, W> {
    cx: &'a mut Context<'b, W>,
    listing: Option<Result<Listing, StorageError>>,
    deferred: Option<firesteel_proto::Deferred>,
    with_tags: bool,
}

impl<W> Slot<Listing> for Asked<'_, '_, W> {
    fn now(&mut self, result: Result<Listing, StorageError>) {
        self.listing = Some(result);
    }

    fn later(&mut self) -> Later<Listing> {
        let (responder, deferred) = self.cx.defer();
        self.deferred = Some(deferred);
        let (dialect, with_tags) = (self.cx.dialect(), self.with_tags);
        Later::new(move |listing: Result<Listing, _>| {
            let names = listing.map(|listing| Answer::Names { items: listing.collect(), with_tags });
            tell(responder, dialect, names.map_err(of_storage));
        })
    }
}

fn of_storage(error: StorageError) -> Fault {
    naming(error)
}

fn unknown(name: &str) -> Fault {
    naming(format_args!("unknown name: {name}"))
}

pub(crate) fn naming(text: impl std::fmt::Display) -> Fault {
    Fault::new("Pyro5.errors.NamingError", text)
}
