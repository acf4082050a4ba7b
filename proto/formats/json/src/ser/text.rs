//! Strings as Python writes them with `ensure_ascii=False`.

use firesteel_value::short::{Short, append};

use crate::scan::{is_plain, is_plain_short, plain_len};

/// A string in quotes. Escaped is what JSON demands: quotes, backslashes and control characters.
#[inline]
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    match Short::new(text.as_bytes()) {
        Some(short) if is_plain_short(short) => short.append_quoted::<b'"'>(out),
        Some(_) => escaped(out, text.as_bytes()),
        None => long(out, text.as_bytes()),
    }
}

/// A key, with a comma before it unless it is the first, and the colon.
#[inline]
pub(super) fn key(out: &mut Vec<u8>, text: &str, first: bool) {
    const BEFORE: u128 = u24(b", \"");
    const COMMA_BITS: u32 = 16;
    /// The most that have room in sixteen bytes.
    const MAX: usize = 10;
    static AFTER: [u128; MAX + 1] = {
        let mut after = [0; MAX + 1];
        let mut len = 0;
        while len <= MAX {
            after[len] = u24(b"\": ") << (8 * (3 + len));
            len += 1;
        }
        after
    };
    if let Some(short) = Short::new(text.as_bytes())
        && let Some(after) = AFTER.get(text.len())
        && is_plain_short(short)
    {
        let bits = short.bits() << 24 | BEFORE | after;
        let (bits, len) = if first { (bits >> COMMA_BITS, text.len() + 4) } else { (bits, text.len() + 6) };
        return append(out, bits, len);
    }
    if !first {
        out.extend_from_slice(b", ");
    }
    string(out, text);
    out.extend_from_slice(b": ");
}

/// Three bytes, the first one lowest.
const fn u24([a, b, c]: &[u8; 3]) -> u128 {
    *a as u128 | (*b as u128) << 8 | (*c as u128) << 16
}

fn long(out: &mut Vec<u8>, text: &[u8]) {
    if !is_plain(text) {
        return escaped(out, text);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

#[inline(never)]
fn escaped(out: &mut Vec<u8>, mut rest: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(rest.len() + 8);
    out.push(b'"');
    loop {
        let len = plain_len(rest);
        out.extend_from_slice(&rest[..len]);
        let [byte, after @ ..] = &rest[len..] else {
            out.push(b'"');
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

    #[test]
    fn strings_and_keys_of_every_length_are_escaped_everywhere() {
        for char in ['"', '\\', '\n', '\u{1}', '\u{1f}', ' ', '!', '#', '~', '\u{7f}', 'ä'] {
            let escaped = match char {
                '\n' => "\\n".into(),
                '"' | '\\' => format!("\\{char}"),
                ..' ' => format!("\\u{:04x}", u32::from(char)),
                plain => plain.to_string(),
            };
            for len in 0..20 {
                for place in 0..=len {
                    let (before, after) = ("a".repeat(place), "b".repeat(len - place));
                    let (text, quoted) = (format!("{before}{char}{after}"), format!("\"{before}{escaped}{after}\""));
                    let mut out = Vec::new();
                    super::string(&mut out, &text);
                    super::key(&mut out, &text, true);
                    super::key(&mut out, &text, false);
                    let expected = format!("{quoted}{quoted}: , {quoted}: ");
                    assert_eq!(String::from_utf8(out).unwrap(), expected);
                }
            }
        }
    }
}
