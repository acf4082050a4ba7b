//! The name server's client.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Caller;
use crate::connection::{RemoteMetadata, Request};
use crate::uri::Uri;

/// A name server as its users see it: Pyro5's, Pyro4's, or firesteel's, over any [`Caller`].
///
/// Names and metadata come sorted. What goes wrong is a remote exception, mostly `Pyro5.errors.NamingError`.
#[derive(Clone, Debug)]
pub struct NameServerProxy<C> {
    caller: C,
    has_yplookup: bool,
}

/// What a name server knows of a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "(Uri, Option<BTreeSet<String>>)")]
pub struct Registration {
    /// Where the object is.
    pub uri: Uri,
    /// Its metadata: tags without order.
    pub metadata: BTreeSet<String>,
}

impl From<(Uri, Option<BTreeSet<String>>)> for Registration {
    fn from((uri, metadata): (Uri, Option<BTreeSet<String>>)) -> Self {
        Self { uri, metadata: metadata.unwrap_or_default() }
    }
}

/// Which names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names<'a> {
    /// All.
    #[default]
    All,
    /// Those that begin so.
    Prefix(&'a str),
    /// Those that a regular expression of Python's matches at their beginning (`re.match`).
    Regex(&'a str),
}

/// Which metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags<'a> {
    /// All of these.
    All(&'a [&'a str]),
    /// At least one of these.
    Any(&'a [&'a str]),
}

/// Keyword arguments that choose names.
#[derive(Serialize)]
struct Chosen<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_metadata: Option<bool>,
}

/// Keyword arguments that choose by metadata, in the words of Pyro5 and of Pyro4.
#[derive(Serialize)]
struct Tagged<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_all: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_any: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_all: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_any: Option<&'a [&'a str]>,
    return_metadata: bool,
}

impl<'a> Chosen<'a> {
    fn new(names: Names<'a>, return_metadata: Option<bool>) -> Self {
        let (prefix, regex) = match names {
            Names::All => (None, None),
            Names::Prefix(prefix) => (Some(prefix), None),
            Names::Regex(regex) => (None, Some(regex)),
        };
        Self { prefix, regex, return_metadata }
    }
}

impl<C: Caller> NameServerProxy<C> {
    /// A name server that has `yplookup`, as Pyro5's and firesteel's.
    pub fn new(caller: C) -> Self {
        Self { caller, has_yplookup: true }
    }

    /// A name server of Pyro4, which looks for metadata in another way.
    pub fn pyro4(caller: C) -> Self {
        Self { caller, has_yplookup: false }
    }

    /// The one or the other, by what the name server has told of itself.
    pub fn with_metadata(caller: C, metadata: &RemoteMetadata) -> Self {
        Self { caller, has_yplookup: metadata.has_method("yplookup") }
    }

    /// What makes the calls.
    pub fn caller(&self) -> &C {
        &self.caller
    }

    /// How many names are registered, that of the name server itself included.
    pub fn count(&self) -> C::Out<usize> {
        self.caller.call_request(Request::method("count", &()))
    }

    /// Asks whether it is there.
    pub fn ping(&self) -> C::Out<()> {
        self.caller.call_request(Request::method("ping", &()))
    }

    /// Where the object of this name is.
    pub fn lookup(&self, name: &str) -> C::Out<Uri> {
        self.caller.call_request(Request::method("lookup", &(name,)))
    }

    /// The same, with its metadata.
    pub fn lookup_with_metadata(&self, name: &str) -> C::Out<Registration> {
        self.caller.call_request(Request::method("lookup", &(name, true)))
    }

    /// Gives an object a name. `safe` refuses a name that is taken; otherwise what was known of it is replaced, its metadata
    /// included.
    pub fn register(&self, name: &str, uri: &Uri, safe: bool, metadata: Option<&[&str]>) -> C::Out<()> {
        self.caller.call_request(Request::method("register", &(name, uri.to_string(), safe, metadata)))
    }

    /// Replaces the metadata of a name.
    pub fn set_metadata(&self, name: &str, metadata: &[&str]) -> C::Out<()> {
        self.caller.call_request(Request::method("set_metadata", &(name, metadata)))
    }

    /// Removes a name; how many it were, 0 or 1.
    pub fn remove(&self, name: &str) -> C::Out<usize> {
        self.caller.call_request(Request::method("remove", &(name,)))
    }

    /// Removes several names, but not that of the name server itself; how many it were. [`Names::All`] removes none.
    pub fn remove_all(&self, names: Names<'_>) -> C::Out<usize> {
        let chosen = Chosen::new(names, None);
        self.caller.call_request(Request::method("remove", &()).kwargs(&chosen))
    }

    /// Names, and where their objects are.
    pub fn list(&self, names: Names<'_>) -> C::Out<BTreeMap<String, Uri>> {
        let chosen = Chosen::new(names, None);
        self.caller.call_request(Request::method("list", &()).kwargs(&chosen))
    }

    /// The same, with their metadata.
    pub fn list_with_metadata(&self, names: Names<'_>) -> C::Out<BTreeMap<String, Registration>> {
        let chosen = Chosen::new(names, Some(true));
        self.caller.call_request(Request::method("list", &()).kwargs(&chosen))
    }

    /// Looks for objects by their metadata. No tags at all find nothing.
    pub fn yplookup(&self, tags: Tags<'_>) -> C::Out<BTreeMap<String, Registration>> {
        let (all, any) = match tags {
            Tags::All(tags) => (Some(tags), None),
            Tags::Any(tags) => (None, Some(tags)),
        };
        if self.has_yplookup {
            let tagged =
                Tagged { meta_all: all, meta_any: any, metadata_all: None, metadata_any: None, return_metadata: true };
            return self.caller.call_request(Request::method("yplookup", &()).kwargs(&tagged));
        }
        if tags.is_empty() {
            // Pyro4 takes that for all names. None begins with this.
            let nothing = Chosen::new(Names::Prefix("\u{10ffff}"), Some(true));
            return self.caller.call_request(Request::method("list", &()).kwargs(&nothing));
        }
        let tagged =
            Tagged { meta_all: None, meta_any: None, metadata_all: all, metadata_any: any, return_metadata: true };
        self.caller.call_request(Request::method("list", &()).kwargs(&tagged))
    }
}

impl Tags<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Self::All(tags) | Self::Any(tags) => tags.is_empty(),
        }
    }
}
