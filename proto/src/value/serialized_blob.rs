//! An argument that is passed on unread.

use std::fmt;

use bytes::Bytes;
use firesteel_value::{FormatErrorKind, from_value};
use serde::de::value::{BorrowedBytesDeserializer, StrDeserializer, U8Deserializer};
use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::args::{Args, CallHead, data_of};
use super::source::Source;
use super::{ClassNames, FormatError, Payload, Value, dialects};
use crate::serializer::{SerializerId, read};
use crate::wire::{AnnotationKey, Annotations, Dialect, OwnedAnnotations};

/// The one argument of a call that stays serialized, for dispatchers and gateways: Pyro's `SerializedBlob`.
///
/// The info travels beside it and is read without the data. A method takes one as its only parameter, and a client sends
/// one with [`Request::blob`](crate::Request::blob). What came in is sent on with
/// [`Request::forward`](crate::Request::forward), byte for byte: whoever passes it on need not know its classes.
///
/// Pyro sends the whole message of the call on, so object and method in it are those that its first sender called.
#[derive(Clone, Debug, PartialEq)]
pub struct SerializedBlob {
    info: Value,
    payload: Payload,
}

/// The annotation that holds info, object and method, in marshal (`__serializeBlobArgs` in Pyro5's `client.py`).
pub(crate) const ANNOTATION: AnnotationKey = *b"BLBI";
/// As what a blob asks for its parts.
const NAME: &str = "$firesteel::serialized_blob";
/// The same text as in Python.
const ALONE: &str = "if SerializedBlob is used, it must be the only argument";

impl SerializedBlob {
    /// From the payload of another one, or of an [`IncomingCall`](crate::connection::IncomingCall).
    pub fn from_payload(info: impl Into<Value>, payload: Payload) -> Self {
        Self { info: info.into(), payload }
    }

    /// What the sender says about the data.
    pub fn info(&self) -> &Value {
        &self.info
    }

    /// The whole content of the first sender's call, in its serializer.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The same, without a copy.
    pub fn into_payload(self) -> Payload {
        self.payload
    }

    /// Decodes the data (`deserialized()` in Python).
    ///
    /// # Errors
    /// Bytes that are malformed, or hold something else.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, FormatError> {
        self.decode_with(&ClassNames::default())
    }

    /// Decodes the data, with what is [registered](ClassNames::reading) for its classes.
    ///
    /// # Errors
    /// As for [`decode`](Self::decode), and those of the functions for the classes.
    pub fn decode_with<T: DeserializeOwned>(&self, classes: &ClassNames) -> Result<T, FormatError> {
        let (dialect, bytes) = (self.payload.dialect(), self.payload.as_slice());
        let foreign = dialect == Dialect::Pyro4 && dialects::mentions_pyro4(bytes);
        if !foreign && !classes.reads() {
            return self.data();
        }
        let mut value: Value = self.data()?;
        if foreign {
            dialects::translate(&mut value, dialects::to_pyro5);
        }
        from_value(classes.converted(value)?)
    }

    fn data<T: DeserializeOwned>(&self) -> Result<T, FormatError> {
        data_of(self.payload.serializer(), self.payload.as_slice())
    }
}

/// The head of a call whose argument is a blob.
pub(crate) fn head<'a>(
    annotations: Annotations<'a>,
    dialect: Dialect,
    serializer: SerializerId,
    payload: &'a [u8],
) -> Result<CallHead<'a>, FormatError> {
    let missing = || FormatError::new(FormatErrorKind::Syntax, "a serialized blob needs the annotation BLBI");
    let annotation = annotations.get(ANNOTATION).ok_or_else(missing)?;
    let (info, object, method): (Value, String, String) = read(SerializerId::Marshal, annotation)?;
    let blob = Parts { info, dialect, serializer, payload };
    let args = Args::of_source(Source::Blob(Some(Box::new(blob))));
    Ok(CallHead { object: object.into(), method: method.into(), args })
}

/// The annotation for a call.
pub(crate) fn annotation(info: &Value, object: &str, method: &str) -> Result<Bytes, FormatError> {
    Ok(Payload::encode(SerializerId::Marshal, &(info, object, method))?.into_bytes())
}

/// Makes the annotation of a call to the first of two objects one of a call to the second.
pub(crate) fn readdress(annotations: &mut OwnedAnnotations, former: &str, to: &str) -> Result<(), FormatError> {
    let Some(written) = annotations.get(ANNOTATION) else { return Ok(()) };
    let (info, object, method): (Value, String, String) = read(SerializerId::Marshal, written)?;
    if object == former {
        annotations.set(ANNOTATION, annotation(&info, to, &method)?);
    }
    Ok(())
}

/// A blob that has come and was not asked for.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    info: Value,
    dialect: Dialect,
    serializer: SerializerId,
    payload: &'a [u8],
}

impl<'de> Deserialize<'de> for SerializedBlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, BlobVisitor)
    }
}

struct BlobVisitor;

impl<'de> Visitor<'de> for BlobVisitor {
    type Value = SerializedBlob;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SerializedBlob")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<SerializedBlob, D::Error> {
        Err(de::Error::custom(format_args!("expected a SerializedBlob, as the only argument; {ALONE}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<SerializedBlob, A::Error> {
        let missing = || de::Error::custom("a part of the blob is missing");
        let info: Value = parts.next_element()?.ok_or_else(missing)?;
        let serializer: String = parts.next_element()?.ok_or_else(missing)?;
        let pyro4 = parts.next_element::<u8>()?.ok_or_else(missing)? != 0;
        let payload: &'de [u8] = parts.next_element()?.ok_or_else(missing)?;
        let dialect = if pyro4 { Dialect::Pyro4 } else { Dialect::Pyro5 };
        let serializer = serializer.parse().map_err(de::Error::custom)?;
        let payload = Payload::from_bytes(serializer, Bytes::copy_from_slice(payload)).named_as_in(dialect);
        Ok(SerializedBlob { info, payload })
    }
}

impl<'de> Deserializer<'de> for Parts<'de> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        Err(de::Error::invalid_type(Unexpected::Other("SerializedBlob"), &visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        if name == NAME {
            visitor.visit_seq(PartAccess { parts: self, next: 0 })
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_some(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier
    }
}

struct PartAccess<'a> {
    parts: Parts<'a>,
    next: u8,
}

impl<'de> SeqAccess<'de> for PartAccess<'de> {
    type Error = FormatError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, FormatError> {
        let Parts { info, dialect, serializer, payload } = &mut self.parts;
        self.next += 1;
        Ok(Some(match self.next {
            1 => seed.deserialize(std::mem::take(info))?,
            2 => seed.deserialize(StrDeserializer::new(serializer.name()))?,
            3 => seed.deserialize(U8Deserializer::new(u8::from(*dialect == Dialect::Pyro4)))?,
            4 => seed.deserialize(BorrowedBytesDeserializer::new(payload))?,
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    const CALL: &[u8] = b"# serpent utf-8 python3.2\n('o','m',{'a':[1,2]},{})";

    fn bind<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Fault> {
        let mut annotations = OwnedAnnotations::default();
        annotations.set(ANNOTATION, annotation(&Value::from("topic"), "object", "method").expect("written"));
        let mut bytes = Vec::new();
        annotations.encode(Dialect::Pyro5, &mut bytes);
        let annotations = Annotations::parse(&bytes, Dialect::Pyro5).expect("well-formed");
        let head = head(annotations, Dialect::Pyro5, SerializerId::Serpent, payload).expect("a head");
        assert_eq!((&*head.object, &*head.method), ("object", "method"));
        head.args.bind::<(T,)>(&["blob"]).map(|(it,)| it)
    }

    #[test]
    fn a_blob_is_taken_with_its_bytes() {
        let blob: SerializedBlob = bind(CALL).expect("a blob");
        assert_eq!((blob.info(), blob.payload().as_slice()), (&Value::from("topic"), CALL));
        let data: std::collections::BTreeMap<String, Vec<i64>> = blob.decode().expect("its data");
        assert_eq!(data["a"], [1, 2]);
        assert!(bind::<Option<SerializedBlob>>(CALL).expect("a blob").is_some());
        // It is not looked at before somebody asks.
        assert!(bind::<SerializedBlob>(b"nonsense").expect("a blob").decode::<Value>().is_err());
    }

    #[test]
    fn what_is_no_blob_is_a_type_error() {
        let fault = bind::<String>(CALL).expect_err("a blob is no text");
        assert!(fault.is("builtins.TypeError") && fault.message().contains("SerializedBlob"), "{fault}");
        assert!(bind::<Value>(CALL).is_err());
        let head = CallHead::read(Dialect::Pyro5, SerializerId::Serpent, b"('o','m',(1,),{})", 50).expect("a call");
        let fault = head.args.bind::<(SerializedBlob,)>(&["blob"]).expect_err("1 is no blob");
        assert!(fault.is("builtins.TypeError") && fault.message().contains(ALONE), "{fault}");
    }

    #[test]
    fn data_are_found_in_every_format() {
        for serializer in SerializerId::ALL {
            let call = Payload::encode(serializer, &("o", "m", vec![1_i64, 2], Value::Dict(Default::default())));
            let mut blob = SerializedBlob::from_payload("info", call.expect("a call"));
            if serializer == SerializerId::Json {
                let call = b"{\"kwargs\": {}, \"params\": [1, 2], \"method\": \"m\", \"object\": \"o\"}".to_vec();
                blob = SerializedBlob::from_payload("info", Payload::from_bytes(serializer, call));
            }
            assert_eq!(blob.decode::<Vec<i64>>(), Ok(vec![1, 2]), "{serializer}");
        }
    }
}
