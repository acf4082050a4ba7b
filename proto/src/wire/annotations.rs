//! Annotations: small tagged blobs that travel beside the payload.

use bytes::Bytes;

use super::{Dialect, EXTENSIONS};
use crate::error::ProtocolError;

/// An annotation's name: four ASCII characters.
pub type AnnotationKey = [u8; 4];

/// The annotations of a received message, read from its bytes on demand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Annotations<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    /// Leaves out those that belong to the protocol.
    own_hidden: bool,
}

/// The annotation that holds a message's correlation id in protocol 48.
pub(super) const CORRELATION: AnnotationKey = *b"CORR";
/// The annotation that holds a message's signature in protocol 48.
pub(super) const HMAC: AnnotationKey = *b"HMAC";

impl<'a> Annotations<'a> {
    /// Checks the chunks of a message's annotation bytes.
    ///
    /// # Errors
    /// A name that is not ASCII, or a chunk that reaches over the end.
    pub fn parse(bytes: &'a [u8], dialect: Dialect) -> Result<Self, ProtocolError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (key, _, next) = split(rest, dialect).ok_or(ProtocolError::Annotations)?;
            if !key.is_ascii() {
                return Err(ProtocolError::Annotations);
            }
            rest = next;
        }
        Ok(Self { bytes, dialect, own_hidden: false })
    }

    /// Those that users sent: without what firesteel's peers tell each other, and without the correlation id and
    /// the signature, which protocol 48 has in annotations, too.
    #[must_use]
    pub fn of_users(self) -> Self {
        Self { own_hidden: true, ..self }
    }

    fn is_own(self, key: AnnotationKey) -> bool {
        key == EXTENSIONS || (self.dialect == Dialect::Pyro4 && matches!(key, CORRELATION | HMAC))
    }

    /// Those that are whole, of bytes that need not be.
    pub(super) fn walk(bytes: &'a [u8], dialect: Dialect) -> Self {
        Self { bytes, dialect, own_hidden: false }
    }

    /// Name and value of each.
    pub fn iter(self) -> impl Iterator<Item = (AnnotationKey, &'a [u8])> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            loop {
                let (key, value, next) = split(rest, self.dialect)?;
                rest = next;
                if !(self.own_hidden && self.is_own(key)) {
                    return Some((key, value));
                }
            }
        })
    }

    /// The value named `key`: the last one where it is repeated, as in Python.
    pub fn get(self, key: AnnotationKey) -> Option<&'a [u8]> {
        self.iter().filter(|(name, _)| *name == key).map(|(_, value)| value).last()
    }

    /// True when there are none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// A copy that outlives the message.
    #[inline]
    pub fn to_owned(self) -> OwnedAnnotations {
        if self.is_empty() { OwnedAnnotations::default() } else { self.copied() }
    }

    fn copied(self) -> OwnedAnnotations {
        let mut owned = OwnedAnnotations::default();
        let all = Bytes::copy_from_slice(self.bytes);
        for (key, value) in self.iter() {
            owned.0.push((key, all.slice_ref_of(self.bytes, value)));
        }
        owned
    }
}

/// The first annotation, and what follows it.
fn split(bytes: &[u8], dialect: Dialect) -> Option<(AnnotationKey, &[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(dialect.annotation_head())?;
    let (key, len) = head.split_first_chunk::<4>()?;
    let len = len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
    let (value, next) = rest.split_at_checked(len)?;
    Some((*key, value, next))
}

/// Slices a copy at the place where `part` lies in the original.
trait SliceRefOf {
    fn slice_ref_of(&self, original: &[u8], part: &[u8]) -> Bytes;
}

impl SliceRefOf for Bytes {
    fn slice_ref_of(&self, original: &[u8], part: &[u8]) -> Bytes {
        let start = part.as_ptr() as usize - original.as_ptr() as usize;
        self.slice(start..start + part.len())
    }
}

/// Annotations that are to be sent, or that were received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedAnnotations(Vec<(AnnotationKey, Bytes)>);

impl OwnedAnnotations {
    /// Sets one; an earlier value of the same name is replaced.
    pub fn set(&mut self, key: AnnotationKey, value: impl Into<Bytes>) {
        let value = value.into();
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// The value named `key`: the last one where a peer repeated it, as in Python.
    pub fn get(&self, key: AnnotationKey) -> Option<&Bytes> {
        self.0.iter().rfind(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (AnnotationKey, &Bytes)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that they take in a message.
    pub fn encoded_len(&self, dialect: Dialect) -> usize {
        self.0.iter().map(|(_, value)| dialect.annotation_head() + value.len()).sum()
    }

    /// Appends them as a message holds them.
    pub fn encode(&self, dialect: Dialect, out: &mut Vec<u8>) {
        for (key, value) in &self.0 {
            push(*key, value, dialect, out);
        }
    }
}

/// Appends one annotation. One that is longer than its length can tell makes a message that is never
/// sent: the annotations' whole length is checked before.
pub(super) fn push(key: AnnotationKey, value: &[u8], dialect: Dialect, out: &mut Vec<u8>) {
    out.extend_from_slice(&key);
    match dialect {
        Dialect::Pyro5 => out.extend_from_slice(&(value.len() as u32).to_be_bytes()),
        Dialect::Pyro4 => out.extend_from_slice(&(value.len() as u16).to_be_bytes()),
    }
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read_as_they_were_written() {
        let mut sent = OwnedAnnotations::default();
        sent.set(*b"AAAA", &b"one"[..]);
        sent.set(*b"BBBB", &b""[..]);
        sent.set(*b"AAAA", &b"two"[..]);
        for dialect in [Dialect::Pyro5, Dialect::Pyro4] {
            let mut bytes = Vec::new();
            sent.encode(dialect, &mut bytes);
            assert_eq!(bytes.len(), sent.encoded_len(dialect));
            let read = Annotations::parse(&bytes, dialect).expect("well-formed");
            assert_eq!(read.get(*b"AAAA"), Some(&b"two"[..]));
            assert_eq!(read.get(*b"CCCC"), None);
            assert_eq!(read.to_owned(), sent);
        }
    }

    #[test]
    fn users_do_not_see_what_belongs_to_the_protocol() {
        let mut sent = OwnedAnnotations::default();
        for key in [*b"CORR", *b"AAAA", *b"HMAC"] {
            sent.set(key, &b"value"[..]);
        }
        for (dialect, hidden) in [(Dialect::Pyro5, 0), (Dialect::Pyro4, 2)] {
            let mut bytes = Vec::new();
            sent.encode(dialect, &mut bytes);
            let all = Annotations::parse(&bytes, dialect).expect("well-formed");
            assert_eq!(all.iter().count(), 3);
            assert_eq!(all.of_users().to_owned().iter().count(), 3 - hidden, "{dialect}");
            assert_eq!(all.of_users().get(*b"CORR").is_none(), hidden > 0);
        }
        let only = Annotations::parse(b"CORR\0\x01x", Dialect::Pyro4).expect("well-formed");
        assert!(only.of_users().is_empty() && !only.is_empty());
    }

    #[test]
    fn a_message_full_of_annotations_is_read_in_linear_time() {
        let mut bytes = Vec::new();
        for n in 0..200_000_u32 {
            let key = [b'A' + (n % 26) as u8, b'A' + (n / 26 % 26) as u8, b'A' + (n / 676 % 26) as u8, b'A'];
            bytes.extend_from_slice(&key);
            bytes.extend_from_slice(&0_u32.to_be_bytes());
        }
        let owned = Annotations::parse(&bytes, Dialect::Pyro5).expect("well-formed").to_owned();
        assert_eq!(owned.iter().count(), 200_000);
    }

    #[test]
    fn lying_chunks_are_refused() {
        for bad in [&b"AAAA"[..], b"AAAA\0\0\0\x01", b"AAAA\xff\xff\xff\xffx", b"AAA\xff\0\0\0\0"] {
            assert!(Annotations::parse(bad, Dialect::Pyro5).is_err(), "{bad:?}");
        }
        for bad in [&b"AAAA"[..], b"AAAA\0\x01", b"AAAA\xff\xffx", b"AAA\xff\0\0"] {
            assert!(Annotations::parse(bad, Dialect::Pyro4).is_err(), "{bad:?}");
        }
    }
}
