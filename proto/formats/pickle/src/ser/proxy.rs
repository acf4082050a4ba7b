//! URIs and proxies of Pyro4, from their class dicts (`Pyro4/core.py`).

use firesteel_value::{FormatError, FormatErrorKind, Value, decode_base64};
use serde::Serialize;

use super::Serializer;
use crate::op;

/// The port of a name server where none is given, `NS_PORT` in Pyro4's configuration.
const NAME_SERVER_PORT: i64 = 9090;

impl Serializer<'_> {
    /// Protocol, object, socket, host, port.
    pub(super) fn uri(&mut self, state: Option<&Value>) -> Result<(), FormatError> {
        let Some([protocol, object, rest @ ..]) = state.and_then(Value::as_seq).filter(|state| state.len() == 5) else {
            return Err(malformed("URI"));
        };
        self.new_object("Pyro4.core", "URI");
        let object = match object {
            // The tags of a PYROMETA, which formats without sets carry as something else.
            Value::List(tags) | Value::Tuple(tags) => Value::set(tags.clone()),
            object => object.clone(),
        };
        let state: Vec<Value> = [protocol.clone(), object].into_iter().chain(rest.iter().cloned()).collect();
        self.tuple(&state)?;
        self.op(op::BUILD);
        Ok(())
    }

    /// What `Proxy.__setstate_from_dict__` makes of the state in a class dict, which `Proxy.__setstate__` wants.
    pub(super) fn proxy(&mut self, state: Option<&Value>) -> Result<(), FormatError> {
        let wrong = || malformed("Proxy");
        let state = state.and_then(Value::as_seq).filter(|state| matches!(state.len(), 7..=9)).ok_or_else(wrong)?;
        self.new_object("Pyro4.core", "Proxy");
        self.op(op::MARK);
        let uri = state[0].as_str().and_then(parse_uri).ok_or_else(wrong)?;
        self.uri(Some(&uri))?;
        for names in &state[1..4] {
            match names {
                Value::List(names) | Value::Tuple(names) | Value::Set(names) | Value::FrozenSet(names) => {
                    Value::Set(names.clone()).serialize(&mut *self)?;
                }
                _ => return Err(wrong()),
            }
        }
        state[4].serialize(&mut *self)?;
        match &state[5] {
            Value::Str(key) if !key.is_empty() => {
                let key = key.strip_prefix("b64:").and_then(decode_base64).ok_or_else(wrong)?;
                self.bytes(&key)?;
            }
            _ => self.op(op::NONE),
        }
        for part in &state[6..] {
            part.serialize(&mut *self)?;
        }
        self.put(&[op::TUPLE, op::BUILD]);
        Ok(())
    }
}

/// The state of a URI from its text, as `URI.__init__` and `URI._parseLocation` take it apart.
fn parse_uri(text: &str) -> Option<Value> {
    let (protocol, rest) = text.split_once(':')?;
    let protocol = protocol.to_ascii_uppercase();
    // The location begins behind the last `@` that something follows.
    let (object, location) = rest.rsplit_once('@').map_or((rest, None), |(object, location)| (object, Some(location)));
    let default = match &*protocol {
        "PYRO" if location.is_none() => return None,
        "PYRO" => None,
        "PYRONAME" | "PYROMETA" => Some(NAME_SERVER_PORT),
        _ => return None,
    };
    let (socket, host, port) = match location.map(|location| location.strip_prefix("./u:").ok_or(location)) {
        None => (None, None, None),
        Some(Ok(socket)) => (Some(socket), None, None),
        Some(Err(address)) => {
            let (host, port) = match address.strip_prefix('[') {
                Some(bracketed) => {
                    let (host, behind) = bracketed.split_once(']')?;
                    (host, behind.strip_prefix(':'))
                }
                None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
            };
            let port = match port.filter(|port| !port.is_empty()) {
                Some(port) => port.parse().ok()?,
                None => default?,
            };
            (None, Some(host), Some(port))
        }
    };
    let object = match &*protocol {
        "PYROMETA" => Value::set(object.split(',').map(|tag| Value::from(tag.trim()))),
        _ => object.into(),
    };
    Some(Value::Tuple(vec![protocol.into(), object, socket.into(), host.into(), port.into()]))
}

#[cold]
fn malformed(class: &str) -> FormatError {
    FormatError::new(FormatErrorKind::Type, format!("the state of a Pyro4.core.{class} is wrong"))
}

#[cfg(test)]
mod tests {
    use super::parse_uri;

    #[test]
    fn uris_are_taken_apart() {
        for (text, state) in [
            ("PYRO:obj@host:1234", "('PYRO', 'obj', None, 'host', 1234)"),
            ("PYRO:obj@[::1]:1234", "('PYRO', 'obj', None, '::1', 1234)"),
            ("PYRO:obj@./u:/tmp/sock", "('PYRO', 'obj', '/tmp/sock', None, None)"),
            ("PYRONAME:some.name", "('PYRONAME', 'some.name', None, None, None)"),
            ("PYRONAME:some.name@host", "('PYRONAME', 'some.name', None, 'host', 9090)"),
            ("pyrometa:b@host:1", "('PYROMETA', {'b'}, None, 'host', 1)"),
        ] {
            assert_eq!(parse_uri(text).unwrap().to_string(), state);
        }
        for text in ["", "PYRO", "PYRO:obj", "PYRO:obj@host", "PYRO:obj@host:x", "HTTP:obj@host:1"] {
            assert!(parse_uri(text).is_none(), "{text}");
        }
    }
}
