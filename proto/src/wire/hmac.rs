//! The signatures of protocol 48: HMAC with SHA-1, as in Pyro4's `message.py`.

use std::fmt;

/// Bytes of a block of SHA-1, which is as long as HMAC makes every key.
const BLOCK_LEN: usize = 64;

/// Bytes of a signature.
pub(super) const HMAC_LEN: usize = 20;

/// The secret that both ends sign their messages with. Its `Debug` does not show it.
///
/// A signature covers the payload as sent and the values of the annotations; names and header are not
/// covered. It proves who sent a message, and hides nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct HmacKey([u8; BLOCK_LEN]);

impl HmacKey {
    /// A key of any length: a longer one than a block is replaced by its hash, a shorter one padded with zeros,
    /// as in RFC 2104.
    #[cfg(feature = "hmac")]
    pub fn new(key: impl AsRef<[u8]>) -> Self {
        use sha1::Digest;
        let mut block = [0; BLOCK_LEN];
        match key.as_ref() {
            key if key.len() > BLOCK_LEN => block[..HMAC_LEN].copy_from_slice(&sha1::Sha1::digest(key)),
            key => block[..key.len()].copy_from_slice(key),
        }
        Self(block)
    }

    /// Signs a payload and, behind it, values.
    #[cfg(feature = "hmac")]
    pub(super) fn sign(&self, payload: &[u8], values: &[&[u8]]) -> [u8; HMAC_LEN] {
        use hmac::Mac;
        self.mac(payload, values).finalize().into_bytes().into()
    }

    /// Whether a signature is right; takes as long whatever is wrong with it.
    #[cfg(feature = "hmac")]
    pub(super) fn verifies(&self, signature: &[u8], payload: &[u8], values: &[&[u8]]) -> bool {
        use hmac::Mac;
        self.mac(payload, values).verify_slice(signature).is_ok()
    }

    #[cfg(feature = "hmac")]
    fn mac(&self, payload: &[u8], values: &[&[u8]]) -> hmac::Hmac<sha1::Sha1> {
        use hmac::{KeyInit, Mac};
        let mut mac = hmac::Hmac::<sha1::Sha1>::new(&self.0.into());
        mac.update(payload);
        for value in values {
            mac.update(value);
        }
        mac
    }

    /// Without the feature `hmac` there is no key.
    #[cfg(not(feature = "hmac"))]
    pub(super) fn sign(&self, _payload: &[u8], _values: &[&[u8]]) -> [u8; HMAC_LEN] {
        [0; HMAC_LEN]
    }

    /// Without the feature `hmac` there is no key.
    #[cfg(not(feature = "hmac"))]
    pub(super) fn verifies(&self, _signature: &[u8], _payload: &[u8], _values: &[&[u8]]) -> bool {
        false
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}
