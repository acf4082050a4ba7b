//! A serializer around another that knows the classes of structs: it writes `__class__` first.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::value::ClassNames;
use crate::value::class_names::CONTENT;

/// Wraps a serializer; everything inside the value is wrapped too.
pub(crate) struct Classed<'a, S> {
    inner: S,
    classes: &'a ClassNames,
}

impl<'a, S> Classed<'a, S> {
    pub(crate) fn new(inner: S, classes: &'a ClassNames) -> Self {
        Self { inner, classes }
    }
}

/// A value whose serializer is to be wrapped.
struct Inside<'a, T: ?Sized> {
    value: &'a T,
    classes: &'a ClassNames,
}

impl<T: Serialize + ?Sized> Serialize for Inside<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Classed { inner: serializer, classes: self.classes })
    }
}

macro_rules! forward {
    ($($method:ident($($arg:ident: $type:ty),*);)*) => {$(
        fn $method(self, $($arg: $type),*) -> Result<S::Ok, S::Error> {
            self.inner.$method($($arg),*)
        }
    )*};
}

macro_rules! forward_compound {
    ($($method:ident($($arg:ident: $type:ty),*) -> $compound:ident;)*) => {$(
        fn $method(self, $($arg: $type),*) -> Result<Self::$compound, S::Error> {
            Ok(Classed { inner: self.inner.$method($($arg),*)?, classes: self.classes })
        }
    )*};
}

impl<'a, S: Serializer> Serializer for Classed<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Classed<'a, S::SerializeSeq>;
    type SerializeTuple = Classed<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Classed<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Classed<'a, S::SerializeTupleVariant>;
    type SerializeMap = Classed<'a, S::SerializeMap>;
    type SerializeStruct = Classed<'a, S::SerializeStruct>;
    type SerializeStructVariant = Classed<'a, S::SerializeStructVariant>;

    forward! {
        serialize_bool(v: bool);
        serialize_i8(v: i8); serialize_i16(v: i16); serialize_i32(v: i32); serialize_i64(v: i64);
        serialize_i128(v: i128);
        serialize_u8(v: u8); serialize_u16(v: u16); serialize_u32(v: u32); serialize_u64(v: u64);
        serialize_u128(v: u128);
        serialize_f32(v: f32); serialize_f64(v: f64);
        serialize_char(v: char); serialize_str(v: &str); serialize_bytes(v: &[u8]);
        serialize_none(); serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    forward_compound! {
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeStructVariant;
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        let class = self.classes.label(name);
        let mut inner = self.inner.serialize_struct(name, len + usize::from(class.is_some()))?;
        if let Some(class) = class {
            inner.serialize_field("__class__", &*class)?;
        }
        Ok(Classed { inner, classes: self.classes })
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Inside { value, classes: self.classes })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        if let Some(mark) = self.classes.mark(name) {
            let mut inner = self.inner.serialize_struct(name, 2)?;
            inner.serialize_field("__class__", &mark)?;
            inner.serialize_field(CONTENT, &Inside { value, classes: self.classes })?;
            return inner.end();
        }
        self.inner.serialize_newtype_struct(name, &Inside { value, classes: self.classes })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_variant(name, index, variant, &Inside { value, classes: self.classes })
    }
}

macro_rules! compound {
    ($($trait:ident: $($method:ident($($arg:ident: $type:ty),*)),*;)*) => {$(
        impl<S: $trait> $trait for Classed<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;
            $(fn $method<T: Serialize + ?Sized>(&mut self, $($arg: $type,)* value: &T) -> Result<(), S::Error> {
                self.inner.$method($($arg,)* &Inside { value, classes: self.classes })
            })*
            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        }
    )*};
}

compound! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeMap: serialize_key(), serialize_value();
    SerializeStruct: serialize_field(key: &'static str);
    SerializeStructVariant: serialize_field(key: &'static str);
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use crate::value::{ClassNames, Value};

    #[derive(Serialize)]
    struct Point {
        x: i32,
    }

    #[derive(Serialize)]
    struct Shape {
        corners: Vec<Point>,
        origin: Option<Point>,
        moves: std::collections::BTreeMap<&'static str, (Point,)>,
    }

    #[test]
    fn structs_with_a_class_are_instances_wherever_they_stand() {
        let classes = ClassNames::default().with("Point", "shapes.Point");
        let style = crate::serializer::Style { classes: Some(&classes), ..Default::default() };
        let shape = Shape {
            corners: vec![Point { x: 1 }],
            origin: Some(Point { x: 2 }),
            moves: [("up", (Point { x: 3 },))].into(),
        };
        let mut out = Vec::new();
        style.write(&shape, &mut out).expect("serializes");
        let value: Value = crate::serializer::read(style.serializer, &out).expect("reads");
        let class = |value: &Value| match value {
            Value::Instance(instance) => instance.class.clone(),
            other => panic!("{other:?} is no instance"),
        };
        assert_eq!(class(&value.get("corners").unwrap().as_seq().unwrap()[0]), "shapes.Point");
        assert_eq!(class(value.get("origin").unwrap()), "shapes.Point");
        assert_eq!(class(&value.get("moves").unwrap().get("up").unwrap().as_seq().unwrap()[0]), "shapes.Point");
        assert!(matches!(value, Value::Dict(_)));
    }
}
