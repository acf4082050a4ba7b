//! Containers while they are being written.

use firesteel_value::{FormatError, FormatErrorKind};
use serde::Serialize;

use super::{Serializer, size_bytes};
use crate::codes;

/// A list, tuple or set that is being written.
#[derive(Debug)]
pub struct Seq<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    /// How many elements were announced.
    announced: Option<usize>,
    /// Where the elements begin; before it stands the size.
    start: usize,
    count: usize,
    /// What to come back to.
    hashing: bool,
    in_variant: bool,
}

impl<'s, 'a> Seq<'s, 'a> {
    #[inline]
    pub(super) fn list(serializer: &'s mut Serializer<'a>, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        if let Some(code) = serializer.set.take() {
            return Seq::set(serializer, code, len);
        }
        serializer.check_hashable("list")?;
        Seq::sized(serializer, codes::LIST, len)
    }

    /// A set or a frozen set.
    fn set(serializer: &'s mut Serializer<'a>, code: u8, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        if code == codes::SET {
            serializer.check_hashable("set")?;
        }
        let seq = Seq::sized(serializer, code, len)?;
        seq.serializer.hashing = true;
        Ok(seq)
    }

    #[inline]
    pub(super) fn tuple(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        len: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        if let Some(code) = serializer.set.take() {
            return Seq::set(serializer, code, Some(len));
        }
        if let Some(variant) = variant {
            open_variant(serializer, variant)?;
        }
        let seq = match u8::try_from(len) {
            Ok(short) => {
                serializer.enter()?;
                serializer.put([codes::SMALL_TUPLE, short]);
                Seq::new(serializer, Some(len))
            }
            Err(_) => Seq::sized(serializer, codes::TUPLE, Some(len))?,
        };
        Ok(Seq { in_variant: variant.is_some(), ..seq })
    }

    #[inline]
    fn sized(serializer: &'s mut Serializer<'a>, code: u8, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        serializer.enter()?;
        serializer.put_size(code, len.unwrap_or(0))?;
        Ok(Seq::new(serializer, len))
    }

    #[inline]
    fn new(serializer: &'s mut Serializer<'a>, announced: Option<usize>) -> Seq<'s, 'a> {
        let (start, hashing) = (serializer.out.len(), serializer.hashing);
        Seq { serializer, announced, start, count: 0, hashing, in_variant: false }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        self.count += 1;
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    fn close(mut self) -> Result<(), FormatError> {
        if self.announced != Some(self.count) {
            self.amend()?;
        }
        self.serializer.depth -= 1;
        self.serializer.hashing = self.hashing;
        if self.in_variant {
            end_dict(self.serializer);
        }
        Ok(())
    }

    /// Writes the size that became known only now.
    #[cold]
    fn amend(&mut self) -> Result<(), FormatError> {
        let wrong = || FormatError::new(FormatErrorKind::Type, "another number of elements than was announced");
        if self.announced.is_some() {
            return Err(wrong());
        }
        let size = size_bytes(self.count)?;
        let place = self.serializer.out.get_mut(..self.start).and_then(|out| out.last_chunk_mut());
        *place.ok_or_else(wrong)? = size;
        Ok(())
    }
}

/// A dict that is being written.
#[derive(Debug)]
pub struct Map<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    in_variant: bool,
}

impl<'s, 'a> Map<'s, 'a> {
    #[inline]
    pub(super) fn open(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        _: Option<usize>,
    ) -> Result<Map<'s, 'a>, FormatError> {
        if let Some(variant) = variant {
            open_variant(serializer, variant)?;
        }
        serializer.check_hashable("dict")?;
        serializer.enter()?;
        serializer.put([codes::DICT]);
        Ok(Map { serializer, in_variant: variant.is_some() })
    }

    #[inline]
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FormatError> {
        self.serializer.hashing = true;
        key.serialize(&mut *self.serializer)?;
        self.serializer.hashing = false;
        Ok(())
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    pub(super) fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), FormatError> {
        self.serializer.str(key)?;
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    pub(super) fn close(self) -> Result<(), FormatError> {
        end_dict(self.serializer);
        if self.in_variant {
            end_dict(self.serializer);
        }
        Ok(())
    }
}

/// Begins the dict with the name of the variant as its only key.
fn open_variant(serializer: &mut Serializer<'_>, variant: &str) -> Result<(), FormatError> {
    serializer.check_hashable("dict")?;
    serializer.enter()?;
    serializer.put([codes::DICT]);
    serializer.str(variant)
}

/// Ends a dict.
#[inline]
fn end_dict(serializer: &mut Serializer<'_>) {
    serializer.put([codes::NULL]);
    serializer.depth -= 1;
}

firesteel_value::forward_seq!(Seq);
firesteel_value::forward_map!(Map);
