//! A proxy as the options and the environment ask for it.

use std::time::Duration;

use firesteel::blocking::{Connector, Proxy};
use firesteel::{CallFailure, Config, Dialect, Protocol};

use crate::arguments::Remote;
use crate::failure::Failure;
use crate::settings;

/// For commands that should not wait for ever by themselves.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A proxy for the object; nothing is connected yet.
pub fn proxy(remote: &Remote, patience: Option<Duration>) -> Result<Proxy, Failure> {
    let mut config = settings::settings()?.config;
    if let Some(timeout) = remote.timeout.or(config.call_timeout).or(patience) {
        config.wait_at_most(timeout);
    }
    config.protocol = remote.protocol;
    config.serializer = remote.serializer.unwrap_or(config.serializer);
    check(&config)?;
    Connector::new(config).proxy(&remote.uri).map_err(|error| Failure::of_call(&remote.uri, CallFailure::from(error)))
}

/// What can be known to fail before anything is connected.
fn check(config: &Config) -> Result<(), Failure> {
    let Protocol::Always(dialect) = config.protocol else { return Ok(()) };
    if config.serializer.to_wire(dialect).is_none() {
        let serializer = config.serializer;
        return Err(Failure::Usage(format!(
            "Pyro5 has no {serializer}: choose another --serializer, or --protocol pyro4"
        )));
    }
    if config.hmac_key.is_some() && dialect == Dialect::Pyro5 {
        return Err(Failure::Usage(
            "Pyro5's protocol cannot be signed: unset PYRO_HMAC_KEY, or choose --protocol pyro4".to_owned(),
        ));
    }
    Ok(())
}
