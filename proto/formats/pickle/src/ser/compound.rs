//! Containers while they are being written.

use firesteel_value::{FormatError, FormatErrorKind};
use serde::Serialize;

use super::{Kind, Serializer};
use crate::op;

/// A list, tuple or set that is being written.
#[derive(Debug)]
pub struct Seq<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    kind: Kind,
    count: usize,
    /// How many elements a tuple was said to have.
    len: usize,
    /// What stood before, to come back to.
    depth: usize,
    hashing: bool,
    in_variant: bool,
}

impl<'s, 'a> Seq<'s, 'a> {
    #[inline]
    pub(super) fn list(serializer: &'s mut Serializer<'a>, _: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        let kind = std::mem::take(&mut serializer.seq);
        Seq::open(serializer, kind, 0, None)
    }

    #[inline]
    pub(super) fn tuple(
        serializer: &'s mut Serializer<'a>,
        variant: Option<&'static str>,
        len: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        let kind = match std::mem::take(&mut serializer.seq) {
            Kind::List => Kind::Tuple,
            set => set,
        };
        Seq::open(serializer, kind, len, variant)
    }

    #[inline]
    fn open(
        serializer: &'s mut Serializer<'a>,
        kind: Kind,
        len: usize,
        variant: Option<&'static str>,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        let (depth, hashing) = (serializer.depth, serializer.hashing);
        if let Some(variant) = variant {
            open_variant(serializer, variant)?;
        }
        match kind {
            Kind::List => {
                serializer.check_hashable("list")?;
                serializer.op(op::EMPTY_LIST);
            }
            Kind::Tuple if len > 3 => serializer.op(op::MARK),
            Kind::Tuple => {}
            Kind::Set | Kind::FrozenSet => Self::open_set(serializer, kind)?,
        }
        serializer.depth += 1;
        Ok(Seq { serializer, kind, count: 0, len, depth, hashing, in_variant: variant.is_some() })
    }

    fn open_set(serializer: &mut Serializer<'a>, kind: Kind) -> Result<(), FormatError> {
        if kind == Kind::Set {
            serializer.check_hashable("set")?;
        }
        match (kind, serializer.options.protocol >= 4) {
            (Kind::Set, true) => serializer.op(op::EMPTY_SET),
            (_, true) => serializer.op(op::MARK),
            (_, false) => {
                serializer.builtin(if kind == Kind::Set { "set" } else { "frozenset" });
                serializer.op(op::EMPTY_LIST);
            }
        }
        serializer.hashing = true;
        Ok(())
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        if self.count == 0 {
            self.serializer.check_depth()?;
            let marked =
                self.kind == Kind::Tuple || self.kind == Kind::FrozenSet && self.serializer.options.protocol >= 4;
            if !marked {
                self.serializer.op(op::MARK);
            }
        }
        self.count += 1;
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    fn close(self) -> Result<(), FormatError> {
        let serializer = self.serializer;
        let filled = self.count > 0;
        match self.kind {
            Kind::List if filled => serializer.op(op::APPENDS),
            Kind::List => {}
            Kind::Tuple if self.count != self.len => {
                let message = format!("a tuple said to have {} elements has {}", self.len, self.count);
                return Err(FormatError::new(FormatErrorKind::Type, message));
            }
            Kind::Tuple => serializer.op(match self.len {
                0 => op::EMPTY_TUPLE,
                1 => op::TUPLE1,
                2 => op::TUPLE2,
                3 => op::TUPLE3,
                _ => op::TUPLE,
            }),
            kind if serializer.options.protocol >= 4 => match kind {
                Kind::FrozenSet => serializer.op(op::FROZENSET),
                _ if filled => serializer.op(op::ADDITEMS),
                _ => {}
            },
            _ => {
                if filled {
                    serializer.op(op::APPENDS);
                }
                serializer.put(&[op::TUPLE1, op::REDUCE]);
            }
        }
        if self.in_variant {
            serializer.op(op::SETITEM);
        }
        serializer.depth = self.depth;
        serializer.hashing = self.hashing;
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
        serializer.check_hashable("dict")?;
        let depth = serializer.depth;
        if let Some(variant) = variant {
            open_variant(serializer, variant)?;
        }
        serializer.op(op::EMPTY_DICT);
        serializer.depth += 1;
        Ok(Map { serializer, empty: true, depth, in_variant: variant.is_some() })
    }

    #[inline]
    fn before_key(&mut self) -> Result<(), FormatError> {
        if self.empty {
            self.empty = false;
            self.serializer.check_depth()?;
            self.serializer.op(op::MARK);
        }
        Ok(())
    }

    #[inline]
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FormatError> {
        self.before_key()?;
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
        self.before_key()?;
        self.serializer.str(key)?;
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    pub(super) fn close(self) -> Result<(), FormatError> {
        if !self.empty {
            self.serializer.op(op::SETITEMS);
        }
        if self.in_variant {
            self.serializer.op(op::SETITEM);
        }
        self.serializer.depth = self.depth;
        Ok(())
    }
}

/// The dict around the content of a variant, which [`op::SETITEM`] completes.
fn open_variant(serializer: &mut Serializer<'_>, variant: &str) -> Result<(), FormatError> {
    serializer.check_hashable("dict")?;
    serializer.op(op::EMPTY_DICT);
    serializer.depth += 1;
    serializer.check_depth()?;
    serializer.str(variant)
}

firesteel_value::forward_seq!(Seq);
firesteel_value::forward_map!(Map);
