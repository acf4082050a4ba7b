//! References: objects that were written once and stand in several places.
//!
//! Python numbers the objects that have the flag in the order in which they begin (`r_ref` and `r_ref_reserve` in
//! Python/marshal.c). Nothing is noted down about that while values are read: the first reference makes a scan find
//! the objects before it, and the next one goes on from there. So documents without references cost nothing.
//! A reference is then read by going back to the object for a while.

use firesteel_value::{FormatError, FormatErrorKind};

use super::{
    Reader,
    shape::{Shape, shape},
};
use crate::codes;

/// What may be read by references beyond what stands in the document, in bytes: so many, and
const BUDGET: usize = 1 << 20;
/// so many for each byte of the document.
const BUDGET_PER_BYTE: usize = 64;
/// A byte of a container can become more memory than one of a str, and counts so many times.
const CONTAINER_COST: usize = 8;

/// The objects found so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Refs {
    /// Up to here.
    scanned: usize,
    objects: Vec<Object>,
    /// Interned strings, which Python 2 numbers for themselves.
    interned: Vec<Object>,
    /// The containers around that place, the innermost one last.
    open: Vec<Open>,
    spent: usize,
}

#[derive(Clone, Copy, Debug)]
struct Object {
    start: u32,
    /// Zero while it is not complete.
    end: u32,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    /// Its number, if it has one.
    object: Option<u32>,
    /// How many elements follow; a dict has an end instead.
    left: Option<u32>,
}

impl<'de> Reader<'de> {
    /// At a reference: reads the object that it refers to.
    #[cold]
    pub(crate) fn follow<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FormatError>,
    ) -> Result<T, FormatError> {
        let back = self.jump()?;
        let value = read(self)?;
        self.rest = back;
        Ok(value)
    }

    /// If a reference is next, goes to the object; gives the offset to come back to, else zero.
    #[inline]
    pub(super) fn jump_to_container(&mut self) -> Result<usize, FormatError> {
        if self.peek() != codes::REF {
            return Ok(0);
        }
        let back = self.jump()?;
        Ok(self.bytes.len() - back.len())
    }

    /// At a reference: makes sure that it refers to something.
    pub(super) fn skip_reference(&mut self) -> Result<(), FormatError> {
        self.referred().map(drop)
    }

    /// At a reference: goes to the object; gives what follows the reference.
    #[cold]
    fn jump(&mut self) -> Result<&'de [u8], FormatError> {
        let offset = self.offset();
        let Object { start, end } = self.referred()?;
        let back = self.rest;
        self.rest = self.bytes.get(start as usize..).unwrap_or_default();
        let container = matches!(
            self.peek(),
            codes::TUPLE | codes::SMALL_TUPLE | codes::LIST | codes::DICT | codes::SET | codes::FROZENSET
        );
        let cost = (end - start) as usize * if container { CONTAINER_COST } else { 1 };
        let budget = self.bytes.len().saturating_mul(BUDGET_PER_BYTE).saturating_add(BUDGET);
        let spent = &mut self.spare().refs.spent;
        *spent = spent.saturating_add(cost);
        if *spent > budget {
            let message = "references make the data much larger than it is; send fewer or smaller shared objects";
            return Err(FormatError::at(FormatErrorKind::Size, offset, message));
        }
        Ok(back)
    }

    /// Consumes a reference.
    fn referred(&mut self) -> Result<Object, FormatError> {
        let (bytes, offset) = (self.bytes, self.offset());
        let interned = self.peek() == codes::STRING_REF;
        self.advance();
        let index = u32::from_le_bytes(self.array()?) as usize;
        let refs = &mut self.spare().refs;
        if refs.scan(bytes, offset).is_none() {
            let message = "references need a document that is smaller than 4 GiB";
            return Err(FormatError::at(FormatErrorKind::Size, offset, message));
        }
        match if interned { &refs.interned } else { &refs.objects }.get(index) {
            Some(object) if object.end != 0 => Ok(*object),
            Some(_) => Err(FormatError::at(
                FormatErrorKind::Unsupported,
                offset,
                "an object contains itself; only trees can be read",
            )),
            None => Err(FormatError::at(FormatErrorKind::Syntax, offset, "a reference to no object")),
        }
    }
}

impl Refs {
    /// Finds the objects up to an offset where a value begins, all before which was read already. None if it is too
    /// far.
    fn scan(&mut self, bytes: &[u8], to: usize) -> Option<()> {
        u32::try_from(bytes.len()).ok()?;
        while self.scanned < to {
            let start = self.scanned;
            let flagged = bytes.get(start)? & codes::FLAG_REF != 0;
            let code = bytes[start] & !codes::FLAG_REF;
            let rest = &bytes[start + 1..];
            let shape = shape(code, rest)?;
            let open = |refs: &mut Refs, left| {
                let object = flagged.then(|| refs.add(start));
                refs.open.push(Open { object, left });
            };
            self.scanned = start + 1;
            match shape {
                Shape::Leaf(len) => {
                    self.scanned += len;
                    let end = self.scanned as u32;
                    if flagged && is_numbered(code) {
                        self.objects.push(Object { start: start as u32, end });
                    }
                    if code == codes::INTERNED {
                        self.interned.push(Object { start: start as u32, end });
                    }
                    self.count();
                }
                Shape::Elements(count, len) => {
                    self.scanned += len;
                    // It is counted down once more than it has elements.
                    open(self, Some(count + 1));
                    self.count();
                }
                Shape::Dict => open(self, None),
                Shape::End => {
                    self.complete();
                    self.count();
                }
            }
        }
        Some(())
    }

    /// Numbers an object that is not complete yet.
    fn add(&mut self, start: usize) -> u32 {
        self.objects.push(Object { start: start as u32, end: 0 });
        self.objects.len() as u32 - 1
    }

    /// A value has ended, or a container begun: those that have no more elements are complete.
    fn count(&mut self) {
        while let Some(Open { left: Some(left), .. }) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return;
            }
            self.complete();
        }
    }

    fn complete(&mut self) {
        let object = self.open.pop().and_then(|open| open.object);
        if let Some(object) = object.and_then(|index| self.objects.get_mut(index as usize)) {
            object.end = self.scanned as u32;
        }
    }
}

/// Whether Python gives an object a number if it has the flag.
fn is_numbered(code: u8) -> bool {
    !matches!(code, codes::NONE | codes::TRUE | codes::FALSE | codes::ELLIPSIS | codes::REF | codes::STRING_REF)
}
