//! Where clients reach a daemon that is behind a router.

use crate::limits::Config;
use crate::uri::Location;

/// The address at which a router takes connections for a daemon (Pyro's `NATHOST` and `NATPORT`).
///
/// A port without a host cannot be said, which Pyro refuses, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nat {
    /// Name or address of the router, as clients see it.
    pub host: String,
    /// Its port; 0 stands for the one that the daemon listens on.
    pub port: u16,
}

impl Nat {
    /// On the port that the daemon listens on.
    pub fn host(host: impl Into<String>) -> Self {
        Self { host: host.into(), port: 0 }
    }
}

impl Config {
    /// Where URIs point that are handed out: to the NAT address, where there is one. A unix socket has none.
    pub(crate) fn published(&self) -> Option<Location> {
        match (self.location.as_ref()?, &self.nat) {
            (Location::Tcp { port: real, .. }, Some(Nat { host, port })) => {
                let port = if *port == 0 { *real } else { *port };
                Some(Location::Tcp { host: host.clone(), port })
            }
            (location, _) => Some(location.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nat_address_is_published() {
        let mut config = Config::default();
        let tcp = |host: &str, port| Location::Tcp { host: host.to_owned(), port };
        config.nat = Some(Nat { host: "router".to_owned(), port: 1234 });
        assert_eq!(config.published(), None);
        config.location = Some(tcp("localhost", 55));
        assert_eq!(config.published(), Some(tcp("router", 1234)));
        config.nat = Some(Nat::host("router"));
        assert_eq!(config.published(), Some(tcp("router", 55)));
        config.location = Some(Location::Unix("/tmp/socket".into()));
        assert_eq!(config.published(), config.location);
    }
}
