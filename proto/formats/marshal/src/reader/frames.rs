//! The containers that a program has entered step by step.

use firesteel_value::FormatError;

use super::{Reader, refs::Refs};
use crate::codes;

/// Calls are nested less deeply; for so many nothing is allocated.
pub(super) const NEAR: usize = 3;

/// A container that was entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    kind: Kind,
    /// How many elements follow, in a sequence.
    left: usize,
    /// Where to go on behind it if a reference led to it, else zero: no reference ends there.
    back: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Sequence,
    Dict,
}

impl Frame {
    pub(super) const NONE: Frame = Frame { kind: Kind::None, left: 0, back: 0 };
}

/// What a reader seldom needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Spare {
    pub(super) refs: Refs,
    /// The containers beyond the near ones.
    far: Vec<Frame>,
}

impl<'de> Reader<'de> {
    pub(super) fn spare(&mut self) -> &mut Spare {
        self.spare.get_or_insert_default()
    }

    /// Behind the code and the size: enters a container; a dict if there is no size.
    #[inline]
    pub(super) fn open(&mut self, count: Option<usize>, back: usize) -> Result<(), FormatError> {
        let left = self.enter(count.unwrap_or(0))?;
        let kind = if count.is_some() { Kind::Sequence } else { Kind::Dict };
        let around = std::mem::replace(&mut self.inner, Frame { kind, left, back });
        if around.kind != Kind::None {
            match self.near.get_mut(self.outer) {
                Some(near) => *near = around,
                None => self.spare().far.push(around),
            }
            self.outer += 1;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn step_sequence(&mut self) -> Result<bool, FormatError> {
        if self.inner.kind != Kind::Sequence {
            return Err(self.not_entered());
        }
        match self.inner.left.checked_sub(1) {
            Some(left) => {
                self.inner.left = left;
                Ok(true)
            }
            None => {
                self.close();
                Ok(false)
            }
        }
    }

    #[inline]
    pub(super) fn step_dict(&mut self) -> Result<bool, FormatError> {
        if self.inner.kind != Kind::Dict {
            return Err(self.not_entered());
        }
        if self.peek() == codes::NULL {
            self.advance();
            self.close();
            return Ok(false);
        }
        self.at_key = true;
        Ok(true)
    }

    #[cold]
    fn not_entered(&self) -> FormatError {
        self.syntax("no container of this kind was entered")
    }

    /// Goes back to the container around the innermost one.
    #[inline]
    fn close(&mut self) {
        self.leave();
        if self.inner.back != 0 {
            self.rest = self.bytes.get(self.inner.back..).unwrap_or_default();
        }
        let Some(outer) = self.outer.checked_sub(1) else {
            self.inner = Frame::NONE;
            return;
        };
        self.outer = outer;
        self.inner = match self.near.get(outer) {
            Some(near) => *near,
            None => self.spare().far.pop().unwrap_or(Frame::NONE),
        };
    }
}
