//! Strings as Python writes them with `ensure_ascii=False`.

use crate::scan::{is_plain, plain_len};

/// A string in quotes.
#[inline]
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    content(out, text);
    out.push(b'"');
}

/// What stands between the quotes. Escaped is what JSON demands: quotes, backslashes and control characters.
#[inline]
pub(super) fn content(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        escaped(out, text.as_bytes());
    }
}

#[inline(never)]
fn escaped(out: &mut Vec<u8>, mut rest: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(rest.len() + 8);
    loop {
        let len = plain_len(rest);
        out.extend_from_slice(&rest[..len]);
        let [byte, after @ ..] = &rest[len..] else {
            return;
        };
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
        rest = after;
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
