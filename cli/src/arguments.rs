//! What stands on the command line: URIs, Python literals, durations.

use std::time::Duration;

use clap::Args;
use firesteel::{Dialect, Payload, Protocol, SerializerId, Serializers, Uri, Value};

/// The remote object, and how to talk to it.
#[derive(Args)]
pub struct Remote {
    /// The object: PYRO:object@host:port, PYRO:object@[ipv6]:port or PYRO:object@./u:socketpath; or what a name server
    /// knows: PYRONAME:name or PYROMETA:tag,tag, both with or without @host:port of the name server
    #[arg(value_parser = uri)]
    pub uri: String,
    /// How many seconds to wait for the connection, and then for the answer
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// The wire protocol: pyro5, pyro4, or auto, which tries that of Pyro5 first
    #[arg(long, value_name = "NAME", value_parser = protocol, default_value = "auto")]
    pub protocol: Protocol,
    /// What to serialize with: serpent, marshal, json, msgpack, cbor (firesteel alone), and in Pyro4's
    /// protocol pickle, dill, cloudpickle
    #[arg(long, value_name = "NAME")]
    pub serializer: Option<SerializerId>,
}

/// A URI. It stays text: the port of its name server may be a setting.
pub fn uri(text: &str) -> Result<String, String> {
    match text.parse::<Uri>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!(
            "{error}: write PYRO:object@host:port, PYRO:object@./u:path for a unix socket, or PYRONAME:name"
        )),
    }
}

/// A generation of Pyro, or the version of its protocol.
pub fn protocol(text: &str) -> Result<Protocol, String> {
    match text {
        "auto" => Ok(Protocol::Auto),
        "pyro5" | "5" | "502" => Ok(Protocol::Always(Dialect::Pyro5)),
        "pyro4" | "4" | "48" => Ok(Protocol::Always(Dialect::Pyro4)),
        _ => Err("choose one of pyro5, pyro4, auto".to_owned()),
    }
}

/// Names of serializers with commas between them, as in Pyro4's `SERIALIZERS_ACCEPTED`.
pub fn serializers(text: &str) -> Result<Serializers, String> {
    text.split(',').map(|name| name.trim().parse::<SerializerId>()).collect()
}

/// A Python literal, such as `1.5`, `'text'` or `[1, {'a': None}]`.
pub fn literal(text: &str) -> Result<Value, String> {
    // What serpent reads is the syntax of Python's literals.
    Payload::from_bytes(SerializerId::Serpent, text.as_bytes().to_vec()).to_value().map_err(|error| {
        format!("not a Python literal ({error}): a string needs quotes of its own inside those of the shell, \"'like this'\"")
    })
}

/// `NAME=LITERAL`.
pub fn keyword(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.to_owned(), literal(text)?)),
        _ => Err("write NAME=LITERAL, such as size=5 or \"name='text'\"".to_owned()),
    }
}

/// A number of seconds above zero.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.trim().parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= MAX_SECONDS => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("give a number of seconds above zero, such as 0.5".to_owned()),
    }
}

/// About thirty years: more would not fit into a point in time everywhere.
const MAX_SECONDS: f64 = 1e9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_those_of_python() {
        for (text, repr) in [
            ("1", "1"),
            (" -5", "-5"),
            ("0x10", "16"),
            ("1e3", "1000.0"),
            ("'it''s'", "'its'"),
            ("\"it's\"", "\"it's\""),
            ("b'\\x00'", "b'\\x00'"),
            ("[1, (2,), {'a': {3}}]", "[1, (2,), {'a': {3}}]"),
            ("1, 2", "(1, 2)"),
            ("None", "None"),
        ] {
            assert_eq!(literal(text).expect(text).to_string(), repr, "{text}");
        }
        for text in ["", "hello", "'open", "1 2", "f()", "[1", "a=1"] {
            assert!(literal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keywords_have_a_name() {
        assert_eq!(keyword("a=b'='"), Ok(("a".to_owned(), literal("b'='").expect("a literal"))));
        for text in ["a", "=1", "a=", "a=b"] {
            assert!(keyword(text).is_err(), "{text}");
        }
    }

    #[test]
    fn protocols_are_named_or_numbered() {
        for text in ["pyro4", "4", "48"] {
            assert_eq!(protocol(text), Ok(Protocol::Always(Dialect::Pyro4)));
        }
        for text in ["pyro5", "5", "502"] {
            assert_eq!(protocol(text), Ok(Protocol::Always(Dialect::Pyro5)));
        }
        assert_eq!(protocol("auto"), Ok(Protocol::Auto));
        assert!(protocol("pyro3").is_err());
    }

    #[test]
    fn serializers_have_commas_between_them() {
        use SerializerId::{Json, Pickle};
        assert_eq!(serializers("json, pickle"), Ok(Serializers::NONE.with(Json).with(Pickle)));
        for text in ["", "json,", "json pickle", "morse"] {
            assert!(serializers(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_are_above_zero() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["", "x", "0", "-1", "nan", "inf", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
