//! Where the arguments of a call come from.

use firesteel_value::Limits;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _};

use super::serialized_blob::Parts;
use super::{ClassNames, FormatError, Value, dialects};
use crate::fault::Fault;
use crate::serializer::Walk;
use crate::wire::Dialect;

#[derive(Debug)]
pub(super) enum Source<'a> {
    /// The head of a call in serpent was found; the arguments begin at `offset`.
    Unread { dialect: Dialect, payload: &'a [u8], offset: usize, max_depth: usize },
    /// There are none.
    Empty,
    /// `open`: inside the positional arguments already.
    Walk { walk: Walk<'a>, open: bool, keywords: Keywords<'a> },
    /// Decoded beforehand.
    Values(Box<Decoded>),
    /// One that stays serialized, until it is taken.
    Blob(Option<Box<Parts<'a>>>),
}

/// Arguments that were decoded beforehand.
#[derive(Debug)]
pub(super) struct Decoded {
    positional: std::vec::IntoIter<Value>,
    named: Named,
    next: Option<Value>,
}

/// Where the keyword arguments are.
#[derive(Debug)]
pub(super) enum Keywords<'a> {
    /// Behind the positional ones, with nothing else after them.
    Behind,
    /// Somewhere else, and checked.
    At(Box<Walk<'a>>),
}

/// Keyword arguments, in the order in which they came.
pub(super) type Named = Vec<(String, Value)>;

/// What follows the head of a call without arguments.
const NO_ARGUMENTS: [&[u8]; 2] = [b"(),{})", b"(),None)"];

impl<'a> Source<'a> {
    pub(super) fn open(&mut self) -> Result<(), FormatError> {
        if let Self::Unread { dialect, payload, offset, max_depth } = *self {
            if NO_ARGUMENTS.contains(&&payload[offset..]) {
                *self = Self::Empty;
                return Ok(());
            }
            let reader = firesteel_serpent::Reader::within(payload, offset, limits(max_depth))?;
            let walk = Walk::Serpent(reader);
            *self = Self::Walk { walk, open: false, keywords: Keywords::Behind }.in_dialect(dialect, payload)?;
        }
        match self {
            Self::Walk { walk, open: open @ false, .. } => {
                *open = true;
                walk.open_sequence()
            }
            _ => Ok(()),
        }
    }

    /// Arguments that may hold Pyro's classes under their names in the other dialect are decoded first.
    pub(super) fn in_dialect(mut self, dialect: Dialect, payload: &[u8]) -> Result<Self, FormatError> {
        if dialect == Dialect::Pyro5 || !dialects::mentions_pyro4(payload) {
            return Ok(self);
        }
        self.open()?;
        let mut positional = Vec::new();
        while self.next()? {
            positional.push(self.value()?);
        }
        let mut named = self.keywords()?;
        for value in positional.iter_mut().chain(named.iter_mut().map(|(_, value)| value)) {
            dialects::translate(value, dialects::to_pyro5);
        }
        Ok(Self::decoded(positional, named))
    }

    /// Decodes what is left, and has the instances in it converted.
    pub(super) fn convert(&mut self, classes: &ClassNames) -> Result<(), Fault> {
        if matches!(self, Self::Empty | Self::Blob(_)) {
            return Ok(());
        }
        let mut positional = Vec::new();
        while self.next()? {
            positional.push(self.value()?);
        }
        let mut named = self.keywords()?;
        for value in positional.iter_mut().chain(named.iter_mut().map(|(_, value)| value)) {
            classes.read(value)?;
        }
        *self = Self::decoded(positional, named);
        Ok(())
    }

    pub(super) fn decoded(positional: Vec<Value>, named: Named) -> Self {
        Self::Values(Box::new(Decoded { positional: positional.into_iter(), named, next: None }))
    }

    /// True when another positional argument follows.
    pub(super) fn next(&mut self) -> Result<bool, FormatError> {
        match self {
            Self::Walk { walk, .. } => walk.next_element(),
            Self::Values(decoded) => {
                decoded.next = decoded.positional.next();
                Ok(decoded.next.is_some())
            }
            Self::Blob(blob) => Ok(blob.is_some()),
            Self::Unread { .. } | Self::Empty => Ok(false),
        }
    }

    pub(super) fn value<T: Deserialize<'a>>(&mut self) -> Result<T, FormatError> {
        self.seed(std::marker::PhantomData)
    }

    pub(super) fn seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, FormatError> {
        match self {
            Self::Walk { walk, .. } => walk.seed(seed),
            Self::Values(decoded) => seed.deserialize(decoded.next.take().unwrap_or_default()),
            Self::Blob(blob) => match blob.take() {
                Some(blob) => seed.deserialize(*blob),
                None => Err(no_arguments()),
            },
            Self::Unread { .. } | Self::Empty => Err(no_arguments()),
        }
    }

    /// Reads the keyword arguments, behind the last positional one, and the end of the payload.
    pub(super) fn keywords(&mut self) -> Result<Named, FormatError> {
        match self {
            Self::Walk { walk, keywords: Keywords::Behind, .. } => {
                let named = read_named(element(walk)?)?;
                if walk.next_element()? {
                    return Err(FormatError::custom("a call has four parts, this one has more"));
                }
                walk.end()?;
                Ok(named)
            }
            Self::Walk { keywords: Keywords::At(walk), .. } => read_named(walk),
            Self::Values(decoded) => Ok(std::mem::take(&mut decoded.named)),
            Self::Unread { .. } | Self::Empty | Self::Blob(_) => Ok(Vec::new()),
        }
    }
}

#[cold]
fn no_arguments() -> FormatError {
    FormatError::custom("there are no arguments")
}

pub(super) fn read_named(walk: &mut Walk<'_>) -> Result<Named, FormatError> {
    let mut named = Vec::new();
    if !walk.none()? {
        walk.open_dict()?;
        while walk.next_entry()? {
            let name = walk.str()?.into_owned();
            named.push((name, walk.seed(std::marker::PhantomData)?));
        }
    }
    Ok(named)
}

/// Steps to the next element, which must be there.
pub(super) fn element<'r, 'a>(walk: &'r mut Walk<'a>) -> Result<&'r mut Walk<'a>, FormatError> {
    if walk.next_element()? {
        Ok(walk)
    } else {
        Err(FormatError::custom("a call has an object, a method, positional and keyword arguments"))
    }
}

pub(super) fn limits(max_depth: usize) -> Limits {
    let mut limits = Limits::default();
    limits.max_depth = max_depth;
    limits
}
