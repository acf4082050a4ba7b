//! What name servers are asked, and what they say.

use std::collections::BTreeMap;

use crate::connection::{RemoteMetadata, Reply, Request};
use crate::naming::NamingError;
use crate::uri::{Location, Uri};
use crate::wire::Dialect;

use super::Question;

/// How a name server is asked for metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// With `yplookup`, as in Pyro5.
    Yellow,
    /// With `list`, as in Pyro4.
    List,
}

/// The arguments of a question.
#[derive(Debug)]
pub(crate) enum Ask<'q> {
    Lookup((&'q str,)),
    /// All of these tags, any of them, and whether the tags are wanted.
    Yellow((&'q [String], Option<()>, bool)),
    /// Prefix, pattern, and the same.
    List((Option<()>, Option<()>, &'q [String], Option<()>, bool)),
}

impl<'q> Ask<'q> {
    pub(crate) fn new(question: &'q Question, way: Way) -> Option<Self> {
        Some(match (question, way) {
            (Question::NameServer, _) => return None,
            (Question::Name(name), _) => Self::Lookup((name,)),
            (Question::Meta(tags), Way::Yellow) => Self::Yellow((tags, None, false)),
            (Question::Meta(tags), Way::List) => Self::List((None, None, tags, None, false)),
        })
    }

    pub(crate) fn request(&self) -> Request<'_> {
        match self {
            Self::Lookup(args) => Request::method("lookup", args),
            Self::Yellow(args) => Request::method("yplookup", args),
            Self::List(args) => Request::method("list", args),
        }
    }
}

impl Way {
    /// That of the name server that has told this of itself.
    pub(crate) fn of(metadata: Option<&RemoteMetadata>, dialect: Dialect) -> Self {
        match (metadata, dialect) {
            (Some(metadata), _) if metadata.has_method("yplookup") => Self::Yellow,
            (None, Dialect::Pyro5) => Self::Yellow,
            _ => Self::List,
        }
    }
}

/// The objects that an answer names.
pub(super) fn read(question: &Question, reply: Reply) -> Result<Vec<Uri>, NamingError> {
    let unusable = |what: String| NamingError::Answer(what);
    let payload = reply.into_value().ok_or_else(|| unusable("it is a stream".to_owned()))?;
    let uris = match question {
        Question::NameServer => Vec::new(),
        Question::Name(_) => vec![payload.decode::<Uri>().map_err(|error| unusable(error.to_string()))?],
        Question::Meta(tags) => {
            let all: BTreeMap<String, String> = payload.decode().map_err(|error| unusable(error.to_string()))?;
            if all.is_empty() {
                return Err(NamingError::NoCandidate(tags.clone()));
            }
            // Others may be of use where one is not.
            all.into_values().filter_map(|text| text.parse().ok()).collect()
        }
    };
    let direct: Vec<_> = uris.iter().filter(|uri| matches!(uri, Uri::Pyro { .. })).cloned().collect();
    match uris.first() {
        _ if !direct.is_empty() => Ok(direct),
        Some(other) => Err(unusable(format!("{other} is not the uri of an object"))),
        None => Err(unusable("there is no uri in it".to_owned())),
    }
}

/// The name server that a datagram names: `PYRO:object@host:port`, in Latin-1 as Pyro sends it.
pub(super) fn name_server_of(data: &[u8]) -> Option<Uri> {
    /// Pyro reads no more than 100 bytes.
    const LONGEST: usize = 512;
    if data.len() > LONGEST {
        return None;
    }
    let text: String = data.iter().map(|byte| char::from(*byte)).collect();
    match text.parse() {
        // A stranger is not to lead us to a socket of this machine.
        Ok(uri @ Uri::Pyro { location: Location::Tcp { .. }, .. }) => Some(uri),
        _ => None,
    }
}
