//! Addresses of host names.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use firesteel_proto::IpVersion;

/// The addresses of `host:port`, where the host may be an IPv6 address in brackets.
pub(crate) fn addresses_of(address: &str, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
    let found = address.to_socket_addrs()?;
    if address.parse::<SocketAddr>().is_ok() { Ok(found.collect()) } else { preferred(found, version) }
}

/// The addresses of a host.
pub(crate) fn addresses(host: &str, port: u16, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
    let found = (host, port).to_socket_addrs()?;
    if host.parse::<IpAddr>().is_ok() { Ok(found.collect()) } else { preferred(found, version) }
}

fn preferred(found: impl Iterator<Item = SocketAddr>, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
    let some = version.preferred(found);
    if some.is_empty() && version == IpVersion::V6 {
        return Err(io::Error::new(ErrorKind::NotFound, "the name has no IPv6 address"));
    }
    Ok(some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_the_version_that_is_preferred() {
        let both: Vec<SocketAddr> = ["[::1]:1", "127.0.0.1:1"].map(|text| text.parse().expect("an address")).into();
        let chosen = |of: &[SocketAddr], version| preferred(of.iter().copied(), version).ok();
        assert_eq!(chosen(&both, IpVersion::Any), Some(both.clone()));
        assert_eq!(chosen(&both, IpVersion::V4), Some(vec![both[1]]));
        assert_eq!(chosen(&both, IpVersion::V6), Some(vec![both[0]]));
        assert_eq!(chosen(&both[..1], IpVersion::V4), Some(vec![both[0]]));
        assert_eq!(chosen(&both[1..], IpVersion::V6), None);
        assert_eq!(addresses_of("[::1]:1", IpVersion::V4).ok(), Some(vec![both[0]]));
        assert_eq!(addresses("127.0.0.1", 1, IpVersion::V6).ok(), Some(vec![both[1]]));
    }
}
