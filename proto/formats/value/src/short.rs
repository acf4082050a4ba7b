//! Short texts and integers, written from registers: for most keys, to call what copies costs more than the copying.

/// A text of at most [`Short::MAX`] bytes.
#[derive(Clone, Copy)]
pub struct Short {
    /// Its bytes, the first one lowest, and zeros.
    low: u64,
    high: u64,
    /// Its first eight bytes, or blanks where it has less, and its last eight where it has more.
    words: (u64, Option<u64>),
    len: usize,
}

impl Short {
    /// So many that there is room for a quote on each side.
    pub const MAX: usize = 14;

    /// None if it is longer.
    #[inline(always)]
    pub fn new(bytes: &[u8]) -> Option<Short> {
        let len = bytes.len();
        if len > Short::MAX {
            return None;
        }
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            let (low, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
            // In two steps, as a shift by all 64 bits is none.
            let high = last >> 8 >> (15_usize.wrapping_sub(len) * 8 % 64);
            return Some(Short { low, high, words: (low, Some(last)), len });
        }
        let low = short_word(bytes);
        let word = low | 0x2020_2020_2020_2020 << (len * 8 % 64);
        Some(Short { low, high: 0, words: (word, None), len })
    }

    /// Words that hold all of its bytes, some of them twice, and otherwise only blanks.
    #[inline(always)]
    pub fn words(self) -> (u64, Option<u64>) {
        self.words
    }

    /// Its bytes, the first one lowest.
    #[inline(always)]
    pub fn bits(self) -> u128 {
        joined(self.low, self.high)
    }

    /// Appends it behind a byte.
    #[inline(always)]
    pub fn append_behind(self, byte: u8, out: &mut Vec<u8>) {
        append(out, joined(self.low << 8 | u64::from(byte), self.high << 8 | self.low >> 56), self.len + 1);
    }

    /// Appends it between quotes.
    #[inline(always)]
    pub fn append_quoted<const QUOTE: u8>(self, out: &mut Vec<u8>) {
        let [low, high] = Closing::<QUOTE>::WORDS[self.len];
        let (low, high) = (self.low << 8 | u64::from(QUOTE) | low, self.high << 8 | self.low >> 56 | high);
        append(out, joined(low, high), self.len + 2);
    }
}

/// Appends the lowest of the bytes, the very lowest first.
#[inline(always)]
pub fn append(out: &mut Vec<u8>, bits: u128, len: usize) {
    let end = out.len() + len;
    out.extend_from_slice(&bits.to_le_bytes());
    out.truncate(end);
}

#[inline(always)]
fn joined(low: u64, high: u64) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

/// The quote behind a short text, in the two words that the text and its quotes take.
struct Closing<const QUOTE: u8>;

impl<const QUOTE: u8> Closing<QUOTE> {
    const WORDS: &'static [[u64; 2]; Short::MAX + 1] = &{
        let mut closing = [[0; 2]; Short::MAX + 1];
        let mut len = 0;
        while len <= Short::MAX {
            closing[len][(len + 1) / 8] = (QUOTE as u64) << ((len + 1) % 8 * 8);
            len += 1;
        }
        closing
    };
}

/// Less than eight bytes, the first one lowest.
#[inline(always)]
fn short_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << ((bytes.len() - 4) * 8)
        }
        _ => match *bytes {
            [] => 0,
            [a] => u64::from(a),
            [a, b] => u64::from(a) | u64::from(b) << 8,
            [a, b, c, ..] => u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16,
        },
    }
}

/// Appends the decimal digits of an integer.
#[inline]
pub fn append_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    append_unsigned(out, number.unsigned_abs());
}

/// Appends the decimal digits of an integer.
#[inline]
pub fn append_unsigned(out: &mut Vec<u8>, number: u64) {
    match number {
        // Below 10.
        0..10 => out.push(b'0' | number as u8),
        10..EIGHT_DIGITS => {
            let digits = eight_digits(number);
            let zeros = digits.trailing_zeros() / 8;
            let end = out.len() + 8 - zeros as usize;
            out.extend_from_slice(&((digits | ZEROS) >> (zeros * 8)).to_le_bytes());
            out.truncate(end);
        }
        _ => append_long(out, number),
    }
}

fn append_long(out: &mut Vec<u8>, number: u64) {
    let (high, low) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
    if high >= EIGHT_DIGITS {
        return out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }
    let digits = eight_digits(high);
    let zeros = digits.trailing_zeros() / 8;
    let bits = joined(digits | ZEROS, eight_digits(low) | ZEROS) >> (zeros * 8);
    append(out, bits, 16 - zeros as usize);
}

const EIGHT_DIGITS: u64 = 100_000_000;
/// Eight times `0`.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The digits of a number below 10**8, one in each byte, the first one lowest.
#[inline(always)]
fn eight_digits(number: u64) -> u64 {
    // All halves are divided at once; the factors are what 2**20 / 100 and 2**10 / 10 are, rounded up.
    let fours = (number / 10_000) | (number % 10_000) << 32;
    let hundreds = (fours * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - hundreds * 100) << 16;
    let tens = (twos * 103) >> 10 & 0x000f_000f_000f_000f;
    tens | (twos - tens * 10) << 8
}

#[cfg(test)]
mod tests {
    use super::{Short, append_signed, append_unsigned};

    #[test]
    fn integers_have_their_digits() {
        let ends = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, u64::MAX >> bit]);
        let tens = (0..20).flat_map(|digits| [10_u64.pow(digits), 10_u64.pow(digits) - 1, 10_u64.pow(digits) + 1]);
        let spread = (0..60_000).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (n % 64));
        for number in (0..20_000).chain(ends).chain(tens).chain(spread) {
            let (mut unsigned, mut signed) = (b"before".to_vec(), b"before".to_vec());
            append_unsigned(&mut unsigned, number);
            append_signed(&mut signed, number as i64);
            assert_eq!(String::from_utf8(unsigned).unwrap(), format!("before{number}"));
            assert_eq!(String::from_utf8(signed).unwrap(), format!("before{}", number as i64));
        }
    }

    #[test]
    fn every_length_is_written_in_full() {
        let text: String = ('a'..='z').chain('A'..='Z').collect();
        for len in 0..=text.len() {
            let text = &text[..len];
            let short = Short::new(text.as_bytes());
            assert_eq!(short.is_some(), len <= Short::MAX);
            let Some(short) = short else { continue };
            let mut out = b"before".to_vec();
            short.append_behind(b'<', &mut out);
            short.append_quoted::<b'"'>(&mut out);
            short.append_quoted::<b'\''>(&mut out);
            assert_eq!(out, format!("before<{text}\"{text}\"'{text}'").as_bytes());
        }
    }

    #[test]
    fn the_words_hold_every_byte_and_blanks() {
        for len in 0..=Short::MAX {
            for place in 0..len {
                let mut bytes = vec![b'a'; len];
                bytes[place] = b'X';
                let (first, last) = Short::new(&bytes).unwrap().words();
                let words = [first, last.unwrap_or(first)].map(u64::to_le_bytes);
                assert!(words.as_flattened().contains(&b'X'), "{place} {len}");
                assert!(words.as_flattened().iter().all(|byte| [b' ', b'a', b'X'].contains(byte)), "{place} {len}");
            }
        }
    }
}
