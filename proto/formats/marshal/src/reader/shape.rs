//! How long a value is, without reading it.

use super::Reader;
use crate::codes;

/// So many values of a dict are looked at to guess how many pairs it has.
const AHEAD: usize = 64;

/// What stands behind a code.
pub(super) enum Shape {
    /// A value of so many bytes.
    Leaf(usize),
    /// So many elements, behind so many bytes.
    Elements(u32, usize),
    Dict,
    End,
}

impl Reader<'_> {
    /// Behind the code of a dict: how many pairs it has, or as many as seem likely if that takes long to find out.
    pub(crate) fn pairs_ahead(&self) -> usize {
        let mut rest = self.rest;
        for values in 0..AHEAD {
            let Some((code, behind)) = rest.split_first() else {
                return values / 2;
            };
            rest = match shape(code & !codes::FLAG_REF, behind) {
                Some(Shape::Leaf(len)) => behind.get(len..).unwrap_or_default(),
                Some(Shape::End) => return values / 2,
                _ => return values,
            };
        }
        AHEAD
    }
}

/// None for what no reader accepts.
#[inline(always)]
pub(super) fn shape(code: u8, rest: &[u8]) -> Option<Shape> {
    let byte = |at: usize| rest.get(at).map(|byte| usize::from(*byte));
    let size = || rest.first_chunk().map(|size| u32::from_le_bytes(*size));
    Some(match code {
        codes::NONE | codes::TRUE | codes::FALSE | codes::ELLIPSIS => Shape::Leaf(0),
        codes::INT | codes::REF | codes::STRING_REF => Shape::Leaf(4),
        codes::INT64 | codes::FLOAT => Shape::Leaf(8),
        codes::COMPLEX => Shape::Leaf(16),
        codes::SHORT_ASCII | codes::SHORT_ASCII_INTERNED | codes::TEXT_FLOAT => Shape::Leaf(1 + byte(0)?),
        codes::TEXT_COMPLEX => {
            let real = byte(0)?;
            Shape::Leaf(2 + real + byte(1 + real)?)
        }
        codes::LONG => Shape::Leaf(4 + (size()? as i32).unsigned_abs() as usize * 2),
        codes::BYTES | codes::UNICODE | codes::INTERNED | codes::ASCII | codes::ASCII_INTERNED => {
            Shape::Leaf(4 + size()? as usize)
        }
        codes::SMALL_TUPLE => Shape::Elements(byte(0)? as u32, 1),
        codes::TUPLE | codes::LIST | codes::SET | codes::FROZENSET => Shape::Elements(size()?, 4),
        codes::DICT => Shape::Dict,
        codes::NULL => Shape::End,
        _ => return None,
    })
}
