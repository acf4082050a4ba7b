//! What settings there are.

use super::parse::Kind;

/// A setting of Pyro5 or Pyro4.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Its type in Pyro, which tells how its variable is read.
    pub(super) kind: Kind,
}

pub(super) fn find(name: &str) -> Option<&'static Known> {
    let at = ALL.binary_search_by_key(&name, |known| known.name).ok()?;
    Some(&ALL[at])
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|known| known.name)
}

const fn known(name: &'static str, kind: Kind) -> Known {
    Known { name, kind }
}

/// Sorted by name: `__slots__` of both `Configuration` classes, and the key, which Pyro4 has in its programs alone.
static ALL: [Known; 50] = {
    use Kind::{Bool, Float, Int, Text};
    [
        known("AUTOPROXY", Bool),
        known("BROADCAST_ADDRS", Text),
        known("COMMTIMEOUT", Float),
        known("COMPRESSION", Bool),
        known("DETAILED_TRACEBACK", Bool),
        known("DILL_PROTOCOL_VERSION", Int),
        known("FLAME_ENABLED", Bool),
        known("HMAC_KEY", Text),
        known("HOST", Text),
        known("ITER_STREAMING", Bool),
        known("ITER_STREAM_LIFETIME", Float),
        known("ITER_STREAM_LINGER", Float),
        known("JSON_MODULE", Text),
        known("LOGFILE", Text),
        known("LOGLEVEL", Text),
        known("LOGWIRE", Bool),
        known("MAX_MESSAGE_SIZE", Int),
        known("MAX_RETRIES", Int),
        known("METADATA", Bool),
        known("NATHOST", Text),
        known("NATPORT", Int),
        known("NS_AUTOCLEAN", Float),
        known("NS_BCHOST", Text),
        known("NS_BCPORT", Int),
        known("NS_HOST", Text),
        known("NS_LOOKUP_DELAY", Float),
        known("NS_PORT", Int),
        known("ONEWAY_THREADED", Bool),
        known("PICKLE_PROTOCOL_VERSION", Int),
        known("POLLTIMEOUT", Float),
        known("PREFER_IP_VERSION", Int),
        known("REQUIRE_EXPOSE", Bool),
        known("SERIALIZER", Text),
        known("SERIALIZERS_ACCEPTED", Text),
        known("SERPENT_BYTES_REPR", Bool),
        known("SERVERTYPE", Text),
        known("SOCK_NODELAY", Bool),
        known("SOCK_REUSE", Bool),
        known("SSL", Bool),
        known("SSL_CACERTS", Text),
        known("SSL_CLIENTCERT", Text),
        known("SSL_CLIENTKEY", Text),
        known("SSL_CLIENTKEYPASSWD", Text),
        known("SSL_REQUIRECLIENTCERT", Bool),
        known("SSL_SERVERCERT", Text),
        known("SSL_SERVERKEY", Text),
        known("SSL_SERVERKEYPASSWD", Text),
        known("THREADPOOL_SIZE", Int),
        known("THREADPOOL_SIZE_MIN", Int),
        known("USE_MSG_WAITALL", Bool),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found() {
        for known in &ALL {
            assert!(std::ptr::eq(find(known.name).expect(known.name), known));
        }
        assert!(find("SERIALISER").is_none());
    }
}
