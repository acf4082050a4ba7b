//! Where to look for a name server, in which order.

use std::collections::VecDeque;
use std::time::Duration;

use super::LOCAL;
use crate::naming::{Naming, Whereabouts};
use crate::uri::Location;

/// One of the places where a name server may be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is connected to, for so long at most.
    Connect(Location, Option<Duration>),
    /// Everybody is asked on this port.
    Broadcast(u16),
}

/// The steps of Pyro (`locate_ns` in Pyro5's `core.py`, `_locateNS` in Pyro4's).
///
/// There, 127.0.1.1 is tried where that address has a name, which takes a look-up; here it is tried in any case.
pub(super) fn plan(at: &Whereabouts, naming: &Naming) -> VecDeque<Step> {
    let port = match at {
        Whereabouts::At(location) => return [Step::Connect(location.clone(), None)].into(),
        Whereabouts::Anywhere { port } => *port,
    };
    let host = naming.host.trim_start_matches('[').trim_end_matches(']');
    let tcp = |host: &str, port| Location::Tcp { host: host.to_owned(), port };
    let mut steps = VecDeque::new();
    if host == "localhost" || host == "::1" || host.starts_with("127.") {
        let port = port.unwrap_or(naming.port);
        steps.push_back(Step::Connect(tcp(host, port), Some(LOCAL)));
        // Some systems give this address to their own name.
        if host != "::1" && host != DEBIAN {
            steps.push_back(Step::Connect(tcp(DEBIAN, port), Some(LOCAL)));
        }
    }
    steps.push_back(Step::Broadcast(port.unwrap_or(naming.broadcast_port)));
    let last = match host.starts_with("./u:").then(|| host.parse()) {
        Some(Ok(socket)) => socket,
        _ => tcp(host, naming.port),
    };
    steps.push_back(Step::Connect(last, None));
    steps
}

const DEBIAN: &str = "127.0.1.1";

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(host: &str, port: Option<u16>) -> Vec<String> {
        let naming = Naming { host: host.to_owned(), port: 1, broadcast_port: 2, ..Naming::default() };
        let told = plan(&Whereabouts::Anywhere { port }, &naming).into_iter().map(|step| match step {
            Step::Connect(location, bound) => format!("{location}{}", if bound.is_some() { " soon" } else { "" }),
            Step::Broadcast(port) => format!("broadcast {port}"),
        });
        told.collect()
    }

    #[test]
    fn the_order_is_that_of_pyro() {
        assert_eq!(steps("localhost", None), ["localhost:1 soon", "127.0.1.1:1 soon", "broadcast 2", "localhost:1"]);
        assert_eq!(steps("127.0.1.1", None), ["127.0.1.1:1 soon", "broadcast 2", "127.0.1.1:1"]);
        assert_eq!(steps("::1", None), ["[::1]:1 soon", "broadcast 2", "[::1]:1"]);
        assert_eq!(steps("elsewhere", None), ["broadcast 2", "elsewhere:1"]);
        assert_eq!(steps("./u:/tmp/ns", None), ["broadcast 2", "./u:/tmp/ns"]);
        // The port that is given is for this machine and for the broadcast.
        assert_eq!(steps("127.0.0.1", Some(3)), ["127.0.0.1:3 soon", "127.0.1.1:3 soon", "broadcast 3", "127.0.0.1:1"]);
        let there = Whereabouts::At(Location::Tcp { host: "there".to_owned(), port: 4 });
        assert_eq!(plan(&there, &Naming::default()).len(), 1);
    }
}
