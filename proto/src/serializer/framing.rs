//! The bytes around and between the parts of a call, in each format.

use super::SerializerId;

/// A call as `(object, method, positional arguments, keyword arguments)`; in JSON a dictionary of these.
/// The parts themselves are values like any other.
pub(super) struct Framing {
    /// Before object, method, positional and keyword arguments, and behind the last.
    pub(super) call: [&'static [u8]; 5],
    /// Before and between two positional arguments, and behind them.
    pub(super) pair: [&'static [u8]; 3],
    /// No keyword arguments.
    pub(super) no_keywords: &'static [u8],
    /// None.
    pub(super) none: &'static [u8],
}

pub(super) const fn framing(serializer: SerializerId) -> &'static Framing {
    match serializer {
        SerializerId::Serpent => &SERPENT,
        SerializerId::Marshal => &MARSHAL,
        SerializerId::Json => &JSON,
        SerializerId::Msgpack => &MSGPACK,
        SerializerId::Pickle | SerializerId::Dill | SerializerId::Cloudpickle => &PICKLE,
        SerializerId::Cbor => &CBOR,
    }
}

const SERPENT: Framing = Framing {
    call: [b"# serpent utf-8 python3.2\n(", b",", b",", b",", b")"],
    pair: [b"(", b",", b")"],
    no_keywords: b"{}",
    none: b"None",
};

/// Small tuples of marshal version 4 (Python/marshal.c: `TYPE_SMALL_TUPLE`, `TYPE_DICT`, `TYPE_NULL`).
const MARSHAL: Framing =
    Framing { call: [b")\x04", b"", b"", b"", b""], pair: [b")\x02", b"", b""], no_keywords: b"{0", none: b"N" };

const JSON: Framing = Framing {
    call: [b"{\"object\": ", b", \"method\": ", b", \"params\": ", b", \"kwargs\": ", b"}"],
    pair: [b"[", b", ", b"]"],
    no_keywords: b"{}",
    none: b"null",
};

/// Arrays of fixed length.
const MSGPACK: Framing =
    Framing { call: [b"\x94", b"", b"", b"", b""], pair: [b"\x92", b"", b""], no_keywords: b"\x80", none: b"\xc0" };

/// PROTO 2, MARK .. TUPLE, STOP (Lib/pickle.py).
const PICKLE: Framing =
    Framing { call: [b"\x80\x02(", b"", b"", b"", b"t."], pair: [b"(", b"", b"t"], no_keywords: b"}", none: b"N" };

/// Arrays of fixed length.
const CBOR: Framing =
    Framing { call: [b"\x84", b"", b"", b"", b""], pair: [b"\x82", b"", b""], no_keywords: b"\xa0", none: b"\xf6" };
