//! Pyro's URIs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use firesteel_value::{Dict, Instance, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::CallError;

/// The port of the name server where a URI names none (Pyro's `NS_PORT`).
pub const NAME_SERVER_PORT: u16 = 9090;

const CLASS: &str = "Pyro5.core.URI";

/// Names an object: directly, or through the name server by name or by metadata.
///
/// ```
/// use firesteel_proto::Uri;
///
/// let uri: Uri = "PYRO:counter@localhost:7766".parse()?;
/// assert_eq!(uri.to_string(), "PYRO:counter@localhost:7766");
/// assert!("PYRO:counter".parse::<Uri>().is_err());
/// # Ok::<(), firesteel_proto::CallError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Uri {
    /// `PYRO:object@location`: the object itself.
    Pyro {
        /// The object's id.
        object: String,
        /// Where its daemon listens.
        location: Location,
    },
    /// `PYRONAME:name[@location]`: a name, to be looked up in the name server.
    Name {
        /// The name.
        name: String,
        /// Where the name server listens, if not found by itself.
        location: Option<Location>,
    },
    /// `PYROMETA:tag,tag[@location]`: any object that the name server knows with all these tags.
    Meta {
        /// The tags, sorted, none twice.
        tags: Vec<String>,
        /// Where the name server listens, if not found by itself.
        location: Option<Location>,
    },
}

/// Where a daemon listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// `host:port`; an IPv6 address stands in brackets in the URI, without them here.
    Tcp {
        /// Name or address.
        host: String,
        /// Port number.
        port: u16,
    },
    /// `./u:path`: a unix socket.
    Unix(PathBuf),
}

impl Uri {
    /// The URI of an object.
    pub fn pyro(object: impl Into<String>, location: Location) -> Self {
        Self::Pyro { object: object.into(), location }
    }

    /// From text, with the port of name servers where it names their host alone (Pyro's `NS_PORT`).
    ///
    /// # Errors
    /// A text that is no URI.
    pub fn parse_with(text: &str, name_server_port: u16) -> Result<Self, CallError> {
        let name_server = |location: Option<&str>| {
            location.map(|location| parse_location(location, Some(name_server_port))).transpose()
        };
        let (protocol, rest) = text.split_once(':').ok_or_else(|| invalid("invalid uri"))?;
        // As in Pyro, the object is what stands before the first `@`, and has no blanks.
        let (object, location) = match rest.char_indices().skip(1).find(|(_, c)| *c == '@') {
            Some((at, _)) if at + 1 < rest.len() => (&rest[..at], Some(&rest[at + 1..])),
            _ => (rest, None),
        };
        if object.is_empty() || object.contains(char::is_whitespace) {
            return Err(invalid("invalid uri"));
        }
        match protocol.to_ascii_uppercase().as_str() {
            "PYRO" => {
                let location = location.ok_or_else(|| invalid("invalid uri"))?;
                Ok(Self::Pyro { object: object.to_owned(), location: parse_location(location, None)? })
            }
            "PYRONAME" => Ok(Self::Name { name: object.to_owned(), location: name_server(location)? }),
            "PYROMETA" => {
                let tags = object.split(',').map(|tag| tag.trim().to_owned()).collect();
                Ok(Self::Meta { tags: sorted(tags), location: name_server(location)? })
            }
            other if other.starts_with("PYRO") => Err(invalid("invalid uri (protocol)")),
            _ => Err(invalid("invalid uri")),
        }
    }

    /// Where it points, if it says so.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Pyro { location, .. } => Some(location),
            Self::Name { location, .. } | Self::Meta { location, .. } => location.as_ref(),
        }
    }

    /// The state tuple of Pyro's class dictionary: protocol, object, socket name, host, port.
    fn state(&self) -> [Value; 5] {
        let (protocol, object) = match self {
            Self::Pyro { object, .. } => ("PYRO", Value::from(object.as_str())),
            Self::Name { name, .. } => ("PYRONAME", Value::from(name.as_str())),
            Self::Meta { tags, .. } => ("PYROMETA", Value::Set(tags.iter().map(|tag| tag.as_str().into()).collect())),
        };
        let (socket, host, port) = match self.location() {
            None => (Value::None, Value::None, Value::None),
            Some(Location::Tcp { host, port }) => (Value::None, host.as_str().into(), Value::Int(i64::from(*port))),
            Some(Location::Unix(path)) => (path.to_string_lossy().as_ref().into(), Value::None, Value::None),
        };
        [protocol.into(), object, socket, host, port]
    }

    fn from_state(state: &[Value]) -> Option<Self> {
        let [protocol, object, socket, host, port] = state else { return None };
        let location = match (socket.as_str(), host.as_str(), port.as_i64()) {
            (Some(path), _, _) => Some(Location::Unix(path.into())),
            (None, Some(host), Some(port)) => {
                Some(Location::Tcp { host: host.to_owned(), port: u16::try_from(port).ok()? })
            }
            _ => None,
        };
        Some(match (protocol.as_str()?, object) {
            ("PYRO", Value::Str(object)) => Self::Pyro { object: object.clone(), location: location? },
            ("PYRONAME", Value::Str(name)) => Self::Name { name: name.clone(), location },
            ("PYROMETA", Value::Set(tags) | Value::FrozenSet(tags) | Value::List(tags) | Value::Tuple(tags)) => {
                let tags = tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
                Self::Meta { tags: sorted(tags), location }
            }
            _ => return None,
        })
    }
}

impl From<&Uri> for Value {
    fn from(uri: &Uri) -> Self {
        let mut fields = Dict::new();
        fields.insert("state", Value::Tuple(uri.state().into()));
        Value::Instance(Box::new(Instance { class: CLASS.to_owned(), fields }))
    }
}

impl FromStr for Uri {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        Self::parse_with(text, NAME_SERVER_PORT)
    }
}

impl FromStr for Location {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        parse_location(text, None)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pyro { object, .. } => write!(f, "PYRO:{object}")?,
            Self::Name { name, .. } => write!(f, "PYRONAME:{name}")?,
            Self::Meta { tags, .. } => write!(f, "PYROMETA:{}", tags.join(","))?,
        }
        match self.location() {
            Some(location) => write!(f, "@{location}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "./u:{}", path.display()),
        }
    }
}

impl From<std::net::SocketAddr> for Location {
    fn from(address: std::net::SocketAddr) -> Self {
        Self::Tcp { host: address.ip().to_string(), port: address.port() }
    }
}

impl From<&crate::client::Target> for Location {
    fn from(target: &crate::client::Target) -> Self {
        match target {
            crate::client::Target::Tcp { host, port } => Self::Tcp { host: host.clone(), port: *port },
            crate::client::Target::Unix(path) => Self::Unix(path.clone()),
        }
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::Unix(path.to_owned())
    }
}

/// As Pyro's class dictionary.
impl Serialize for Uri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(self).serialize(serializer)
    }
}

/// From Pyro's class dictionary, or from text.
impl<'de> Deserialize<'de> for Uri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Str(text) => text.parse().map_err(de::Error::custom),
            Value::Instance(instance) if instance.class == CLASS => instance
                .fields
                .get("state")
                .and_then(Value::as_seq)
                .and_then(Self::from_state)
                .ok_or_else(|| de::Error::custom("not the state of a Pyro URI")),
            _ => Err(de::Error::custom("expected a Pyro URI")),
        }
    }
}

fn parse_location(text: &str, default_port: Option<u16>) -> Result<Location, CallError> {
    if let Some(path) = text.strip_prefix("./u:") {
        if path.is_empty() || path.contains(':') {
            return Err(invalid("invalid uri (location)"));
        }
        return Ok(Location::Unix(path.into()));
    }
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        if rest.starts_with('[') {
            return Err(invalid("invalid ipv6 address: enclosed in too many brackets"));
        }
        let bad = "invalid ipv6 address: the part between brackets must be a numeric ipv6 address";
        let (host, rest) = rest.split_once(']').ok_or_else(|| invalid(bad))?;
        if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'%') {
            return Err(invalid(bad));
        }
        (host, rest.strip_prefix(':').unwrap_or_default())
    } else {
        text.split_once(':').unwrap_or((text, ""))
    };
    let port = match (port, default_port) {
        ("", Some(port)) => port,
        ("", None) => return Err(invalid("invalid port in uri, port=None")),
        (digits, _) => digits.parse().map_err(|_| invalid(&format!("invalid port in uri, port={digits}")))?,
    };
    Ok(Location::Tcp { host: host.to_owned(), port })
}

fn sorted(mut tags: Vec<String>) -> Vec<String> {
    tags.sort_unstable();
    tags.dedup();
    tags
}

fn invalid(reason: &str) -> CallError {
    CallError::InvalidUri(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_of_all_kinds_come_back_as_text() {
        for (text, same) in [
            ("PYRO:obj@localhost:9999", None),
            ("pyro:obj@localhost:9999", Some("PYRO:obj@localhost:9999")),
            ("PYRO:obj@[::1]:9999", None),
            ("PYRO:obj@./u:/tmp/a socket", None),
            ("PYRO:a:b@host:1", None),
            ("PYRONAME:some.name", None),
            ("PYRONAME:some.name@host", Some("PYRONAME:some.name@host:9090")),
            ("PYRONAME:some.name@./u:sock", None),
            ("PYROMETA:b,a,b@host:1", Some("PYROMETA:a,b@host:1")),
        ] {
            let uri: Uri = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(uri.to_string(), same.unwrap_or(text));
            let value = firesteel_value::to_value(&uri).expect("serializes");
            assert_eq!(firesteel_value::from_value::<Uri>(value).expect("deserializes"), uri);
        }
    }

    #[test]
    fn the_errors_are_those_of_pyro() {
        for (text, error) in [
            ("", "invalid uri"),
            ("PYRO", "invalid uri"),
            ("PYRO:", "invalid uri"),
            ("http:obj@host:1", "invalid uri"),
            ("PYRO:obj", "invalid uri"),
            ("PYRO:obj@", "invalid uri"),
            ("PYRO:ob j@host:1", "invalid uri"),
            ("PYROX:obj@host:1", "invalid uri (protocol)"),
            ("PYRO:obj@./u:", "invalid uri (location)"),
            ("PYRO:obj@./u:sock:1", "invalid uri (location)"),
            ("PYRO:obj@host", "invalid port in uri, port=None"),
            ("PYRO:obj@host:x", "invalid port in uri, port=x"),
            ("PYRO:obj@[[::1]]:1", "invalid ipv6 address: enclosed in too many brackets"),
        ] {
            assert_eq!(text.parse::<Uri>().unwrap_err().to_string(), error, "{text}");
        }
    }
}
