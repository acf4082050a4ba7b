//! Name servers as a client sees them: where to look for one, what happens on the way, and how it fails.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::error::{CallError, CloseReason};
use crate::fault::Fault;
use crate::uri::{Location, NAME_SERVER_PORT, Uri};

/// The id of a name server's object, and the name under which it knows itself (Pyro's `NAMESERVER_NAME`).
pub const NAME_SERVER: &str = "Pyro.NameServer";

/// How a client finds a name server, and how long it looks for a name in it. The fields are settings of Pyro.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Naming {
    /// Where the name server is, if nothing else says so (Pyro's `NS_HOST`). Default `localhost`. Where it is this machine,
    /// it is tried before anybody else is asked.
    pub host: String,
    /// Its port (Pyro's `NS_PORT`). Default 9090.
    pub port: u16,
    /// Whether to ask the network with a broadcast, where the adapter can. Default true. Pyro has no setting for that.
    pub broadcast: bool,
    /// The port that broadcasts go to (Pyro's `NS_BCPORT`). Default 9091.
    pub broadcast_port: u16,
    /// The addresses that broadcasts go to (Pyro's `BROADCAST_ADDRS`). Default `<broadcast>`, which is 255.255.255.255,
    /// and `0.0.0.0`, which is this machine itself.
    pub broadcast_addresses: Vec<String>,
    /// How long to go on, where a name is not there yet, or no name server is (Pyro's `NS_LOOKUP_DELAY`). Default zero: it
    /// is asked once. Pyro waits for names alone.
    pub lookup_delay: Duration,
}

impl Default for Naming {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: NAME_SERVER_PORT,
            broadcast: true,
            broadcast_port: 9091,
            broadcast_addresses: vec!["<broadcast>".to_owned(), "0.0.0.0".to_owned()],
            lookup_delay: Duration::ZERO,
        }
    }
}

/// Where to look for a name server: what Pyro's `locate_ns` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Wherever [`Naming`] says, in Pyro's order: this machine, if that is where it is expected; a broadcast; the host that
    /// is set.
    Anywhere {
        /// The port that is tried on this machine, and the one that the broadcast goes to, instead of those that are set.
        port: Option<u16>,
    },
    /// There, and nowhere else.
    At(Location),
}

impl Whereabouts {
    /// From a host and a port, as Pyro's `locate_ns` and `pyro5-nsc` take them: no host is anywhere, and `./u:path` is a
    /// unix socket. Without a port, it is the one that is set.
    ///
    /// # Errors
    /// A unix socket without a path.
    pub fn new(host: &str, port: Option<u16>, naming: &Naming) -> Result<Self, CallError> {
        if host.is_empty() {
            return Ok(Self::Anywhere { port });
        }
        if host.starts_with("./u:") {
            return Ok(Self::At(host.parse()?));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self::At(Location::Tcp { host, port: port.unwrap_or(naming.port) }))
    }
}

/// Why a name did not become an object.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NamingError {
    /// There is no name server. What was tried, and what came of it.
    NotLocated(Vec<(String, String)>),
    /// The name server raised: it does not know the name, or cannot tell.
    Refused(Box<Fault>),
    /// No object has all these tags.
    NoCandidate(Vec<String>),
    /// What the name server said names no object that can be connected to.
    Answer(String),
}

impl NamingError {
    /// True where a later try may do better.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NotLocated(_) | Self::NoCandidate(_) => true,
            Self::Refused(fault) => fault.is("Pyro5.errors.NamingError"),
            Self::Answer(_) => false,
        }
    }
}

impl fmt::Display for NamingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLocated(tried) => {
                f.write_str("failed to locate the name server")?;
                for (at, (place, reason)) in tried.iter().enumerate() {
                    write!(f, "{}{place}: {reason}", if at == 0 { ": " } else { "; " })?;
                }
                Ok(())
            }
            Self::Refused(fault) => write!(f, "the name server says: {}", fault.message()),
            Self::NoCandidate(tags) => {
                write!(f, "no registrations available with desired metadata properties {}", tags.join(","))
            }
            Self::Answer(what) => write!(f, "the name server's answer is of no use: {what}"),
        }
    }
}

impl std::error::Error for NamingError {}

/// A step on the way from a name to an object.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NamingStep {
    /// A name server is tried.
    Trying {
        /// It.
        uri: Uri,
        /// How long it has to let us in.
        within: Duration,
    },
    /// There is none, or it was lost.
    Absent {
        /// Where.
        location: Location,
        /// Why.
        reason: CloseReason,
    },
    /// Whoever hears it is asked where the name server is.
    Broadcasting {
        /// To these addresses.
        addresses: Vec<String>,
        /// To this port.
        port: u16,
        /// How long an answer may take; it is asked up to three times.
        within: Duration,
    },
    /// The broadcast is over, without success, or was left out.
    Unheard {
        /// Why.
        reason: String,
    },
    /// Somebody sent what is no answer.
    Ignored {
        /// Who.
        from: SocketAddr,
    },
    /// A name server lets us in.
    Located(Uri),
    /// It does not know the name, or is not there: it is asked again.
    Waiting {
        /// Why.
        reason: Box<NamingError>,
        /// When.
        pause: Duration,
    },
    /// These objects go by the name, or by the metadata; one of them will do.
    Resolved(Vec<Uri>),
    /// An object cannot be connected to: the next one is tried.
    Dead(Uri),
}

impl fmt::Display for NamingStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trying { uri, within } => write!(f, "trying {uri} for up to {within:?}"),
            Self::Absent { location, reason } => write!(f, "no name server at {location}: {reason}"),
            Self::Broadcasting { addresses, port, within } => {
                write!(f, "asking {} on port {port} for up to {within:?}", addresses.join(", "))
            }
            Self::Unheard { reason } => write!(f, "no name server by broadcast: {reason}"),
            Self::Ignored { from } => write!(f, "what {from} answers is no name server's uri"),
            Self::Located(uri) => write!(f, "found {uri}"),
            Self::Waiting { reason, pause } => write!(f, "{reason}; asking again in {pause:?}"),
            Self::Resolved(uris) => {
                f.write_str("resolved to")?;
                uris.iter().try_for_each(|uri| write!(f, " {uri}"))
            }
            Self::Dead(uri) => write!(f, "{uri} cannot be connected to"),
        }
    }
}

/// A question to all who hear it, where the name server is. It is sent over UDP with IPv4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// An address, or a name; a broadcast address where there is no other.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What to send.
    pub data: &'static [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_those_of_locate_ns() {
        let naming = Naming { port: 4000, ..Naming::default() };
        let at = |host: &str, port| Whereabouts::new(host, port, &naming).expect("valid");
        let tcp = |host: &str, port| Whereabouts::At(Location::Tcp { host: host.to_owned(), port });
        assert_eq!(at("", Some(5)), Whereabouts::Anywhere { port: Some(5) });
        assert_eq!(at("host", None), tcp("host", 4000));
        assert_eq!(at("::1", Some(5)), tcp("::1", 5));
        assert_eq!(at("[::1]", Some(5)), tcp("::1", 5));
        assert_eq!(at("./u:/tmp/ns", Some(5)), Whereabouts::At(Location::Unix("/tmp/ns".into())));
        assert!(Whereabouts::new("./u:", None, &naming).is_err());
    }
}
