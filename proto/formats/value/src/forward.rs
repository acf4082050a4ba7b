//! The methods of serde that say the same in every format. Each macro names what the format has to bring.

/// Inside of `impl serde::Serializer for &mut Serializer`: types, containers and all that is written as something else.
///
/// Needs `Seq::list(serializer, len)`, `Seq::tuple(serializer, variant, len)`, `Map::open(serializer, variant, len)`
/// with a `field(key, value)` and a `close()`, `Serializer::special(name, content)` for newtype structs, and the place
/// of the [`Rewrite`](crate::Rewrite) of instances.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_serializer {
    ($seq:ty, $map:ty, rewrite: $($rewrite:ident).+) => {
        type Ok = ();
        type Error = $crate::FormatError;
        type SerializeSeq = $seq;
        type SerializeTuple = $seq;
        type SerializeTupleStruct = $seq;
        type SerializeTupleVariant = $seq;
        type SerializeMap = $map;
        type SerializeStruct = $map;
        type SerializeStructVariant = $map;

        #[inline]
        fn serialize_f32(self, number: f32) -> Result<(), $crate::FormatError> {
            self.serialize_f64(number.into())
        }

        fn serialize_char(self, char: char) -> Result<(), $crate::FormatError> {
            self.serialize_str(char.encode_utf8(&mut [0; 4]))
        }

        #[inline]
        fn serialize_some<T: serde::Serialize + ?Sized>(self, value: &T) -> Result<(), $crate::FormatError> {
            value.serialize(self)
        }

        #[inline]
        fn serialize_unit(self) -> Result<(), $crate::FormatError> {
            self.serialize_none()
        }

        fn serialize_unit_struct(self, _: &'static str) -> Result<(), $crate::FormatError> {
            self.serialize_none()
        }

        #[inline]
        fn serialize_unit_variant(
            self,
            _: &'static str,
            _: u32,
            variant: &'static str,
        ) -> Result<(), $crate::FormatError> {
            self.serialize_str(variant)
        }

        #[inline]
        fn serialize_newtype_struct<T: serde::Serialize + ?Sized>(
            self,
            name: &'static str,
            content: &T,
        ) -> Result<(), $crate::FormatError> {
            if name == $crate::names::INSTANCE
                && let Some(rewrite) = self.$($rewrite).+.take()
            {
                let result = rewrite.apply(content).and_then(|value| serde::Serialize::serialize(&value, &mut *self));
                self.$($rewrite).+ = Some(rewrite);
                return result;
            }
            if name.starts_with($crate::names::RESERVED) { self.special(name, content) } else { content.serialize(self) }
        }

        fn serialize_newtype_variant<T: serde::Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            variant: &'static str,
            content: &T,
        ) -> Result<(), $crate::FormatError> {
            let mut map = <$map>::open(self, None, Some(1))?;
            map.field(variant, content)?;
            map.close()
        }

        #[inline]
        fn serialize_seq(self, len: Option<usize>) -> Result<$seq, $crate::FormatError> {
            <$seq>::list(self, len)
        }

        #[inline]
        fn serialize_tuple(self, len: usize) -> Result<$seq, $crate::FormatError> {
            <$seq>::tuple(self, None, len)
        }

        #[inline]
        fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<$seq, $crate::FormatError> {
            <$seq>::tuple(self, None, len)
        }

        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            variant: &'static str,
            len: usize,
        ) -> Result<$seq, $crate::FormatError> {
            <$seq>::tuple(self, Some(variant), len)
        }

        #[inline]
        fn serialize_map(self, len: Option<usize>) -> Result<$map, $crate::FormatError> {
            <$map>::open(self, None, len)
        }

        #[inline]
        fn serialize_struct(self, _: &'static str, len: usize) -> Result<$map, $crate::FormatError> {
            <$map>::open(self, None, Some(len))
        }

        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            variant: &'static str,
            len: usize,
        ) -> Result<$map, $crate::FormatError> {
            <$map>::open(self, Some(variant), Some(len))
        }
    };
}

/// What serde calls on a list, tuple or set that is being written, by its `element(value)` and `close()`.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_seq {
    ($seq:ident: $($name:ident $method:ident)+) => {$(
        impl serde::ser::$name for $seq<'_, '_> {
            type Ok = ();
            type Error = $crate::FormatError;

            #[inline]
            fn $method<T: serde::Serialize + ?Sized>(&mut self, value: &T) -> Result<(), $crate::FormatError> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<(), $crate::FormatError> {
                self.close()
            }
        }
    )+};
    ($seq:ident) => {
        $crate::forward_seq!(
            $seq:
            SerializeSeq serialize_element
            SerializeTuple serialize_element
            SerializeTupleStruct serialize_field
            SerializeTupleVariant serialize_field
        );
    };
}

/// What serde calls on a dict that is being written, by its `key(key)`, `value(value)`, `field(key, value)` and
/// `close()`.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_map {
    ($map:ident: $($name:ident)+) => {$(
        impl serde::ser::$name for $map<'_, '_> {
            type Ok = ();
            type Error = $crate::FormatError;

            #[inline]
            fn serialize_field<T: serde::Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), $crate::FormatError> {
                self.field(key, value)
            }

            #[inline]
            fn end(self) -> Result<(), $crate::FormatError> {
                self.close()
            }
        }
    )+};
    ($map:ident) => {
        $crate::forward_map!($map: SerializeStruct SerializeStructVariant);

        impl serde::ser::SerializeMap for $map<'_, '_> {
            type Ok = ();
            type Error = $crate::FormatError;

            #[inline]
            fn serialize_key<T: serde::Serialize + ?Sized>(&mut self, key: &T) -> Result<(), $crate::FormatError> {
                self.key(key)
            }

            #[inline]
            fn serialize_value<T: serde::Serialize + ?Sized>(&mut self, value: &T) -> Result<(), $crate::FormatError> {
                self.value(value)
            }

            #[inline]
            fn end(self) -> Result<(), $crate::FormatError> {
                self.close()
            }
        }
    };
}

/// Inside of `impl serde::Deserializer`: all that is read as something else.
///
/// Needs a `visit_integer(visitor)` beside the methods that are left to write.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_deserializer {
    ($de:lifetime: $($method:ident => $to:ident)+) => {$(
        #[inline]
        fn $method<V: serde::de::Visitor<$de>>(self, visitor: V) -> Result<V::Value, $crate::FormatError> {
            self.$to(visitor)
        }
    )+};
    ($de:lifetime) => {
        $crate::forward_deserializer!(
            $de:
            deserialize_i8 => visit_integer
            deserialize_i16 => visit_integer
            deserialize_i32 => visit_integer
            deserialize_i64 => visit_integer
            deserialize_i128 => visit_integer
            deserialize_u8 => visit_integer
            deserialize_u16 => visit_integer
            deserialize_u32 => visit_integer
            deserialize_u64 => visit_integer
            deserialize_u128 => visit_integer
            deserialize_f32 => deserialize_f64
            deserialize_char => deserialize_str
            deserialize_string => deserialize_str
            deserialize_byte_buf => deserialize_bytes
        );

        fn deserialize_unit_struct<V: serde::de::Visitor<$de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, $crate::FormatError> {
            self.deserialize_unit(visitor)
        }

        #[inline]
        fn deserialize_tuple<V: serde::de::Visitor<$de>>(
            self,
            _: usize,
            visitor: V,
        ) -> Result<V::Value, $crate::FormatError> {
            self.deserialize_seq(visitor)
        }

        #[inline]
        fn deserialize_tuple_struct<V: serde::de::Visitor<$de>>(
            self,
            _: &'static str,
            _: usize,
            visitor: V,
        ) -> Result<V::Value, $crate::FormatError> {
            self.deserialize_seq(visitor)
        }
    };
}
