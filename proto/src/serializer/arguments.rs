//! The content of a call, `(object, method, positional arguments, keyword arguments)`, being written.

use firesteel_value::FormatError;
use serde::ser::{Error as _, Impossible, Serialize, SerializeTuple, Serializer};

use super::{SerializerId, Style, classed::Classed};

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

/// What a call holds.
#[derive(Clone, Copy)]
pub(crate) enum CallContent<'a> {
    Method { name: &'a str, args: &'a dyn Arguments, kwargs: Option<&'a dyn Arguments> },
    Get(&'a str),
    Set(&'a str, &'a dyn Arguments),
}

impl CallContent<'_> {
    /// Appends the call's document.
    pub(crate) fn write(&self, object: &str, style: Style<'_>, out: &mut Vec<u8>) -> Result<(), FormatError> {
        match style.serializer {
            SerializerId::Serpent => self.write_serpent(object, style, out),
        }
    }

    fn write_serpent(&self, object: &str, style: Style<'_>, out: &mut Vec<u8>) -> Result<(), FormatError> {
        out.extend_from_slice(firesteel_serpent::HEADER);
        out.push(b'(');
        style.write_serpent(object, out)?;
        out.push(b',');
        match self {
            Self::Method { name, args, kwargs } => {
                style.write_serpent(*name, out)?;
                out.push(b',');
                args.write(&mut ArgumentsWriter { style, shape: Shape::Positional, out })?;
                out.push(b',');
                match kwargs {
                    Some(kwargs) => kwargs.write(&mut ArgumentsWriter { style, shape: Shape::Keyword, out })?,
                    None => out.extend_from_slice(b"{}"),
                }
            }
            Self::Get(name) => {
                out.extend_from_slice(b"'__getattr__',(");
                style.write_serpent(*name, out)?;
                out.extend_from_slice(b",),None");
            }
            Self::Set(name, value) => {
                out.extend_from_slice(b"'__setattr__',(");
                style.write_serpent(*name, out)?;
                out.push(b',');
                value.write(&mut ArgumentsWriter { style, shape: Shape::Value, out })?;
                out.extend_from_slice(b"),None");
            }
        }
        out.push(b')');
        Ok(())
    }
}

impl ArgumentsWriter<'_> {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        match self.style.serializer {
            SerializerId::Serpent => {
                let mut inner = self.style.serpent(self.out);
                match self.style.classes {
                    None => write_shaped(value, &mut inner, self.shape),
                    Some(classes) => write_shaped(value, Classed::new(&mut inner, classes), self.shape),
                }
            }
        }
    }
}

fn write_shaped<T, S>(value: &T, inner: S, shape: Shape) -> Result<(), FormatError>
where
    T: Serialize + ?Sized,
    S: Serializer<Ok = (), Error = FormatError>,
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
