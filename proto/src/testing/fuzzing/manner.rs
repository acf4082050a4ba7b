//! How the messages of a run are made: protocol, serializer, signature.

use super::Input;
use crate::serializer::{SerializerId, Style, read};
use crate::value::{Dict, Value};
use crate::wire::{Dialect, HmacKey};

/// What the messages of one run have in common.
pub(super) struct Manner {
    /// The protocol of most messages.
    pub(super) dialect: Dialect,
    /// Whether some are in the other one.
    mixed: bool,
    pub(super) key: Option<HmacKey>,
}

/// Bits of an input's first byte.
const PYRO4: u8 = 32;
const SIGNED: u8 = 64;
const MIXED: u8 = 128;

/// The first byte of an input, for runs in this protocol.
pub(super) fn choices(dialect: Dialect) -> u8 {
    match dialect {
        Dialect::Pyro5 => 0,
        Dialect::Pyro4 => PYRO4,
    }
}

/// How one message is made.
pub(super) struct Made {
    pub(super) dialect: Dialect,
    /// The number in the header.
    pub(super) id: u8,
    serializer: SerializerId,
}

impl Manner {
    pub(super) fn new(choices: u8) -> Self {
        let dialect = if choices & PYRO4 != 0 { Dialect::Pyro4 } else { Dialect::Pyro5 };
        Self { dialect, mixed: choices & MIXED != 0, key: if choices & SIGNED != 0 { key() } else { None } }
    }

    /// Most messages are in serpent, some in any other serializer, and a few lie about it.
    pub(super) fn choose(&self, input: &mut Input<'_>) -> Made {
        let choice = input.byte();
        let dialect = match (self.dialect, self.mixed && choice & 14 == 6) {
            (Dialect::Pyro5, true) => Dialect::Pyro4,
            (Dialect::Pyro4, true) => Dialect::Pyro5,
            (dialect, false) => dialect,
        };
        let serializer = match choice & 15 {
            8.. => SerializerId::ALL[usize::from(choice >> 4) % SerializerId::ALL.len()],
            _ => SerializerId::Serpent,
        };
        let (serializer, id) = match serializer.to_wire(dialect) {
            Some(id) => (serializer, id),
            None => (SerializerId::Serpent, 1),
        };
        Made { dialect, id: if choice & 15 == 0 { input.byte() } else { id }, serializer }
    }
}

impl Made {
    /// The payload that says the same as this one in serpent.
    pub(super) fn payload(&self, text: &[u8]) -> Vec<u8> {
        if self.serializer == SerializerId::Serpent {
            return text.to_vec();
        }
        // What is no value, such as a ping's, is as it is.
        let Ok(value) = read::<Value>(SerializerId::Serpent, text) else { return text.to_vec() };
        let value = match value {
            Value::Tuple(call) if call.len() == 4 && self.serializer == SerializerId::Json => {
                Value::Dict(["object", "method", "params", "kwargs"].into_iter().zip(call).collect::<Dict>())
            }
            other => other,
        };
        let style = Style { dialect: self.dialect, ..Style::new(self.serializer) };
        let mut out = Vec::new();
        // JSON and msgpack have no sets: nothing is a payload, too.
        let _ = style.write(&value, &mut out);
        out
    }
}

#[cfg(feature = "hmac")]
fn key() -> Option<HmacKey> {
    Some(HmacKey::new("secret"))
}

#[cfg(not(feature = "hmac"))]
fn key() -> Option<HmacKey> {
    None
}
