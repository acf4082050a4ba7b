//! Containers while they are being written.

use firesteel_value::FormatError;
use serde::Serialize;

use super::{
    Serializer,
    head::{ARRAY, Family, MAP},
};

/// What both kinds of containers remember.
#[derive(Debug)]
struct Open<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    /// Where the marker begins and where the content does.
    start: usize,
    content: usize,
    /// How many elements or pairs were announced and how many were written.
    announced: usize,
    count: usize,
    /// What stood before, to come back to.
    depth: usize,
    hashing: bool,
}

impl<'s, 'a> Open<'s, 'a> {
    #[inline]
    fn new(
        serializer: &'s mut Serializer<'a>,
        family: Family,
        variant: Option<&'static str>,
        len: Option<usize>,
    ) -> Result<Open<'s, 'a>, FormatError> {
        let (depth, hashing) = (serializer.depth, serializer.hashing);
        if let Some(variant) = variant {
            serializer.open_variant(variant)?;
        }
        serializer.enter()?;
        let (start, announced) = (serializer.out.len(), len.unwrap_or(0));
        family.put(serializer.out, announced)?;
        let content = serializer.out.len();
        Ok(Open { serializer, start, content, announced, count: 0, depth, hashing })
    }

    #[inline]
    fn close(self, family: Family) -> Result<(), FormatError> {
        let serializer = self.serializer;
        serializer.depth = self.depth;
        serializer.hashing = self.hashing;
        if self.count != self.announced {
            family.replace(serializer.out, self.start, self.content, self.count)?;
        }
        Ok(())
    }
}

impl Serializer<'_> {
    /// The map of one pair that holds a variant, up to its content.
    pub(super) fn open_variant(&mut self, variant: &str) -> Result<(), FormatError> {
        self.check_hashable("dict")?;
        self.enter()?;
        MAP.put(self.out, 1)?;
        self.text(variant)
    }
}

/// A list, tuple or set that is being written.
#[derive(Debug)]
pub struct Seq<'s, 'a>(Open<'s, 'a>);

impl<'s, 'a> Seq<'s, 'a> {
    #[inline]
    pub(super) fn list(serializer: &'s mut Serializer<'a>, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        if std::mem::take(&mut serializer.set) {
            return Seq::set(serializer, len);
        }
        serializer.check_hashable("list")?;
        Open::new(serializer, ARRAY, None, len).map(Seq)
    }

    #[inline]
    pub(super) fn tuple(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        len: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        if std::mem::take(&mut serializer.set) {
            return Seq::set(serializer, Some(len));
        }
        Open::new(serializer, ARRAY, variant, Some(len)).map(Seq)
    }

    fn set(serializer: &'s mut Serializer<'a>, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        let open = Open::new(serializer, ARRAY, None, len)?;
        open.serializer.hashing = true;
        Ok(Seq(open))
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        self.0.count += 1;
        value.serialize(&mut *self.0.serializer)
    }

    #[inline]
    fn close(self) -> Result<(), FormatError> {
        self.0.close(ARRAY)
    }
}

/// A dict that is being written.
#[derive(Debug)]
pub struct Map<'s, 'a>(Open<'s, 'a>);

impl<'s, 'a> Map<'s, 'a> {
    #[inline]
    pub(super) fn open(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        len: Option<usize>,
    ) -> Result<Map<'s, 'a>, FormatError> {
        serializer.check_hashable("dict")?;
        Open::new(serializer, MAP, variant, len).map(Map)
    }

    #[inline]
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FormatError> {
        self.0.count += 1;
        self.0.serializer.hashing = true;
        key.serialize(&mut *self.0.serializer)?;
        self.0.serializer.hashing = false;
        Ok(())
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        value.serialize(&mut *self.0.serializer)
    }

    #[inline]
    pub(super) fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), FormatError> {
        self.0.count += 1;
        self.0.serializer.text(key)?;
        value.serialize(&mut *self.0.serializer)
    }

    #[inline]
    pub(super) fn close(self) -> Result<(), FormatError> {
        self.0.close(MAP)
    }
}

firesteel_value::forward_seq!(Seq);
firesteel_value::forward_map!(Map);
