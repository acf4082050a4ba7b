//! Strings as Python writes them with `ensure_ascii=False`.

use crate::scan::plain_len;

/// A string in quotes. What is escaped is what JSON demands: quotes, backslashes and control characters.
#[inline]
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let len = plain_len(bytes);
    out.extend_from_slice(&bytes[..len]);
    if len < bytes.len() {
        escaped(out, &bytes[len..]);
    }
    out.push(b'"');
}

/// From the first byte on that must be escaped.
#[inline(never)]
fn escaped(out: &mut Vec<u8>, mut rest: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    while let [byte, after @ ..] = rest {
        let letter = match byte {
            b'"' | b'\\' => *byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            _ => b'u',
        };
        out.extend_from_slice(&[b'\\', letter]);
        if letter == b'u' {
            out.extend_from_slice(&[b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        let len = plain_len(after);
        out.extend_from_slice(&after[..len]);
        rest = &after[len..];
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings() {
        for (text, expected) in [
            ("", r#""""#),
            ("plain text, longer than eight", r#""plain text, longer than eight""#),
            ("\"\\/\u{8}\u{c}\n\r\t", r#""\"\\/\b\f\n\r\t""#),
            ("a\0b\u{1f}\u{7f}\u{80}\u{2028}😀", "\"a\\u0000b\\u001f\u{7f}\u{80}\u{2028}😀\""),
        ] {
            let mut out = Vec::new();
            super::string(&mut out, text);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
