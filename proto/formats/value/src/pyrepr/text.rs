//! `repr` of str and bytes.

use super::printable::is_printable;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `repr(str)`: in single quotes, or in double ones if that saves escapes; what is not printable is escaped.
#[inline]
pub fn str(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    if is_plain(bytes) {
        out.push(b'\'');
        out.extend_from_slice(bytes);
        out.push(b'\'');
    } else {
        escaped_str(out, text);
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

/// Whether no byte needs care: printable ASCII without backslash and single quote.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (first, last),
        _ => return is_plain_short(bytes),
    };
    let mut special = special_bytes(u64::from_le_bytes(*last));
    if bytes.len() > 16 {
        for word in bytes.as_chunks::<8>().0 {
            special |= special_bytes(u64::from_le_bytes(*word));
        }
    } else {
        special |= special_bytes(u64::from_le_bytes(*first));
    }
    special == 0
}

/// The same for less than eight bytes.
#[inline]
fn is_plain_short(bytes: &[u8]) -> bool {
    let word = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32,
        _ => match *bytes {
            [] => return true,
            [a] => 0x2020_2020_2020_2000 | u64::from(a),
            [a, b] => 0x2020_2020_2020_0000 | u64::from(a) | u64::from(b) << 8,
            [a, b, c, ..] => 0x2020_2020_2000_0000 | u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16,
        },
    };
    special_bytes(word) == 0
}

/// Marks bytes that need care by their top bit; below the first such byte nothing is marked.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (word | control | zero(word ^ (ONES * 0x7f)) | zero(word ^ (ONES * 0x27)) | zero(word ^ (ONES * 0x5c))) & TOPS
}

/// Single quotes, unless there are single quotes but no double ones inside.
fn quote(bytes: &[u8]) -> u8 {
    if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' }
}

/// What stands behind the backslash for an ASCII character: itself for those that need none, else `x` for hexadecimal
/// digits or a letter.
static ESCAPES: [u8; 128] = {
    let mut escapes = [b'x'; 128];
    let mut byte = b' ';
    while byte <= b'~' {
        escapes[byte as usize] = 0;
        byte += 1;
    }
    escapes[b'\\' as usize] = b'\\';
    escapes[b'\t' as usize] = b't';
    escapes[b'\n' as usize] = b'n';
    escapes[b'\r' as usize] = b'r';
    escapes
};

fn escaped_str(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let quote = quote(bytes);
    out.reserve(bytes.len() + 8);
    out.push(quote);
    let (mut done, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        if let Some(&escape) = ESCAPES.get(usize::from(byte)) {
            if escape != 0 || byte == quote {
                out.extend_from_slice(&bytes[done..at]);
                match escape {
                    b'x' => hex(out, b'x', byte.into(), 2),
                    0 => out.extend_from_slice(&[b'\\', byte]),
                    letter => out.extend_from_slice(&[b'\\', letter]),
                }
                done = at + 1;
            }
            at += 1;
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
                    assert_eq!(super::is_plain(&bytes), plain, "{byte} {place} {len}");
                }
            }
        }
    }
}
