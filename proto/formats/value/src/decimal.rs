//! From decimal digits to numbers and the nearest float, for formats that are text.
//!
//! The standard library does it too, but from text, which would have to be walked through once more; here the digits
//! are in an integer already. The algorithm is the same, that of Eisel and Lemire ("Number Parsing at a Gigabyte per
//! Second", 2021), after Clinger's for small numbers; the rare cases that it leaves open go to the standard library.

mod powers;

use powers::{FIRST_POWER, POWERS_OF_FIVE};

/// The float nearest to `mantissa * 10^exponent`, or `None` if that takes more work.
#[inline]
pub fn nearest_float(mantissa: u64, exponent: i64) -> Option<f64> {
    const EXACT: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ];
    if mantissa >> 53 == 0 {
        // Both numbers are exact, so the one rounding of the operation is right.
        if let Some(power) = EXACT.get(exponent.unsigned_abs() as usize) {
            let mantissa = mantissa as f64;
            return Some(if exponent < 0 { mantissa / power } else { mantissa * power });
        }
    }
    eisel_lemire(mantissa, exponent)
}

/// Adds digits to a number, which wraps when they are too many.
#[inline(always)]
pub fn digits(bytes: &[u8], at: &mut usize, number: &mut u64) {
    const SCALE: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    loop {
        let (count, value) = leading_digits(word_at(bytes, *at));
        *number = number.wrapping_mul(SCALE[count]).wrapping_add(value);
        *at += count;
        if count < 8 {
            return;
        }
    }
}

/// Eight bytes of the text, zeros behind its end.
#[inline(always)]
pub fn word_at(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match (rest.first_chunk(), bytes.last_chunk()) {
        (Some(word), _) => u64::from_le_bytes(*word),
        (None, Some(last)) if !rest.is_empty() => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        _ => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// How many of eight bytes, in little endian, are digits before the first that is none, and their value.
#[inline(always)]
fn leading_digits(word: u64) -> (usize, u64) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Digits become 0 to 9; adding 0x76 to anything greater sets the top bit, if it is not set already.
    let word = word ^ (ONES * 0x30);
    let others = ((word & (ONES * 0x7f)).wrapping_add(ONES * 0x76) | word) & (ONES * 0x80);
    let count = others.trailing_zeros() as usize / 8;
    if count == 0 {
        return (0, 0);
    }
    // Zeros in front of the digits instead of something else behind them.
    let word = word << (64 - 8 * count);
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let mask = 0x0000_00ff_0000_00ff;
    let high = (pairs & mask).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((pairs >> 16) & mask).wrapping_mul(1 + (10_000 << 32));
    (count, high.wrapping_add(low) >> 32)
}

fn eisel_lemire(mantissa: u64, exponent: i64) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    let power = usize::try_from(exponent - FIRST_POWER).ok()?;
    let (high5, low5) = *POWERS_OF_FIVE.get(power)?;
    let zeros = mantissa.leading_zeros();
    let mantissa = mantissa << zeros;

    // The upper 128 bits of the product; the lower half of the power matters only if the bits below those that
    // are needed are all ones.
    let product = u128::from(mantissa) * u128::from(high5);
    let (mut high, mut low) = ((product >> 64) as u64, product as u64);
    if high & 0x1ff == 0x1ff {
        let carried = ((u128::from(mantissa) * u128::from(low5)) >> 64) as u64;
        low = low.wrapping_add(carried);
        if carried > low {
            high += 1;
        }
    }
    // Here the exact power could make a difference.
    if low == u64::MAX && !(-27..=55).contains(&exponent) {
        return None;
    }

    let upper = high >> 63;
    let shift = upper + 9;
    let mut fraction = high >> shift;
    let mut binary = ((exponent * 217_706) >> 16) + 63 + upper as i64 - i64::from(zeros) + 1023;
    if binary <= 0 {
        return None; // subnormal
    }
    // Half way between two floats, exactly: round to even.
    if low <= 1 && (-4..=23).contains(&exponent) && fraction & 3 == 1 && fraction << shift == high {
        fraction &= !1;
    }
    fraction = (fraction + (fraction & 1)) >> 1;
    if fraction >= 1 << 53 {
        fraction = 1 << 52;
        binary += 1;
    }
    if binary >= 0x7ff {
        return Some(f64::INFINITY);
    }
    Some(f64::from_bits((binary as u64) << 52 | fraction & ((1 << 52) - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(mantissa: u64, exponent: i64) {
        let expected: f64 = format!("{mantissa}e{exponent}").parse().unwrap();
        if let Some(number) = nearest_float(mantissa, exponent) {
            assert_eq!(number.to_bits(), expected.to_bits(), "{mantissa}e{exponent}");
        }
    }

    #[test]
    fn hard_cases() {
        for (mantissa, exponent) in [
            (0, 0),
            (1, 22),
            (1, 23),
            (9007199254740993, 0),
            (9007199254740995, 0),
            (9007199254740993, 1),
            (18014398509481986, -1),
            (17976931348623157, 292),
            (17976931348623159, 292),
            (22250738585072014, -324),
            (22250738585072011, -324),
            (5, -324),
            (u64::MAX, -20),
            (u64::MAX, 300),
            (7450580596923828125, -27),
            (1152921504606846977, 0),
        ] {
            check(mantissa, exponent);
        }
        assert_eq!(nearest_float(12345678901234567, -3), Some(12345678901234.567));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn agrees_with_the_standard_library(mantissa: u64, digits in 0..20_u32, exponent in -140..140_i64) {
            check(mantissa % 10_u64.saturating_pow(digits), exponent);
            check(mantissa % 10_u64.saturating_pow(digits), exponent % 30);
        }

        #[test]
        fn leading_digits_are_their_value(number in 0..100_000_000_u64, place in 0..8_usize, byte: u8) {
            let mut text = format!("{number:08}").into_bytes();
            let word = |text: &[u8]| u64::from_le_bytes(text.try_into().unwrap());
            prop_assert_eq!(leading_digits(word(&text)), (8, number));
            text[place] = byte;
            let digits: String = text.iter().map(|byte| *byte as char).take_while(char::is_ascii_digit).collect();
            prop_assert_eq!(leading_digits(word(&text)), (digits.len(), digits.parse().unwrap_or(0)));
        }
    }
}
