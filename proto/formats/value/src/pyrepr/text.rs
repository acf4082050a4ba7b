//! `repr` of str and bytes.

use super::printable::is_printable;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `repr(str)`: in single quotes, or in double ones if that saves escapes; what is not printable is escaped.
#[inline]
pub fn str(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let plain = plain_prefix(bytes);
    if plain == bytes.len() {
        out.reserve(bytes.len() + 2);
        out.push(b'\'');
        out.extend_from_slice(bytes);
        out.push(b'\'');
    } else {
        escaped_str(out, text, plain);
    }
}

/// `repr(bytes)`: `b'..'`.
pub fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let quote = quote(bytes);
    out.reserve(bytes.len() + 3);
    out.extend_from_slice(&[b'b', quote]);
    for byte in bytes {
        match *byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte if byte == quote => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(*byte),
            _ => hex(out, b'x', (*byte).into(), 2),
        }
    }
    out.push(quote);
}

/// How many bytes at the start need no care: printable ASCII without backslash and single quote.
#[inline]
fn plain_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes.get(at..at + 8) {
        let special = special_bytes(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes[at..]
        .iter()
        .position(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'\'' | b'\\'));
    rest.map_or(bytes.len(), |rest| at + rest)
}

/// Marks bytes that need care by their top bit; below the first such byte nothing is marked.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (word
        | control
        | zero(word ^ ONES * 0x7f)
        | zero(word ^ ONES * 0x27)
        | zero(word ^ ONES * 0x5c))
        & TOPS
}

/// Single quotes, unless there are single quotes but no double ones inside.
fn quote(bytes: &[u8]) -> u8 {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    }
}

fn escaped_str(out: &mut Vec<u8>, text: &str, plain: usize) {
    let bytes = text.as_bytes();
    let quote = quote(bytes);
    out.reserve(bytes.len() + 8);
    out.push(quote);
    let (mut done, mut at) = (0, plain);
    while at < bytes.len() {
        let byte = bytes[at];
        let (width, escape) = match byte {
            b'\\' => (1, Escape::Short(b'\\')),
            b'\t' => (1, Escape::Short(b't')),
            b'\n' => (1, Escape::Short(b'n')),
            b'\r' => (1, Escape::Short(b'r')),
            b' '..=b'~' if byte == quote => (1, Escape::Short(quote)),
            b' '..=b'~' => (1, Escape::No),
            0..0x80 => (1, Escape::Hex(b'x', byte.into(), 2)),
            _ => {
                let char = text[at..].chars().next().expect("at a character");
                let escape = match u32::from(char) {
                    code if is_printable(code) => Escape::No,
                    code @ 0..=0xff => Escape::Hex(b'x', code, 2),
                    code @ 0..=0xffff => Escape::Hex(b'u', code, 4),
                    code => Escape::Hex(b'U', code, 8),
                };
                (char.len_utf8(), escape)
            }
        };
        match escape {
            Escape::No => {
                at += width;
                continue;
            }
            Escape::Short(letter) => {
                out.extend_from_slice(&bytes[done..at]);
                out.extend_from_slice(&[b'\\', letter]);
            }
            Escape::Hex(letter, code, digits) => {
                out.extend_from_slice(&bytes[done..at]);
                hex(out, letter, code, digits);
            }
        }
        at += width;
        done = at;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(quote);
}

enum Escape {
    No,
    Short(u8),
    Hex(u8, u32, u32),
}

fn hex(out: &mut Vec<u8>, letter: u8, code: u32, digits: u32) {
    out.extend_from_slice(&[b'\\', letter]);
    out.extend(
        (0..digits)
            .rev()
            .map(|digit| HEX[(code >> (digit * 4)) as usize & 15]),
    );
}

#[cfg(test)]
mod tests {
    fn repr(text: &str) -> String {
        let mut out = Vec::new();
        super::str(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings() {
        for (text, expected) in [
            ("", "''"),
            (
                "plain ascii text, longer than eight",
                "'plain ascii text, longer than eight'",
            ),
            ("it's", "\"it's\""),
            ("\"", "'\"'"),
            ("'\"", "'\\'\"'"),
            ("a\\b\n\r\t\0\x1b\x7f", "'a\\\\b\\n\\r\\t\\x00\\x1b\\x7f'"),
            ("äöü€", "'äöü€'"),
            (
                "\u{80}\u{a0}\u{ad}\u{200b}\u{feff}\u{e000}",
                "'\\x80\\xa0\\xad\\u200b\\ufeff\\ue000'",
            ),
            (
                "\u{1f600}\u{e0001}\u{10ffff}",
                "'\u{1f600}\\U000e0001\\U0010ffff'",
            ),
            ("1234567'", "\"1234567'\""),
            ("12345678\u{7f}", "'12345678\\x7f'"),
        ] {
            assert_eq!(repr(text), expected);
        }
    }

    #[test]
    fn bytes() {
        for (bytes, expected) in [
            (&b""[..], "b''"),
            (b"a'b", "b\"a'b\""),
            (b"'\"", "b'\\'\"'"),
            (
                b"\\\n\r\t\0\x7f\x80\xff~",
                "b'\\\\\\n\\r\\t\\x00\\x7f\\x80\\xff~'",
            ),
        ] {
            let mut out = Vec::new();
            super::bytes(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn every_byte_is_found_at_every_place() {
        for byte in 0..=127_u8 {
            let plain = matches!(byte, b' '..=b'~') && byte != b'\'' && byte != b'\\';
            for place in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[place] = byte;
                assert_eq!(
                    super::plain_prefix(&bytes),
                    if plain { 20 } else { place },
                    "{byte}"
                );
            }
        }
    }
}
