//! Annotations: small tagged blobs that travel beside the payload.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::error::ProtocolError;

/// An annotation's name: four ASCII characters.
pub type AnnotationKey = [u8; 4];

/// The annotations of a received message, read from its bytes on demand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Annotations<'a>(&'a [u8]);

impl<'a> Annotations<'a> {
    /// Checks the chunks of a message's annotation bytes.
    ///
    /// # Errors
    /// A name that is not ASCII, or a chunk that reaches over the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some((head, tail)) = rest.split_first_chunk::<8>() else {
                return Err(ProtocolError::Annotations);
            };
            let len = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
            if !head[..4].is_ascii() || len > tail.len() {
                return Err(ProtocolError::Annotations);
            }
            rest = &tail[len..];
        }
        Ok(Self(bytes))
    }

    /// Name and value of each.
    pub fn iter(self) -> impl Iterator<Item = (AnnotationKey, &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (head, tail) = rest.split_first_chunk::<8>()?;
            let len = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let (value, next) = tail.split_at_checked(len)?;
            rest = next;
            Some(([head[0], head[1], head[2], head[3]], value))
        })
    }

    /// The value named `key`: the last one where it is repeated, as in Python.
    pub fn get(self, key: AnnotationKey) -> Option<&'a [u8]> {
        self.iter().filter(|(name, _)| *name == key).map(|(_, value)| value).last()
    }

    /// True when there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// A copy that outlives the message.
    pub fn to_owned(self) -> OwnedAnnotations {
        let mut owned = OwnedAnnotations::default();
        if !self.is_empty() {
            let all = Bytes::copy_from_slice(self.0);
            for (key, value) in self.iter() {
                owned.0.push((key, all.slice_ref_of(self.0, value)));
            }
        }
        owned
    }
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
pub struct OwnedAnnotations(SmallVec<[(AnnotationKey, Bytes); 1]>);

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
    pub fn encoded_len(&self) -> usize {
        self.0.iter().map(|(_, value)| 8 + value.len()).sum()
    }

    /// Appends them as a message holds them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for (key, value) in &self.0 {
            out.extend_from_slice(key);
            out.extend_from_slice(&(value.len() as u32).to_be_bytes());
            out.extend_from_slice(value);
        }
    }
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
        let mut bytes = Vec::new();
        sent.encode(&mut bytes);
        assert_eq!(bytes.len(), sent.encoded_len());
        let read = Annotations::parse(&bytes).expect("well-formed");
        assert_eq!(read.get(*b"AAAA"), Some(&b"two"[..]));
        assert_eq!(read.get(*b"CCCC"), None);
        assert_eq!(read.to_owned(), sent);
    }

    #[test]
    fn a_message_full_of_annotations_is_read_in_linear_time() {
        let mut bytes = Vec::new();
        for n in 0..200_000_u32 {
            let key = [b'A' + (n % 26) as u8, b'A' + (n / 26 % 26) as u8, b'A' + (n / 676 % 26) as u8, b'A'];
            bytes.extend_from_slice(&key);
            bytes.extend_from_slice(&0_u32.to_be_bytes());
        }
        let owned = Annotations::parse(&bytes).expect("well-formed").to_owned();
        assert_eq!(owned.iter().count(), 200_000);
    }

    #[test]
    fn lying_chunks_are_refused() {
        for bad in [&b"AAAA"[..], b"AAAA\0\0\0\x01", b"AAAA\xff\xff\xff\xffx", b"AAA\xff\0\0\0\0"] {
            assert!(Annotations::parse(bad).is_err(), "{bad:?}");
        }
    }
}
