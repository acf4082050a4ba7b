//! What the methods give, in the types of each generation: Pyro5 gives metadata as sets, Pyro4 as lists.

use firesteel_proto::{Dialect, Fault, Set, Uri};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::OBJECT;
use crate::storage::{Entry, Item, Tags};

/// What the name server's own entry says that it is.
const CLASS: &str = "class:Pyro5.nameserver.NameServer";
/// The same in the words of Pyro4.
const CLASS_IN_PYRO4: &str = "class:Pyro4.naming.NameServer";

/// What a method gives.
#[derive(Debug)]
pub(crate) enum Answer {
    Nothing,
    Count(usize),
    Uri(Uri),
    Entry(Uri, Described),
    Names { items: Vec<Item>, with_tags: bool },
}

/// The tags of a name.
#[derive(Debug)]
pub(crate) struct Described {
    is_own: bool,
    tags: Tags,
}

/// The same, for a caller of this generation.
pub(crate) struct Told<'a>(&'a Answer, Dialect);

/// Metadata of the name server's own entry.
pub(crate) fn own_tags() -> Tags {
    [CLASS.to_owned()].into()
}

/// What a tag is called here that somebody looks for.
pub(crate) fn tag_from(tag: &str, dialect: Dialect) -> String {
    if dialect == Dialect::Pyro4 && tag == CLASS_IN_PYRO4 { CLASS.to_owned() } else { tag.to_owned() }
}

impl Answer {
    /// The URI of a name, perhaps with its tags.
    pub(crate) fn entry(name: &str, entry: &Entry, with_tags: bool) -> Result<Self, Fault> {
        let uri: Uri = entry.uri.parse().map_err(|error| Fault::new("Pyro5.errors.PyroError", error))?;
        if with_tags {
            Ok(Self::Entry(uri, Described { is_own: name == OBJECT, tags: entry.tags.clone() }))
        } else {
            Ok(Self::Uri(uri))
        }
    }
}

impl<'a> Told<'a> {
    pub(crate) fn new(answer: &'a Answer, dialect: Dialect) -> Self {
        Self(answer, dialect)
    }
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(answer, dialect) = self;
        match answer {
            Answer::Nothing => serializer.serialize_unit(),
            Answer::Count(count) => count.serialize(serializer),
            Answer::Uri(uri) => uri.serialize(serializer),
            Answer::Entry(uri, described) => {
                (uri, Given { tags: &described.tags, is_own: described.is_own, dialect: *dialect })
                    .serialize(serializer)
            }
            Answer::Names { items, with_tags } => {
                let mut map = serializer.serialize_map(Some(items.len()))?;
                for (name, entry) in items {
                    if *with_tags {
                        let given = Given { tags: &entry.tags, is_own: **name == *OBJECT, dialect: *dialect };
                        map.serialize_entry(&**name, &(&entry.uri, given))?;
                    } else {
                        map.serialize_entry(&**name, &entry.uri)?;
                    }
                }
                map.end()
            }
        }
    }
}

struct Given<'a> {
    tags: &'a Tags,
    is_own: bool,
    dialect: Dialect,
}

impl Serialize for Given<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tags = self.tags.iter().map(String::as_str);
        match self.dialect {
            Dialect::Pyro5 => Set(tags.collect()).serialize(serializer),
            Dialect::Pyro4 => {
                serializer.collect_seq(tags.map(|tag| if self.is_own && tag == CLASS { CLASS_IN_PYRO4 } else { tag }))
            }
        }
    }
}
