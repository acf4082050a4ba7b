//! Containers while they are being written.

use firesteel_value::{FormatError, pyrepr};
use serde::Serialize;

use super::{Place, Serializer, not_hashable};

/// A list, tuple or set that is being written.
#[derive(Debug)]
pub struct Seq<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    kind: Kind,
    count: usize,
    /// What stood before, to come back to.
    depth: usize,
    place: Place,
    in_variant: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    List,
    Tuple,
    Set,
}

impl<'s, 'a> Seq<'s, 'a> {
    #[inline]
    pub(super) fn list(serializer: &'s mut Serializer<'a>, _: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        if std::mem::take(&mut serializer.set) {
            return Ok(Seq::set(serializer));
        }
        if serializer.place != Place::Value {
            return Err(not_hashable("list"));
        }
        serializer.out.push(b'[');
        Ok(Seq::new(serializer, Kind::List))
    }

    fn set(serializer: &'s mut Serializer<'a>) -> Seq<'s, 'a> {
        serializer.out.push(b'{');
        let seq = Seq::new(serializer, Kind::Set);
        seq.serializer.place = Place::Key;
        seq
    }

    pub(super) fn tuple(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        _: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        if std::mem::take(&mut serializer.set) {
            return Ok(Seq::set(serializer));
        }
        let depth = serializer.depth;
        if let Some(variant) = variant {
            open_variant(serializer, variant)?;
        }
        serializer.out.push(b'(');
        let mut seq = Seq::new(serializer, Kind::Tuple);
        seq.depth = depth;
        seq.in_variant = variant.is_some();
        if seq.place != Place::Value {
            seq.serializer.place = Place::InKey;
        }
        Ok(seq)
    }

    #[inline]
    fn new(serializer: &'s mut Serializer<'a>, kind: Kind) -> Seq<'s, 'a> {
        let (depth, place) = (serializer.depth, serializer.place);
        serializer.depth += 1;
        Seq { serializer, kind, count: 0, depth, place, in_variant: false }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        if self.count == 0 {
            self.serializer.check_depth()?;
        } else {
            self.serializer.out.push(b',');
        }
        self.count += 1;
        value.serialize(&mut *self.serializer)
    }

    fn close(self) -> Result<(), FormatError> {
        let serializer = self.serializer;
        match (self.kind, self.count) {
            (Kind::List, _) => serializer.put(b"]"),
            (Kind::Tuple, 1) => serializer.put(b",)"),
            (Kind::Tuple, _) => serializer.put(b")"),
            // Python has no literal for the empty set; serpent writes the empty tuple.
            (Kind::Set, 0) => {
                serializer.out.pop();
                serializer.put(b"()");
            }
            (Kind::Set, _) => serializer.put(b"}"),
        }
        if self.in_variant {
            serializer.put(b"}");
        }
        serializer.depth = self.depth;
        serializer.place = self.place;
        Ok(())
    }
}

/// A dict that is being written.
#[derive(Debug)]
pub struct Map<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    empty: bool,
    depth: usize,
    in_variant: bool,
}

impl<'s, 'a> Map<'s, 'a> {
    #[inline]
    pub(super) fn open(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        _: Option<usize>,
    ) -> Result<Map<'s, 'a>, FormatError> {
        if serializer.place != Place::Value {
            return Err(not_hashable("dict"));
        }
        let depth = serializer.depth;
        if let Some(variant) = variant {
            open_variant(serializer, variant)?;
        }
        serializer.out.push(b'{');
        serializer.depth += 1;
        Ok(Map { serializer, empty: true, depth, in_variant: variant.is_some() })
    }

    #[inline]
    fn before_key(&mut self) -> Result<(), FormatError> {
        if self.empty {
            self.empty = false;
            return self.serializer.check_depth();
        }
        self.serializer.out.push(b',');
        Ok(())
    }

    #[inline]
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FormatError> {
        self.before_key()?;
        self.serializer.place = Place::Key;
        key.serialize(&mut *self.serializer)?;
        self.serializer.place = Place::Value;
        Ok(())
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        self.serializer.out.push(b':');
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    pub(super) fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), FormatError> {
        self.before_key()?;
        pyrepr::str(self.serializer.out, key);
        self.serializer.out.push(b':');
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    pub(super) fn close(self) -> Result<(), FormatError> {
        self.serializer.out.push(b'}');
        if self.in_variant {
            self.serializer.out.push(b'}');
        }
        self.serializer.depth = self.depth;
        Ok(())
    }
}

fn open_variant(serializer: &mut Serializer<'_>, variant: &str) -> Result<(), FormatError> {
    if serializer.place != Place::Value {
        return Err(not_hashable("dict"));
    }
    serializer.out.push(b'{');
    serializer.depth += 1;
    serializer.check_depth()?;
    pyrepr::str(serializer.out, variant);
    serializer.out.push(b':');
    Ok(())
}

firesteel_value::forward_seq!(Seq);
firesteel_value::forward_map!(Map);
