//! Remote objects as values: what Pyro sends in place of a proxy.

use firesteel_value::{Dict, Instance, Value};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::connection::RemoteMetadata;
use crate::uri::Uri;

/// Stands for a remote object in arguments and answers: Python makes a proxy of it, and a proxy that Python sends is
/// read as one.
///
/// It is read from a proxy, a URI, or the text of a URI. Connect to it as to any other URI.
///
/// ```
/// use firesteel_proto::{ObjectRef, Uri};
///
/// let uri: Uri = "PYRO:thing@localhost:9999".parse().unwrap();
/// let value = firesteel_proto::to_value(&ObjectRef::from(uri.clone())).unwrap();
/// assert_eq!(value.as_instance().unwrap().class, "Pyro5.client.Proxy");
/// let back: ObjectRef = firesteel_proto::from_value(value).unwrap();
/// assert_eq!(back.uri, uri);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRef {
    /// Where it is.
    pub uri: Uri,
    /// What it exposes, where the sender knew. Without, whoever connects asks.
    pub metadata: RemoteMetadata,
    /// What to say in the handshake with its daemon. By default `"hello"`.
    pub handshake: Value,
    /// The serializer that the sender uses for it, if it is a particular one.
    pub serializer: Option<String>,
}

const CLASS: &str = "Pyro5.client.Proxy";

impl From<Uri> for ObjectRef {
    fn from(uri: Uri) -> Self {
        Self { uri, metadata: RemoteMetadata::default(), handshake: Value::from("hello"), serializer: None }
    }
}

impl ObjectRef {
    /// From the state of Pyro's class dictionary: URI, oneway methods, methods, attributes, handshake, serializer
    /// (`__getstate__` in Pyro5's `client.py`).
    fn from_state(state: Value) -> Option<Self> {
        let (Value::Tuple(state) | Value::List(state)) = state else { return None };
        let [uri, oneway, methods, attributes, handshake, serializer] = <[Value; 6]>::try_from(state).ok()?;
        let members = [("oneway", oneway), ("methods", methods), ("attrs", attributes)];
        let metadata = RemoteMetadata::from_value(&Value::Dict(Dict::from_iter(members))).ok()?;
        let serializer = serializer.as_str().map(str::to_owned);
        Some(Self { uri: uri.as_str()?.parse().ok()?, metadata, handshake, serializer })
    }
}

impl From<&ObjectRef> for Value {
    fn from(reference: &ObjectRef) -> Self {
        let names = |names: &[String]| Value::Tuple(names.iter().map(Value::from).collect());
        let RemoteMetadata { methods, oneway, attributes } = &reference.metadata;
        let serializer = reference.serializer.as_deref().map_or(Value::None, Value::from);
        let uri = reference.uri.to_string().into();
        let handshake = reference.handshake.clone();
        let state = vec![uri, names(oneway), names(methods), names(attributes), handshake, serializer];
        Instance::new(CLASS).with("state", Value::Tuple(state)).into()
    }
}

/// As Pyro's class dictionary of a proxy.
impl Serialize for ObjectRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ObjectRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = || de::Error::custom("expected a proxy, or the URI of an object");
        match Value::deserialize(deserializer)? {
            Value::Instance(mut proxy) if proxy.class == CLASS => {
                proxy.fields.remove("state").and_then(Self::from_state).ok_or_else(expected)
            }
            other => firesteel_value::from_value::<Uri>(other).map(Self::from).map_err(|_| expected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use firesteel_value::{from_value, to_value};

    use super::*;

    #[test]
    fn a_reference_is_read_as_it_was_written() {
        let mut reference = ObjectRef::from("PYRO:thing@./u:/tmp/socket".parse::<Uri>().expect("a uri"));
        reference.metadata.methods = vec!["cast".to_owned(), "echo".to_owned()];
        reference.metadata.oneway = vec!["cast".to_owned()];
        reference.serializer = Some("json".to_owned());
        let value = to_value(&reference).expect("serializes");
        assert_eq!(from_value::<ObjectRef>(value), Ok(reference));
    }

    #[test]
    fn uris_are_references_and_other_things_are_not() {
        let uri: Uri = "PYRO:thing@localhost:1".parse().expect("a uri");
        for value in [to_value(&uri).expect("serializes"), Value::from("PYRO:thing@localhost:1")] {
            assert_eq!(from_value::<ObjectRef>(value), Ok(ObjectRef::from(uri.clone())));
        }
        let no_state = Instance::new(CLASS).with("state", Value::Tuple(vec![Value::None; 6]));
        for value in [no_state.into(), Value::Int(1), "thing".into()] {
            assert!(from_value::<ObjectRef>(value).is_err());
        }
    }
}
