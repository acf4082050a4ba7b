//! The one marshal value that protocol 502 always needs: the text of a CONNECTFAIL, which a server
//! sends in marshal while it does not know the client's serializer.

/// The id of marshal in protocol 502.
pub(crate) const MARSHAL: u8 = 2;

const SHORT_ASCII: u8 = b'z';
const UNICODE: u8 = b'u';

/// A text as Python's marshal holds it: short and ASCII, or UTF-8 with a length of four bytes.
pub(crate) fn marshal_text(text: &str, out: &mut Vec<u8>) {
    match u8::try_from(text.len()) {
        Ok(len) if text.is_ascii() => out.extend_from_slice(&[SHORT_ASCII, len]),
        _ => {
            out.push(UNICODE);
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

/// Reads a marshalled text, in any of the forms that CPython writes (`Python/marshal.c`).
pub(crate) fn read_marshal_text(bytes: &[u8]) -> Option<String> {
    const REFERENCE_FLAG: u8 = 0x80;
    let (kind, rest) = bytes.split_first()?;
    let (len, rest) = match kind & !REFERENCE_FLAG {
        b'z' | b'Z' => rest.split_first().map(|(len, rest)| (usize::from(*len), rest))?,
        b'u' | b't' | b'a' | b'A' => {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_le_bytes(*len)).ok()?, rest)
        }
        _ => return None,
    };
    String::from_utf8(rest.get(..len)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in ["", "invalid data", "grün", &"x".repeat(300)] {
            let mut bytes = Vec::new();
            marshal_text(text, &mut bytes);
            assert_eq!(read_marshal_text(&bytes).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_python_writes_is_read_and_other_things_are_not() {
        assert_eq!(read_marshal_text(b"\xfa\x0cinvalid data").as_deref(), Some("invalid data"));
        assert_eq!(read_marshal_text(b"\xda\x02ab").as_deref(), Some("ab"));
        assert_eq!(read_marshal_text(b"u\xff\xff\xff\xffab"), None);
        assert_eq!(read_marshal_text(b"i\x01\0\0\0"), None);
        assert_eq!(read_marshal_text(b""), None);
    }
}
