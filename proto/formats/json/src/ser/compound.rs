//! Containers while they are being written.

use firesteel_value::FormatError;
use serde::Serialize;

use super::{MapKey, Serializer};

/// A list that is being written.
#[derive(Debug)]
pub struct Seq<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    empty: bool,
    in_variant: bool,
}

impl<'s, 'a> Seq<'s, 'a> {
    #[inline]
    pub(super) fn list(serializer: &'s mut Serializer<'a>, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::tuple(serializer, None, len.unwrap_or(0))
    }

    /// A tuple is a list in JSON.
    #[inline]
    pub(super) fn tuple(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        _: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        open_variant(serializer, variant)?;
        serializer.open(b'[')?;
        Ok(Seq { serializer, empty: true, in_variant: variant.is_some() })
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        if !self.empty {
            self.serializer.put(b", ");
        }
        self.empty = false;
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    fn close(self) -> Result<(), FormatError> {
        self.serializer.close(b']');
        close_variant(self.serializer, self.in_variant);
        Ok(())
    }
}

/// A dict that is being written.
#[derive(Debug)]
pub struct Map<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    empty: bool,
    in_variant: bool,
}

impl<'s, 'a> Map<'s, 'a> {
    #[inline]
    pub(super) fn open(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        _: Option<usize>,
    ) -> Result<Map<'s, 'a>, FormatError> {
        open_variant(serializer, variant)?;
        serializer.open(b'{')?;
        Ok(Map { serializer, empty: true, in_variant: variant.is_some() })
    }

    #[inline]
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FormatError> {
        let first = std::mem::take(&mut self.empty);
        key.serialize(MapKey::new(self.serializer, first))
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    pub(super) fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), FormatError> {
        self.serializer.key(key, std::mem::take(&mut self.empty));
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    pub(super) fn close(self) -> Result<(), FormatError> {
        self.serializer.close(b'}');
        close_variant(self.serializer, self.in_variant);
        Ok(())
    }
}

/// A dict of the name of a variant, around its content.
#[inline]
fn open_variant(serializer: &mut Serializer<'_>, variant: Option<&str>) -> Result<(), FormatError> {
    let Some(variant) = variant else {
        return Ok(());
    };
    serializer.open(b'{')?;
    serializer.key(variant, true);
    Ok(())
}

#[inline]
fn close_variant(serializer: &mut Serializer<'_>, in_variant: bool) {
    if in_variant {
        serializer.close(b'}');
    }
}

firesteel_value::forward_seq!(Seq);
firesteel_value::forward_map!(Map);
