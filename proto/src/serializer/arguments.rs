//! The content of a call, `(object, method, positional arguments, keyword arguments)`, being written.

use firesteel_value::{FormatError, Value, ValueSerializer};
use serde::ser::{Error as _, Impossible, Serialize, SerializeTuple, Serializer};

use super::SerializerId;
use super::classed::Classed;
use super::framing::framing;
use super::style::{Style, with_writer};
use crate::value::{SerializedBlob, serialized_blob};
use crate::wire::{Flags, OwnedAnnotations};

/// The longest beginning of a document that is kept, in bytes.
const MOST: usize = 256;

/// The arguments of a call: anything that serde can serialize.
///
/// Positional ones are a tuple, an array, a `Vec` or a [`Value`](crate::Value) that is a tuple or a
/// list; `()` is none. Keyword arguments are a map, a struct or a dictionary value.
pub trait Arguments {
    /// Writes them.
    #[doc(hidden)]
    fn write(&self, out: &mut ArgumentsWriter<'_>) -> Result<(), FormatError>;
}

impl<T: Serialize + ?Sized> Arguments for T {
    fn write(&self, out: &mut ArgumentsWriter<'_>) -> Result<(), FormatError> {
        out.write(self)
    }
}

/// Where [`Arguments`] are written to.
#[derive(Debug)]
pub struct ArgumentsWriter<'a> {
    style: Style<'a>,
    shape: Shape,
    out: &'a mut Vec<u8>,
}

/// One call of a batch.
#[derive(Clone, Copy)]
pub(crate) struct BatchedCall<'a> {
    pub(crate) method: &'a str,
    pub(crate) args: &'a dyn Arguments,
    pub(crate) kwargs: Option<&'a dyn Arguments>,
}

/// What a call holds.
#[derive(Clone, Copy)]
pub(crate) enum CallContent<'a> {
    Method { name: &'a str, args: &'a dyn Arguments, kwargs: Option<&'a dyn Arguments> },
    Batch(&'a [BatchedCall<'a>]),
    Get(&'a str),
    Set(&'a str, &'a dyn Arguments),
    Blob(&'a str, Blob<'a>),
}

/// An argument that stays serialized.
#[derive(Clone, Copy)]
pub(crate) enum Blob<'a> {
    /// It is serialized here.
    New { info: &'a Value, data: &'a dyn Arguments },
    /// It came from elsewhere.
    Received(&'a SerializedBlob),
}

/// How the document of a call of this object begins; what follows does not depend on the object.
pub(crate) fn call_begins(object: &str, style: Style<'_>) -> Result<Vec<u8>, FormatError> {
    let mut out = framing(style.serializer).call[0].to_vec();
    style.write_text(object, &mut out)?;
    out.extend_from_slice(framing(style.serializer).call[1]);
    Ok(out)
}

/// How the last call's document began: one of the same method begins with the same bytes, which need not be made anew.
/// A long one is not kept.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    serializer: SerializerId,
    object: String,
    method: String,
    bytes: Vec<u8>,
}

impl Opening {
    /// Appends all that is in front of the arguments.
    fn write(&mut self, object: &str, method: &str, style: Style<'_>, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let is_known = self.method == method && self.object == object && self.serializer == style.serializer;
        if is_known && !self.bytes.is_empty() {
            out.extend_from_slice(&self.bytes);
            return Ok(());
        }
        let start = out.len();
        let [before_object, before_method, before_args, ..] = framing(style.serializer).call;
        out.extend_from_slice(before_object);
        style.write_text(object, out)?;
        out.extend_from_slice(before_method);
        style.write_text(method, out)?;
        out.extend_from_slice(before_args);
        if out.len() - start <= MOST {
            self.serializer = style.serializer;
            object.clone_into(&mut self.object);
            method.clone_into(&mut self.method);
            self.bytes.clear();
            self.bytes.extend_from_slice(&out[start..]);
        }
        Ok(())
    }
}

impl CallContent<'_> {
    /// Appends the call's document.
    pub(crate) fn write(
        &self,
        object: &str,
        style: Style<'_>,
        opening: &mut Opening,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        if let Self::Blob(_, Blob::Received(blob)) = self
            && blob.payload().reads_as_in(style.dialect)
        {
            out.extend_from_slice(blob.payload().as_slice());
            return Ok(());
        }
        let framing = framing(style.serializer);
        let [.., before_kwargs, end] = framing.call;
        let write =
            |part: &dyn Arguments, shape, out: &mut Vec<u8>| part.write(&mut ArgumentsWriter { style, shape, out });
        opening.write(object, self.method(), style, out)?;
        match self {
            Self::Method { args, kwargs, .. } => {
                write(*args, Shape::Positional, out)?;
                out.extend_from_slice(before_kwargs);
                match kwargs {
                    Some(kwargs) => write(*kwargs, Shape::Keyword, out)?,
                    None => out.extend_from_slice(framing.no_keywords),
                }
            }
            Self::Batch(calls) => {
                framing.open_list(calls.len(), out);
                let [before_name, before_its_args, before_its_kwargs, behind] = framing.triple;
                for (at, call) in calls.iter().enumerate() {
                    out.extend_from_slice(if at == 0 { b"" } else { framing.separator });
                    out.extend_from_slice(before_name);
                    style.write_text(call.method, out)?;
                    out.extend_from_slice(before_its_args);
                    write(call.args, Shape::Positional, out)?;
                    out.extend_from_slice(before_its_kwargs);
                    match call.kwargs {
                        Some(kwargs) => write(kwargs, Shape::Keyword, out)?,
                        None => out.extend_from_slice(framing.no_keywords),
                    }
                    out.extend_from_slice(behind);
                }
                out.extend_from_slice(framing.close_list);
                out.extend_from_slice(before_kwargs);
                out.extend_from_slice(framing.none);
            }
            Self::Get(name) => {
                style.write_value(&(*name,), out)?;
                out.extend_from_slice(before_kwargs);
                out.extend_from_slice(framing.none);
            }
            Self::Set(name, value) => {
                let [before_name, before_value, behind] = framing.pair;
                out.extend_from_slice(before_name);
                style.write_text(name, out)?;
                out.extend_from_slice(before_value);
                write(*value, Shape::Value, out)?;
                out.extend_from_slice(behind);
                out.extend_from_slice(before_kwargs);
                out.extend_from_slice(framing.none);
            }
            Self::Blob(_, blob) => {
                match blob {
                    Blob::New { data, .. } => write(*data, Shape::Value, out)?,
                    // Pyro's own classes in it have other names there.
                    Blob::Received(blob) => style.write_value(&blob.decode::<Value>()?, out)?,
                }
                out.extend_from_slice(before_kwargs);
                out.extend_from_slice(framing.no_keywords);
            }
        }
        out.extend_from_slice(end);
        Ok(())
    }

    /// The flags of a message with such a call.
    pub(crate) fn flags(&self) -> Flags {
        match self {
            Self::Batch(_) => Flags::BATCH,
            Self::Blob(..) => Flags::KEEP_SERIALIZED,
            Self::Method { .. } | Self::Get(_) | Self::Set(..) => Flags::NONE,
        }
    }

    /// The serializer that it is in already, or `otherwise`.
    pub(crate) fn serializer(&self, otherwise: SerializerId) -> SerializerId {
        match self {
            Self::Blob(_, Blob::Received(blob)) => blob.payload().serializer(),
            _ => otherwise,
        }
    }

    /// The annotations that it needs, besides those of the request.
    pub(crate) fn annotations(
        &self,
        object: &str,
        others: &OwnedAnnotations,
    ) -> Result<Option<OwnedAnnotations>, FormatError> {
        let Self::Blob(method, blob) = self else { return Ok(None) };
        let info = match blob {
            Blob::New { info, .. } => info,
            Blob::Received(blob) => blob.info(),
        };
        let mut annotations = others.clone();
        annotations.set(serialized_blob::ANNOTATION, serialized_blob::annotation(info, object, method)?);
        Ok(Some(annotations))
    }

    fn method(&self) -> &str {
        match self {
            Self::Blob(name, _) => name,
            Self::Method { name, .. } => name,
            Self::Batch(_) => "<batch>",
            Self::Get(_) => "__getattr__",
            Self::Set(..) => "__setattr__",
        }
    }
}

impl ArgumentsWriter<'_> {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        match self.style.classes {
            None => with_writer!(&self.style, self.out, |writer| write_shaped(value, writer, self.shape)),
            Some(classes) => {
                let value =
                    classes.written(write_shaped(value, Classed::new(ValueSerializer, classes), self.shape)?)?;
                with_writer!(&self.style, self.out, |writer| value.serialize(writer))
            }
        }
    }
}

fn write_shaped<T, S>(value: &T, inner: S, shape: Shape) -> Result<S::Ok, FormatError>
where
    T: Serialize + ?Sized,
    S: Serializer<Error = FormatError>,
{
    match shape {
        Shape::Value => value.serialize(inner),
        Shape::Positional | Shape::Keyword => value.serialize(Shaped { inner, shape }),
    }
}

/// What the outermost value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Positional,
    Keyword,
    Value,
}

/// Insists on the shape, then steps aside: the parts of the value go to `inner` itself.
struct Shaped<S> {
    inner: S,
    shape: Shape,
}

impl<S: Serializer<Error = FormatError>> Shaped<S> {
    fn refuse<T>(&self) -> Result<T, FormatError> {
        Err(FormatError::custom(match self.shape {
            Shape::Keyword => "keyword arguments must be a map or a struct",
            Shape::Positional | Shape::Value => {
                "positional arguments must be a tuple or a list, such as `&(1, \"two\")`"
            }
        }))
    }

    fn positional(self) -> Result<S, FormatError> {
        if self.shape == Shape::Positional { Ok(self.inner) } else { self.refuse() }
    }

    fn keyword(self) -> Result<S, FormatError> {
        if self.shape == Shape::Keyword { Ok(self.inner) } else { self.refuse() }
    }
}

macro_rules! refuse {
    ($($method:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $method(self, $($arg: $type),*) -> Result<S::Ok, FormatError> {
            $(let _ = $arg;)*
            self.refuse()
        }
    )*};
}

impl<S: Serializer<Error = FormatError>> Serializer for Shaped<S> {
    type Ok = S::Ok;
    type Error = FormatError;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = Impossible<S::Ok, FormatError>;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = S::SerializeStruct;
    type SerializeStructVariant = Impossible<S::Ok, FormatError>;

    refuse! {
        serialize_bool(v: bool);
        serialize_i8(v: i8); serialize_i16(v: i16); serialize_i32(v: i32); serialize_i64(v: i64);
        serialize_u8(v: u8); serialize_u16(v: u16); serialize_u32(v: u32); serialize_u64(v: u64);
        serialize_f32(v: f32); serialize_f64(v: f64);
        serialize_char(v: char); serialize_str(v: &str); serialize_bytes(v: &[u8]);
        serialize_none();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    fn serialize_unit(self) -> Result<S::Ok, FormatError> {
        self.positional()?.serialize_tuple(0)?.end()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, FormatError> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<S::Ok, FormatError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<S::Ok, FormatError> {
        self.refuse()
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<S::SerializeSeq, FormatError> {
        self.positional()?.serialize_seq(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<S::SerializeTuple, FormatError> {
        self.positional()?.serialize_tuple(len)
    }

    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<S::SerializeTupleStruct, FormatError> {
        self.positional()?.serialize_tuple_struct(name, len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, FormatError> {
        self.refuse()
    }

    fn serialize_map(self, len: Option<usize>) -> Result<S::SerializeMap, FormatError> {
        self.keyword()?.serialize_map(len)
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<S::SerializeStruct, FormatError> {
        self.keyword()?.serialize_struct(name, len)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, FormatError> {
        self.refuse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever was called before, a call is written as if it were the first.
    #[test]
    fn what_is_kept_of_one_call_does_not_show_in_the_next() {
        let (long, quoted) = ("x".repeat(MOST), "it's \"é\"");
        let mut kept = Opening::default();
        for serializer in [SerializerId::Serpent, SerializerId::Json, SerializerId::Marshal, SerializerId::Serpent] {
            let style = Style::new(serializer);
            for (object, method) in
                [("a", "b"), ("a", "b"), ("ab", ""), ("", "ab"), ("a", &long), ("a", "b"), (quoted, "b")]
            {
                let content = CallContent::Method { name: method, args: &(1, "two"), kwargs: None };
                let (mut first, mut later) = (Vec::new(), Vec::new());
                content.write(object, style, &mut Opening::default(), &mut first).expect("written");
                content.write(object, style, &mut kept, &mut later).expect("written");
                assert_eq!(first, later, "{serializer:?} {object} {method}");
            }
        }
    }
}
