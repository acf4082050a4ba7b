//! Finding what needs care in a string, for reader and writer.

use firesteel_value::short::Short;

/// How much of a text comes before its first quote, backslash or control character, or before its end.
#[inline(always)]
pub(crate) fn plain_len(text: &[u8]) -> usize {
    if let Some(word) = text.first_chunk() {
        let marks = marks(word);
        if marks != 0 {
            return first(marks);
        }
    }
    longer_plain_len(text)
}

/// Whether a text of eight bytes or more has none of those.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    // The last word overlaps those before it where the length is no multiple of eight.
    let last = text.last_chunk().map_or(0, marks);
    text.as_chunks().0.iter().fold(last, |any, word| any | marks(word)) == 0
}

/// Whether a short text has none.
#[inline(always)]
pub(crate) fn is_plain_short(text: Short) -> bool {
    let (first, last) = text.words();
    marks(&first.to_le_bytes()) | last.map_or(0, |last| marks(&last.to_le_bytes())) == 0
}

#[inline]
fn longer_plain_len(text: &[u8]) -> usize {
    const NEAR: usize = 64;
    let mut at = 0;
    for word in text.as_chunks().0 {
        let marks = marks(word);
        if marks != 0 {
            return at + first(marks);
        }
        at += 8;
        if at == NEAR {
            return far_len(text, at);
        }
    }
    tail_len(text, at)
}

/// The same for a long text.
#[inline(never)]
fn far_len(text: &[u8], start: usize) -> usize {
    let mut at = start;
    // All of some bytes at a time is less work than to stop at the first.
    for chunk in text[start..].as_chunks::<32>().0 {
        if chunk.iter().fold(false, |any, byte| any | is_special(*byte)) {
            break;
        }
        at += 32;
    }
    tail_len(text, at)
}

fn tail_len(text: &[u8], start: usize) -> usize {
    let rest = &text[start..];
    start + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[inline(always)]
fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// Marks what is special. The lowest mark is exact; those above may not be.
#[inline(always)]
fn marks(word: &[u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*word);
    let control = word.wrapping_sub(ONES * 0x20);
    let quotes = (word ^ (ONES * 0x22)).wrapping_sub(ONES);
    let backslashes = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    (control | quotes | backslashes) & !word & (ONES * 0x80)
}

#[cfg(test)]
mod tests {
    use super::{is_plain, is_special, plain_len};

    #[test]
    fn every_byte_is_found_at_every_place() {
        for byte in 0..=255_u8 {
            for len in (1..20).chain([31, 63, 64, 65, 95, 96, 97, 128, 130, 161]) {
                for place in 0..len {
                    let mut bytes = vec![if place % 2 == 0 { b'a' } else { 0xff }; len];
                    bytes[place] = byte;
                    let expected = if is_special(byte) { place } else { len };
                    assert_eq!(plain_len(&bytes), expected, "{byte} {place} {len}");
                    if len >= 8 {
                        assert_eq!(is_plain(&bytes), expected == len, "{byte} {place} {len}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_of_many_is_found() {
        for (text, expected) in [("", 0), ("\"\"\"\"\"\"\"\"", 0), ("a\n\"\\\u{1}\u{0}\"#", 1), ("abc\\#\"!]", 3)] {
            assert_eq!(plain_len(text.as_bytes()), expected);
        }
    }
}
