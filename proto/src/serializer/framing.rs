//! The bytes around and between the parts of a call, in each format.

use super::SerializerId;

/// A call as `(object, method, positional arguments, keyword arguments)`; in JSON a dictionary of these.
/// The parts themselves are values like any other.
pub(super) struct Framing {
    /// Before object, method, positional and keyword arguments, and behind the last.
    pub(super) call: [&'static [u8]; 5],
    /// Before and between two positional arguments, and behind them.
    pub(super) pair: [&'static [u8]; 3],
    /// Before and between the parts of a call in a batch, and behind them.
    pub(super) triple: [&'static [u8]; 4],
    /// Before a list, whose length may follow.
    open_list: (&'static [u8], Length),
    /// Between the elements of a list.
    pub(super) separator: &'static [u8],
    /// Behind a list.
    pub(super) close_list: &'static [u8],
    /// No keyword arguments.
    pub(super) no_keywords: &'static [u8],
    /// None.
    pub(super) none: &'static [u8],
}

/// How a list tells its length.
enum Length {
    ByItsEnd,
    LittleEndian,
    BigEndian,
}

impl Framing {
    /// Begins a list.
    pub(super) fn open_list(&self, len: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(self.open_list.0);
        // Four thousand millions of elements do not fit into a message.
        let len = len as u32;
        match self.open_list.1 {
            Length::ByItsEnd => {}
            Length::LittleEndian => out.extend_from_slice(&len.to_le_bytes()),
            Length::BigEndian => out.extend_from_slice(&len.to_be_bytes()),
        }
    }
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
    triple: [b"(", b",", b",", b")"],
    open_list: (b"[", Length::ByItsEnd),
    separator: b",",
    close_list: b"]",
    no_keywords: b"{}",
    none: b"None",
};

/// Small tuples of marshal version 4 (Python/marshal.c: `TYPE_SMALL_TUPLE`, `TYPE_LIST`, `TYPE_DICT`, `TYPE_NULL`).
const MARSHAL: Framing = Framing {
    call: [b")\x04", b"", b"", b"", b""],
    pair: [b")\x02", b"", b""],
    triple: [b")\x03", b"", b"", b""],
    open_list: (b"[", Length::LittleEndian),
    separator: b"",
    close_list: b"",
    no_keywords: b"{0",
    none: b"N",
};

const JSON: Framing = Framing {
    call: [b"{\"object\": ", b", \"method\": ", b", \"params\": ", b", \"kwargs\": ", b"}"],
    pair: [b"[", b", ", b"]"],
    triple: [b"[", b", ", b", ", b"]"],
    open_list: (b"[", Length::ByItsEnd),
    separator: b", ",
    close_list: b"]",
    no_keywords: b"{}",
    none: b"null",
};

/// Arrays of fixed length, and of 32 bits.
const MSGPACK: Framing = Framing {
    call: [b"\x94", b"", b"", b"", b""],
    pair: [b"\x92", b"", b""],
    triple: [b"\x93", b"", b"", b""],
    open_list: (b"\xdd", Length::BigEndian),
    separator: b"",
    close_list: b"",
    no_keywords: b"\x80",
    none: b"\xc0",
};

/// PROTO 2, MARK .. TUPLE, TUPLE3, EMPTY_LIST MARK .. APPENDS, STOP (Lib/pickle.py).
const PICKLE: Framing = Framing {
    call: [b"\x80\x02(", b"", b"", b"", b"t."],
    pair: [b"(", b"", b"t"],
    triple: [b"", b"", b"", b"\x87"],
    open_list: (b"](", Length::ByItsEnd),
    separator: b"",
    close_list: b"e",
    no_keywords: b"}",
    none: b"N",
};

/// Arrays of fixed length, and of 32 bits.
const CBOR: Framing = Framing {
    call: [b"\x84", b"", b"", b"", b""],
    pair: [b"\x82", b"", b""],
    triple: [b"\x83", b"", b"", b""],
    open_list: (b"\x9a", Length::BigEndian),
    separator: b"",
    close_list: b"",
    no_keywords: b"\xa0",
    none: b"\xf6",
};
