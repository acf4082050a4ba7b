//! Settings from the environment.

use firesteel::Settings;

use crate::failure::Failure;

/// For `--help`.
pub const HELP: &str = "\
Environment variables, as in Pyro5:
  PYRO_BROADCAST_ADDRS     where broadcasts go that look for a name server, with commas between
  PYRO_COMMTIMEOUT         seconds to wait for connections and answers, 0 for no limit
  PYRO_COMPRESSION         compress what is sent (1, 0, on, off, yes, no, true, false)
  PYRO_ITER_STREAMING      whether streams are served (as PYRO_COMPRESSION); PYRO_ITER_STREAM_LIFETIME and
                           PYRO_ITER_STREAM_LINGER bound them in seconds
  PYRO_MAX_MESSAGE_SIZE    bytes that a message may have
  PYRO_MAX_RETRIES         how often a call is made again when its connection is lost
  PYRO_NATHOST, PYRO_NATPORT  where a router takes connections for a server: its URIs point there
  PYRO_NS_AUTOCLEAN        how often, in seconds, ns looks whether the servers of its names are still there
  PYRO_NS_BCHOST, PYRO_NS_BCPORT  where ns listens for broadcasts, and which port they go to
  PYRO_NS_HOST, PYRO_NS_PORT  where the name server is, unless it is found before
  PYRO_NS_LOOKUP_DELAY     seconds to wait for a name that is not there yet
  PYRO_PREFER_IP_VERSION   4, 6, or 0 for any
  PYRO_SERIALIZER          what calls are serialized with
  PYRO_SERPENT_BYTES_REPR  write bytes as literals instead of base64 (as PYRO_COMPRESSION)
  PYRO_SSL                 use TLS (as PYRO_COMPRESSION), with the files in PYRO_SSL_SERVERCERT, PYRO_SSL_SERVERKEY,
                           PYRO_SSL_CLIENTCERT, PYRO_SSL_CLIENTKEY and PYRO_SSL_CACERTS (who is trusted); passwords of
                           keys in PYRO_SSL_SERVERKEYPASSWD and PYRO_SSL_CLIENTKEYPASSWD; PYRO_SSL_REQUIRECLIENTCERT
                           makes clients show a certificate
  PYRO_THREADPOOL_SIZE     how many calls a server runs at once
and as in Pyro4:
  PYRO_HMAC_KEY            the secret that signs messages; without signatures nothing is accepted then
  PYRO_SERIALIZERS_ACCEPTED  what a server accepts, with commas between: pickle, dill and cloudpickle
                           are refused unless they are named
Pyro's other variables are checked, and ignored: firesteel check-config lists them.";

/// What the environment asks for.
pub fn settings() -> Result<Settings, Failure> {
    let mut settings = firesteel::blocking::environment().map_err(|error| Failure::Usage(error.to_string()))?;
    firesteel::tls::apply(&mut settings);
    Ok(settings)
}
