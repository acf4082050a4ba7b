//! `repr` of str and bytes.

use super::printable::is_printable;
use crate::short::Short;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `repr(str)`: in single quotes, or in double ones if that saves escapes; what is not printable is escaped.
#[inline]
pub fn str(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    if let Some(short) = Short::new(bytes) {
        let found = match short.words() {
            (first, Some(last)) => Found::in_word(first).and(Found::in_word(last)),
            (word, None) => Found::in_word(word),
        };
        if found.special != 0 {
            return escaped_str(out, text, found);
        }
        return short.append_quoted::<b'\''>(out);
    }
    let found = survey(bytes);
    if found.special == 0 {
        out.push(b'\'');
        out.extend_from_slice(bytes);
        out.push(b'\'');
    } else {
        escaped_str(out, text, found);
    }
}

/// `repr(bytes)`: `b'..'`.
pub fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let quote = quote(bytes);
    bytes_in(out, bytes, quote, quote);
}

/// `repr(bytearray)`: `bytearray(b'..')`.
pub fn bytearray(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"bytearray(");
    // It chooses the quotes as bytes does, but escapes single ones in any case.
    bytes_in(out, bytes, quote(bytes), b'\'');
    out.push(b')');
}

fn bytes_in(out: &mut Vec<u8>, bytes: &[u8], quote: u8, escaped: u8) {
    out.reserve(bytes.len() + 3);
    out.extend_from_slice(&[b'b', quote]);
    for byte in bytes {
        match *byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte if byte == escaped => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(*byte),
            _ => hex(out, b'x', (*byte).into(), 2),
        }
    }
    out.push(quote);
}

/// What some bytes have that needs care; not zero means somewhere.
#[derive(Clone, Copy)]
struct Found {
    /// Anything but printable ASCII without backslash and single quote. In a word, the lowest mark is at the first.
    special: u64,
    single_quote: u64,
}

impl Found {
    #[inline(always)]
    fn in_word(word: u64) -> Found {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const TOPS: u64 = 0x8080_8080_8080_8080;
        // Their top bits mark the byte that is sought; above the first one, others may be marked as well.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let single_quote = zero(word ^ (ONES * 0x27));
        let special = word | control | zero(word ^ (ONES * 0x7f)) | zero(word ^ (ONES * 0x5c)) | single_quote;
        Found { special: special & TOPS, single_quote: single_quote & TOPS }
    }

    #[inline(always)]
    fn and(self, other: Found) -> Found {
        Found { special: self.special | other.special, single_quote: self.single_quote | other.single_quote }
    }
}

/// Eight bytes or more.
#[inline]
fn survey(bytes: &[u8]) -> Found {
    let last = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
    let words = bytes.as_chunks().0.iter();
    words.fold(Found::in_word(last), |found, word| found.and(Found::in_word(u64::from_le_bytes(*word))))
}

/// Single quotes, unless there are single quotes but no double ones inside.
fn quote(bytes: &[u8]) -> u8 {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' }
}

/// What to do with a byte: 0 leaves it, [`DECODE`] asks for the character that begins with it, anything else is what
/// stands behind a backslash, of which `x` comes with hexadecimal digits.
static ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        escapes[byte] = match byte as u8 {
            b'\\' => b'\\',
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            b' '..=b'~' => 0,
            ..0x80 => b'x',
            // Behind the first byte of a character, all of whose companions are printable too.
            0x80..0xc0 => 0,
            0xc0..0xe0 => all_printable((byte as u32 & 0x1f) << 6, 1 << 6),
            0xe0..0xf0 => all_printable((byte as u32 & 0x0f) << 12, 1 << 12),
            0xf0.. => DECODE,
        };
        byte += 1;
    }
    escapes
};

const DECODE: u8 = 1;

const fn all_printable(first: u32, count: u32) -> u8 {
    let mut code = first;
    while code < first + count {
        if !is_printable(code) {
            return DECODE;
        }
        code += 1;
    }
    0
}

#[inline(never)]
fn escaped_str(out: &mut Vec<u8>, text: &str, found: Found) {
    let bytes = text.as_bytes();
    let quote = if found.single_quote != 0 && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.reserve(bytes.len() + 8);
    out.push(quote);
    let (mut done, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 && byte != quote {
            at += 1;
            continue;
        }
        if escape != DECODE {
            out.extend_from_slice(&bytes[done..at]);
            match escape {
                b'x' => hex(out, b'x', byte.into(), 2),
                0 => out.extend_from_slice(&[b'\\', byte]),
                letter => out.extend_from_slice(&[b'\\', letter]),
            }
            at += 1;
            done = at;
            continue;
        }
        // Decoded by hand: this is most of the work for text that is not English.
        let tail = |ahead: usize| u32::from(bytes.get(at + ahead).copied().unwrap_or(0) & 0x3f);
        let (code, next) = match byte {
            0x80..0xe0 => (u32::from(byte & 0x1f) << 6 | tail(1), at + 2),
            0xe0..0xf0 => (u32::from(byte & 0x0f) << 12 | tail(1) << 6 | tail(2), at + 3),
            _ => (u32::from(byte & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), at + 4),
        };
        if !is_printable(code) {
            out.extend_from_slice(&bytes[done..at]);
            match code {
                0..0x100 => hex(out, b'x', code, 2),
                0x100..0x10000 => hex(out, b'u', code, 4),
                _ => hex(out, b'U', code, 8),
            }
            done = next;
        }
        at = next;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(quote);
}

fn hex(out: &mut Vec<u8>, letter: u8, code: u32, digits: u32) {
    out.extend_from_slice(&[b'\\', letter]);
    out.extend((0..digits).rev().map(|digit| HEX[(code >> (digit * 4)) as usize & 15]));
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
            ("plain ascii text, longer than eight", "'plain ascii text, longer than eight'"),
            ("it's", "\"it's\""),
            ("\"", "'\"'"),
            ("'\"", "'\\'\"'"),
            ("a\\b\n\r\t\0\x1b\x7f", "'a\\\\b\\n\\r\\t\\x00\\x1b\\x7f'"),
            ("äöü€", "'äöü€'"),
            ("\u{80}\u{a0}\u{ad}\u{200b}\u{feff}\u{e000}", "'\\x80\\xa0\\xad\\u200b\\ufeff\\ue000'"),
            ("\u{1f600}\u{e0001}\u{10ffff}", "'\u{1f600}\\U000e0001\\U0010ffff'"),
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
            (b"\\\n\r\t\0\x7f\x80\xff~", "b'\\\\\\n\\r\\t\\x00\\x7f\\x80\\xff~'"),
        ] {
            let mut out = Vec::new();
            super::bytes(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn every_byte_is_found_at_every_place() {
        for byte in 0..=255_u8 {
            let plain = matches!(byte, b' '..=b'~') && byte != b'\'' && byte != b'\\';
            for len in 1..40 {
                for place in 0..len {
                    let mut bytes = vec![b'a'; len];
                    bytes[place] = byte;
                    let text: String = bytes.iter().map(|byte| *byte as char).collect();
                    let quoted = format!("'{text}'");
                    assert_eq!(repr(&text) == quoted, plain || byte >= 0xa1 && byte != 0xad, "{byte} {place} {len}");
                }
            }
        }
    }
}
