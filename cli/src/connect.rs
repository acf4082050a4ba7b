//! A proxy as the options and the environment ask for it.

use std::time::Duration;

use firesteel::blocking::{Connector, Proxy};
use firesteel::{CallFailure, SerializerId};

use crate::arguments::Remote;
use crate::failure::Failure;
use crate::settings;

/// For commands that should not wait for ever by themselves.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A proxy for the object; nothing is connected yet.
pub fn proxy(remote: &Remote, patience: Option<Duration>, serializer: Option<SerializerId>) -> Result<Proxy, Failure> {
    let mut config = settings::config()?;
    if let Some(timeout) = remote.timeout.or(config.call_timeout).or(patience) {
        settings::wait_at_most(&mut config, timeout);
    }
    if let Some(serializer) = serializer {
        config.serializer = serializer;
    }
    Connector::new(config)
        .proxy(&remote.uri.to_string())
        .map_err(|error| Failure::of_call(&remote.uri, CallFailure::from(error)))
}
