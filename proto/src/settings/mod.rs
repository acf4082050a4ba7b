//! Settings as Pyro's programs read them from their environment.

mod parse;
mod table;
mod tls;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use firesteel_value::Value;

use crate::limits::{Config, IpVersion};
use crate::nat::Nat;
use crate::serializer::{SerializerId, Serializers};
use crate::wire::HmacKey;
use parse::Setting;
pub use tls::TlsSettings;
use tls::Wanting;

/// What the `PYRO_*` variables of an environment ask for, read as Pyro5 reads them (`configure.py`).
///
/// This crate looks at no environment: its user gives the variables, or makes a [`Config`] without any.
/// [`items`](Self::items) shows the settings in force under Pyro's names.
///
/// ```
/// use firesteel_proto::Settings;
///
/// let settings = Settings::from_vars([("PYRO_COMMTIMEOUT", "2.5"), ("PYRO_NATHOST", "router"), ("HOME", "/root")])?;
/// assert_eq!(settings.config.call_timeout, Some(std::time::Duration::from_millis(2500)));
/// assert!(Settings::from_vars([("PYRO_COMPRESSION", "perhaps")]).is_err());
/// # Ok::<(), firesteel_proto::SettingError>(())
/// ```
///
/// # Variables
///
/// | variable | default | |
/// |---|---|---|
/// | `PYRO_BROADCAST_ADDRS` | `<broadcast>`, 0.0.0.0 | [`Naming::broadcast_addresses`], with commas between |
/// | `PYRO_COMMTIMEOUT` | 0.0 | [`Config::wait_at_most`] so many seconds, 0 for no limit |
/// | `PYRO_COMPRESSION` | False | [`Config::compression`] |
/// | `PYRO_HMAC_KEY` | | [`Config::hmac_key`]; empty is none. Pyro4 has it in its programs alone |
/// | `PYRO_HOST` | localhost | [`host`](Self::host) |
/// | `PYRO_ITER_STREAMING` | True | [`Config::streaming`] |
/// | `PYRO_ITER_STREAM_LIFETIME` | 0.0 | [`Config::stream_lifetime`] in seconds, 0 for no limit |
/// | `PYRO_ITER_STREAM_LINGER` | 30.0 | [`Config::stream_linger`] in seconds |
/// | `PYRO_MAX_MESSAGE_SIZE` | 64 MiB | [`Config::limit_messages`]; Pyro5's default is 1 GiB |
/// | `PYRO_MAX_RETRIES` | 0 | [`Config::max_retries`] |
/// | `PYRO_NATHOST` | None | [`Config::nat`]; empty is none |
/// | `PYRO_NATPORT` | 0 | its port; without a host, it is ignored as in Pyro5 |
/// | `PYRO_NS_AUTOCLEAN` | 0.0 | [`autoclean`](Self::autoclean), 0 for not at all |
/// | `PYRO_NS_BCHOST` | None | [`broadcast_host`](Self::broadcast_host) |
/// | `PYRO_NS_BCPORT` | 9091 | [`Naming::broadcast_port`] |
/// | `PYRO_NS_HOST` | localhost | [`Naming::host`] |
/// | `PYRO_NS_LOOKUP_DELAY` | 0.0 | [`Naming::lookup_delay`] in seconds |
/// | `PYRO_NS_PORT` | 9090 | [`Naming::port`] |
/// | `PYRO_PREFER_IP_VERSION` | 0 | [`Config::ip_version`]: 4, 6 or 0 for any |
/// | `PYRO_SERIALIZER` | serpent | [`Config::serializer`] |
/// | `PYRO_SERIALIZERS_ACCEPTED` | all but pickle's | [`Config::serializers`], with commas between (Pyro4) |
/// | `PYRO_SERPENT_BYTES_REPR` | False | [`Config::bytes_repr`] |
/// | `PYRO_SSL` | False | [`tls`](Self::tls): TLS. Refuses to serve and to connect until `firesteel_tls::apply` has set it up |
/// | `PYRO_SSL_*` | | the fields of [`tls`](Self::tls) |
/// | `PYRO_THREADPOOL_SIZE` | 4 | [`workers`](Self::workers); Pyro5's default is 80 |
///
/// [`Naming::broadcast_addresses`]: crate::Naming::broadcast_addresses
/// [`Naming::broadcast_port`]: crate::Naming::broadcast_port
/// [`Naming::host`]: crate::Naming::host
/// [`Naming::lookup_delay`]: crate::Naming::lookup_delay
/// [`Naming::port`]: crate::Naming::port
///
/// The other variables of Pyro5 and Pyro4 are checked in the same way, and [ignored](Self::ignored).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How daemons and clients behave.
    pub config: Config,
    /// Where servers listen that are not told anything else. Default `localhost`.
    pub host: String,
    /// How many calls a server runs at once. Default 4.
    pub workers: usize,
    /// What is said of TLS. Default none.
    pub tls: TlsSettings,
    /// Where a name server listens for broadcasts. Default empty: on all addresses.
    pub broadcast_host: String,
    /// How often a name server looks whether the servers of its names are still there. Default never.
    pub autoclean: Option<Duration>,
    ignored: Vec<&'static str>,
}

/// A variable that cannot be read. It prints as one line that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    variable: String,
    value: String,
    advice: Cow<'static, str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            config: Config::default(),
            host: "localhost".to_owned(),
            workers: 4,
            tls: TlsSettings::default(),
            broadcast_host: String::new(),
            autoclean: None,
            ignored: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads the variables whose names begin with `PYRO_`; others may be among them.
    ///
    /// # Errors
    /// A value that Pyro5 would not take, or that means nothing, and a name that neither Pyro5 nor Pyro4 knows.
    pub fn from_vars<N: AsRef<str>, V: AsRef<str>>(
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, SettingError> {
        let mut settings = Self::default();
        let mut nat = Nat::host("");
        for (name, value) in vars {
            let Some(item) = name.as_ref().strip_prefix(PREFIX) else { continue };
            let setting = Setting { item, text: value.as_ref() };
            let Some(known) = table::find(item) else {
                return Err(setting.wrong("neither Pyro5 nor Pyro4 has such a setting: correct or unset it"));
            };
            let value = known.kind.parse(&setting)?;
            if !settings.apply(&setting, value, &mut nat)? {
                settings.ignored.push(known.name);
            }
        }
        if settings.tls.enabled {
            settings.config.layers = Some(Arc::new(Wanting));
        }
        settings.config.nat = (!nat.host.is_empty()).then_some(nat);
        settings.ignored.sort_unstable();
        Ok(settings)
    }

    /// The settings in force, sorted by name, with values as Python has them. Of the key, it says whether there is one.
    pub fn items(&self) -> Vec<(&'static str, Value)> {
        let config = &self.config;
        let seconds = |duration: Option<Duration>| Value::Float(duration.unwrap_or_default().as_secs_f64());
        let number = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let accepted = SerializerId::ALL.into_iter().filter(|serializer| config.serializers.accept(*serializer));
        let version = match config.ip_version {
            IpVersion::Any => 0,
            IpVersion::V4 => 4,
            IpVersion::V6 => 6,
        };
        let nat = config.nat.as_ref();
        let naming = &config.naming;
        let addresses = naming.broadcast_addresses.iter().map(|address| address.as_str().into());
        let mut items = vec![
            ("BROADCAST_ADDRS", Value::List(addresses.collect())),
            ("COMMTIMEOUT", seconds(config.call_timeout)),
            ("COMPRESSION", config.compression.into()),
            ("HMAC_KEY", config.hmac_key.as_ref().map_or(Value::None, |_| "(set)".into())),
            ("HOST", self.host.as_str().into()),
            ("ITER_STREAMING", config.streaming.into()),
            ("ITER_STREAM_LIFETIME", seconds(config.stream_lifetime)),
            ("ITER_STREAM_LINGER", seconds(Some(config.stream_linger))),
            ("MAX_MESSAGE_SIZE", number(config.limits.max_message)),
            ("MAX_RETRIES", Value::from(config.max_retries)),
            ("NATHOST", nat.map_or(Value::None, |nat| nat.host.as_str().into())),
            ("NATPORT", Value::from(nat.map_or(0, |nat| nat.port))),
            ("NS_AUTOCLEAN", seconds(self.autoclean)),
            (
                "NS_BCHOST",
                Some(&self.broadcast_host)
                    .filter(|host| !host.is_empty())
                    .map_or(Value::None, |host| host.as_str().into()),
            ),
            ("NS_BCPORT", Value::from(naming.broadcast_port)),
            ("NS_HOST", naming.host.as_str().into()),
            ("NS_LOOKUP_DELAY", seconds(Some(naming.lookup_delay))),
            ("NS_PORT", Value::from(naming.port)),
            ("PREFER_IP_VERSION", Value::Int(version)),
            ("SERIALIZER", config.serializer.name().into()),
            ("SERIALIZERS_ACCEPTED", Value::List(accepted.map(|serializer| serializer.name().into()).collect())),
            ("SERPENT_BYTES_REPR", config.bytes_repr.into()),
            ("THREADPOOL_SIZE", number(self.workers)),
        ];
        let at = items.partition_point(|(name, _)| *name < "SSL");
        items.splice(at..at, self.tls.items());
        items
    }

    /// Names of the variables, without their `PYRO_`, that were given and mean nothing here.
    pub fn ignored(&self) -> &[&'static str] {
        &self.ignored
    }

    /// Names of all settings of Pyro5 and Pyro4 that mean nothing here, sorted.
    pub fn unused() -> impl Iterator<Item = &'static str> {
        let used = Self::default().items();
        table::names().filter(move |name| used.iter().all(|(other, _)| other != name))
    }

    /// Where a server listens on this port, as the blocking adapter takes it: [`host`](Self::host), in brackets where
    /// it is an IPv6 address, and the port.
    pub fn address(&self, port: u16) -> String {
        let host = &self.host;
        if host.contains(':') && !host.starts_with('[') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Takes over a value of the right type; false where it means nothing here.
    fn apply(&mut self, setting: &Setting<'_>, value: Value, nat: &mut Nat) -> Result<bool, SettingError> {
        let config = &mut self.config;
        match (setting.item, value) {
            ("BROADCAST_ADDRS", Value::Str(addresses)) => {
                let addresses = addresses.split(',').map(|address| address.trim().to_owned());
                config.naming.broadcast_addresses = addresses.filter(|address| !address.is_empty()).collect();
            }
            ("COMMTIMEOUT", Value::Float(seconds)) => {
                if let Some(timeout) = setting.seconds(seconds)? {
                    config.wait_at_most(timeout);
                }
            }
            ("COMPRESSION", Value::Bool(on)) => config.compression = on,
            ("HMAC_KEY", Value::Str(key)) if key.is_empty() => config.hmac_key = None,
            ("HMAC_KEY", Value::Str(key)) => config.hmac_key = Some(hmac_key(setting, key)?),
            ("HOST", Value::Str(host)) => self.host = host,
            ("ITER_STREAMING", Value::Bool(on)) => config.streaming = on,
            ("ITER_STREAM_LIFETIME", Value::Float(seconds)) => config.stream_lifetime = setting.seconds(seconds)?,
            ("ITER_STREAM_LINGER", Value::Float(seconds)) => {
                config.stream_linger = setting.seconds(seconds)?.unwrap_or_default();
            }
            ("MAX_MESSAGE_SIZE", value) => config.limit_messages(setting.within(&value, 1, MAX_SIZE)?),
            ("MAX_RETRIES", value) => config.max_retries = setting.within(&value, 0, u32::MAX)?,
            ("NATHOST", Value::Str(host)) => nat.host = host,
            ("NATPORT", value) => nat.port = setting.within(&value, 0, u16::MAX)?,
            ("NS_AUTOCLEAN", Value::Float(seconds)) => {
                self.autoclean = setting.seconds(seconds)?.filter(|interval| !interval.is_zero());
            }
            ("NS_BCHOST", Value::Str(host)) => self.broadcast_host = host,
            ("NS_BCPORT", value) => config.naming.broadcast_port = setting.within(&value, 0, u16::MAX)?,
            ("NS_HOST", Value::Str(host)) => config.naming.host = host,
            ("NS_LOOKUP_DELAY", Value::Float(seconds)) => {
                config.naming.lookup_delay = setting.seconds(seconds)?.unwrap_or_default();
            }
            ("NS_PORT", value) => config.naming.port = setting.within(&value, 0, u16::MAX)?,
            ("PREFER_IP_VERSION", value) => {
                config.ip_version = match value {
                    Value::Int(0) => IpVersion::Any,
                    Value::Int(4) => IpVersion::V4,
                    Value::Int(6) => IpVersion::V6,
                    _ => return Err(setting.wrong("give 4, 6, or 0 for any")),
                }
            }
            ("SERIALIZER", Value::Str(name)) => {
                config.serializer = name.parse().map_err(|error: String| setting.wrong(error))?;
            }
            ("SERIALIZERS_ACCEPTED", Value::Str(names)) => {
                let names = names.split(',').map(|name| name.trim().parse::<SerializerId>());
                config.serializers = names.collect::<Result<Serializers, _>>().map_err(|error| setting.wrong(error))?;
            }
            ("SERPENT_BYTES_REPR", Value::Bool(on)) => config.bytes_repr = on,
            ("THREADPOOL_SIZE", value) => self.workers = setting.within(&value, 1, MAX_WORKERS)?,
            (_, value) => return Ok(self.tls.apply(setting, &value)),
        }
        Ok(true)
    }
}

#[cfg(feature = "hmac")]
#[expect(clippy::unnecessary_wraps, reason = "it fails without the feature")]
fn hmac_key(_: &Setting<'_>, key: String) -> Result<HmacKey, SettingError> {
    Ok(HmacKey::new(key))
}

#[cfg(not(feature = "hmac"))]
fn hmac_key(setting: &Setting<'_>, _: String) -> Result<HmacKey, SettingError> {
    // The key is not to be shown.
    let setting = Setting { text: "...", ..*setting };
    Err(setting.wrong("signed messages are not built in: build with the feature hmac, or unset it"))
}

const PREFIX: &str = "PYRO_";
/// More than any message can say that it has.
const MAX_SIZE: usize = if usize::BITS > 40 { 1 << 40 } else { usize::MAX / 4 };
const MAX_WORKERS: usize = 10_000;

impl SettingError {
    /// The variable's whole name.
    pub fn variable(&self) -> &str {
        &self.variable
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, value, advice } = self;
        write!(f, "invalid value in the environment, {variable}={value}: {advice}")
    }
}

impl std::error::Error for SettingError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<Settings, SettingError> {
        Settings::from_vars([(format!("PYRO_{name}"), value), ("OTHER".to_owned(), "ignored")])
    }

    #[test]
    fn variables_mean_what_they_mean_in_pyro() {
        let config = |name, value| with(name, value).expect("valid").config;
        assert_eq!(config("COMMTIMEOUT", "0.0").call_timeout, None);
        let timed = config("COMMTIMEOUT", " 2.5 ");
        assert_eq!((timed.call_timeout, timed.handshake_timeout), (Some(MS * 2500), MS * 2500));
        let limits = config("MAX_MESSAGE_SIZE", "2_000_000_000").limits;
        assert_eq!((limits.max_message, limits.max_decompressed), (2_000_000_000, 2_000_000_000));
        let limits = config("MAX_MESSAGE_SIZE", "5000").limits;
        assert_eq!((limits.max_message, limits.max_handshake), (5000, 5000));
        for serializer in SerializerId::ALL {
            assert_eq!(config("SERIALIZER", serializer.name()).serializer, serializer);
        }
        let accepted = config("SERIALIZERS_ACCEPTED", "serpent, pickle").serializers;
        assert!(accepted.accept(SerializerId::Pickle) && !accepted.accept(SerializerId::Json));
        assert_eq!(config("HMAC_KEY", "").hmac_key, None);
        #[cfg(feature = "hmac")]
        assert_eq!(config("HMAC_KEY", "secret").hmac_key, Some(HmacKey::new("secret")));
        #[cfg(not(feature = "hmac"))]
        assert!(!with("HMAC_KEY", "secret").expect_err("not built in").to_string().contains("secret"));
        assert_eq!(config("ITER_STREAM_LIFETIME", "1e3").stream_lifetime, Some(MS * 1_000_000));
        assert_eq!(config("ITER_STREAM_LINGER", "0").stream_linger, Duration::ZERO);
        assert_eq!(config("PREFER_IP_VERSION", "6").ip_version, IpVersion::V6);
        assert_eq!(config("NATPORT", "5").nat, None);
        let both = Settings::from_vars([("PYRO_NATPORT", "5"), ("PYRO_NATHOST", "router")]).expect("valid");
        assert_eq!(both.config.nat, Some(Nat { host: "router".to_owned(), port: 5 }));
        let naming = |name, value| config(name, value).naming;
        assert_eq!(naming("NS_HOST", "there").host, "there");
        assert_eq!((naming("NS_PORT", "5").port, naming("NS_BCPORT", "6").broadcast_port), (5, 6));
        assert_eq!(naming("NS_LOOKUP_DELAY", "1.5").lookup_delay, MS * 1500);
        assert_eq!(
            naming("BROADCAST_ADDRS", "<broadcast>, 10.0.0.255").broadcast_addresses,
            ["<broadcast>", "10.0.0.255"]
        );
        assert!(naming("BROADCAST_ADDRS", "").broadcast_addresses.is_empty());
        assert_eq!(with("NS_BCHOST", "here").expect("valid").broadcast_host, "here");
        let autoclean = |value| with("NS_AUTOCLEAN", value).expect("valid").autoclean;
        assert_eq!((autoclean("0.0"), autoclean("4.5")), (None, Some(MS * 4500)));
        assert_eq!(with("THREADPOOL_SIZE", "7").expect("valid").workers, 7);
        assert_eq!(with("HOST", "::1").expect("valid").address(80), "[::1]:80");
        let tls = Settings::from_vars([
            ("PYRO_SSL", "1"),
            ("PYRO_SSL_CACERTS", "ca.pem"),
            ("PYRO_SSL_SERVERKEYPASSWD", "pw"),
        ]);
        let tls = tls.expect("valid");
        assert!(tls.tls.enabled && tls.tls.ca_certificates == "ca.pem" && tls.tls.server_key_password == "pw");
        assert!(!format!("{tls:?}{:?}", tls.items()).contains("pw"));
        // Nobody serves without TLS because it was not built in.
        assert!(tls.config.check_server().is_err());
        assert!(with("SSL_CACERTS", "ca.pem").expect("valid").config.check_server().is_ok());
        assert_eq!(with("SERVERTYPE", "multiplex").expect("valid").ignored(), ["SERVERTYPE"]);
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn invalid_values_are_errors_that_name_the_variable() {
        for (name, value) in [
            ("COMPRESSION", ""),
            ("SERPENT_BYTES_REPR", "2"),
            ("COMMTIMEOUT", "soon"),
            ("COMMTIMEOUT", "-1"),
            ("COMMTIMEOUT", "nan"),
            ("MAX_MESSAGE_SIZE", "1e6"),
            ("MAX_MESSAGE_SIZE", "0"),
            ("MAX_RETRIES", "-1"),
            ("NATPORT", "65536"),
            ("NS_PORT", "65536"),
            ("NS_LOOKUP_DELAY", "-1"),
            ("PREFER_IP_VERSION", "5"),
            ("SERIALIZER", "morse"),
            ("SERIALIZERS_ACCEPTED", "pickle,morse"),
            ("SSL", "maybe"),
            ("POLLTIMEOUT", "x"),
            ("COMTIMEOUT", "1"),
        ] {
            let error = with(name, value).expect_err(value);
            assert_eq!(error.variable(), format!("PYRO_{name}"));
            assert!(error.to_string().contains(&format!("PYRO_{name}={value}: ")), "{error}");
        }
    }

    #[test]
    fn items_are_those_of_the_table() {
        let items = Settings::default().items();
        assert!(items.is_sorted_by_key(|(name, _)| *name));
        for (name, value) in items {
            let known = table::find(name).expect(name);
            let shown = if value == Value::None { String::new() } else { value.to_string() };
            let plain = known.kind.parse(&Setting { item: name, text: &shown });
            assert!(plain.is_ok(), "{name}");
        }
    }
}
