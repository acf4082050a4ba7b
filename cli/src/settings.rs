//! Settings from the environment: the `PYRO_*` variables that matter here, read as Pyro5 reads them,
//! and those that only Pyro4 knows.

use std::env;
use std::str::FromStr;
use std::time::Duration;

use firesteel::{Config, HmacKey};

use crate::arguments::{seconds, serializers};
use crate::failure::Failure;

/// For `--help`.
pub const HELP: &str = "\
Environment variables, as in Pyro5:
  PYRO_COMMTIMEOUT         seconds to wait for connections and answers, 0 for no limit
  PYRO_COMPRESSION         compress what is sent (1, 0, on, off, yes, no, true, false)
  PYRO_MAX_MESSAGE_SIZE    bytes that a message may have
  PYRO_SERIALIZER          what calls are serialized with
  PYRO_SERPENT_BYTES_REPR  write bytes as literals instead of base64 (as PYRO_COMPRESSION)
and as in Pyro4:
  PYRO_HMAC_KEY            the secret that signs messages; without signatures nothing is accepted then
  PYRO_SERIALIZERS_ACCEPTED  what a server accepts, with commas between: pickle, dill and cloudpickle
                           are refused unless they are named
Other PYRO_ variables are ignored.";

/// The config that the environment asks for.
pub fn config() -> Result<Config, Failure> {
    config_from(|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned())).map_err(Failure::Usage)
}

fn config_from(variable: impl Fn(&str) -> Option<String>) -> Result<Config, String> {
    let mut config = Config::default();
    let read = |name: &str| variable(name).map(|value| (name.to_owned(), value));
    if let Some(setting) = read("PYRO_COMPRESSION") {
        config.compression = boolean(&setting)?;
    }
    if let Some(setting) = read("PYRO_SERPENT_BYTES_REPR") {
        config.bytes_repr = boolean(&setting)?;
    }
    if let Some((name, value)) = read("PYRO_COMMTIMEOUT")
        && value.trim().parse() != Ok(0.0)
    {
        wait_at_most(&mut config, seconds(&value).map_err(|error| invalid(&name, &value, &error))?);
    }
    if let Some((name, value)) = read("PYRO_SERIALIZER") {
        config.serializer = value.parse().map_err(|error: String| invalid(&name, &value, &error))?;
    }
    if let Some((name, value)) = read("PYRO_SERIALIZERS_ACCEPTED") {
        config.serializers = serializers(&value).map_err(|error| invalid(&name, &value, &error))?;
    }
    // An empty key is none, as in Pyro4.
    if let Some((_, value)) = read("PYRO_HMAC_KEY").filter(|(_, value)| !value.is_empty()) {
        config.hmac_key = Some(HmacKey::new(value));
    }
    if let Some((name, value)) = read("PYRO_MAX_MESSAGE_SIZE") {
        limit_messages(&mut config, number(&name, &value)?);
    }
    Ok(config)
}

/// Bounds each step of a call: connecting, the handshake, the answer.
pub fn wait_at_most(config: &mut Config, timeout: Duration) {
    config.handshake_timeout = timeout;
    config.call_timeout = Some(timeout);
}

/// Pyro has this one limit; the others follow where they would contradict it.
fn limit_messages(config: &mut Config, size: usize) {
    let limits = &mut config.limits;
    limits.max_message = size;
    limits.max_handshake = limits.max_handshake.min(size);
    limits.max_decompressed = limits.max_decompressed.max(size);
    limits.max_total_buffered = limits.max_total_buffered.max(size);
}

fn boolean((name, value): &(String, String)) -> Result<bool, String> {
    match value.to_lowercase().as_str() {
        "1" | "yes" | "on" | "true" => Ok(true),
        "0" | "no" | "off" | "false" => Ok(false),
        _ => Err(invalid(name, value, "give 1 or 0")),
    }
}

fn number(name: &str, value: &str) -> Result<usize, String> {
    usize::from_str(value.trim())
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| invalid(name, value, "give a number of bytes"))
}

fn invalid(name: &str, value: &str, advice: &str) -> String {
    format!("invalid value in the environment, {name}={value}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use firesteel::SerializerId;

    fn with(name: &str, value: &str) -> Result<Config, String> {
        config_from(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn variables_are_read_as_in_pyro() {
        for (text, on) in [("1", true), ("YES", true), ("On", true), ("false", false), ("0", false), ("off", false)] {
            assert_eq!(with("PYRO_COMPRESSION", text).expect(text).compression, on);
            assert_eq!(with("PYRO_SERPENT_BYTES_REPR", text).expect(text).bytes_repr, on);
        }
        assert_eq!(with("PYRO_COMMTIMEOUT", "0.0").expect("valid").call_timeout, None);
        let config = with("PYRO_COMMTIMEOUT", "2.5").expect("valid");
        assert_eq!(config.call_timeout, Some(Duration::from_millis(2500)));
        assert_eq!(config.handshake_timeout, Duration::from_millis(2500));
        let limits = with("PYRO_MAX_MESSAGE_SIZE", "2000000000").expect("valid").limits;
        assert_eq!((limits.max_message, limits.max_decompressed), (2_000_000_000, 2_000_000_000));
        let limits = with("PYRO_MAX_MESSAGE_SIZE", "5000").expect("valid").limits;
        assert_eq!((limits.max_message, limits.max_handshake), (5000, 5000));
        for serializer in SerializerId::ALL {
            assert_eq!(with("PYRO_SERIALIZER", serializer.name()).expect("valid").serializer, serializer);
        }
        let accepted = with("PYRO_SERIALIZERS_ACCEPTED", "serpent,pickle").expect("valid").serializers;
        assert!(accepted.accept(SerializerId::Pickle) && !accepted.accept(SerializerId::Json));
        assert_eq!(with("PYRO_HMAC_KEY", "").expect("valid").hmac_key, None);
        assert_eq!(with("PYRO_HMAC_KEY", "secret").expect("valid").hmac_key, Some(HmacKey::new("secret")));
        assert!(with("PYRO_HOST", "nonsense").is_ok());
    }

    #[test]
    fn invalid_values_are_errors() {
        for (name, value) in [
            ("PYRO_COMPRESSION", ""),
            ("PYRO_SERPENT_BYTES_REPR", "2"),
            ("PYRO_COMMTIMEOUT", "soon"),
            ("PYRO_COMMTIMEOUT", "-1"),
            ("PYRO_MAX_MESSAGE_SIZE", "1e6"),
            ("PYRO_MAX_MESSAGE_SIZE", "0"),
            ("PYRO_SERIALIZER", "morse"),
            ("PYRO_SERIALIZERS_ACCEPTED", "pickle,morse"),
        ] {
            let error = with(name, value).expect_err(value);
            assert!(error.contains(&format!("{name}={value}")), "{error}");
        }
    }
}
