//! Conversions to and from fixed integers, floats and bytes.

use serde::{
    de::{self, Deserialize, Deserializer, Visitor},
    ser::{Serialize, Serializer},
};

use super::BigInt;
use crate::names;

impl BigInt {
    /// As an i64, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.to_i128()?.try_into().ok()
    }

    /// As a u64, if it fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.to_u128()?.try_into().ok()
    }

    /// As a u128, if it fits.
    pub fn to_u128(&self) -> Option<u128> {
        if self.negative { None } else { self.magnitude_u128() }
    }

    /// As an i128, if it fits.
    pub fn to_i128(&self) -> Option<i128> {
        let magnitude = self.magnitude_u128()?;
        if self.negative { 0_i128.checked_sub_unsigned(magnitude) } else { magnitude.try_into().ok() }
    }

    fn magnitude_u128(&self) -> Option<u128> {
        match *self.limbs {
            [] => Some(0),
            [low] => Some(low.into()),
            [low, high] => Some(u128::from(high) << 64 | u128::from(low)),
            _ => None,
        }
    }

    /// The nearest float, ties to even; `None` if that is infinite, where Python raises an `OverflowError`.
    pub fn to_f64(&self) -> Option<f64> {
        let shift = self.limbs.len().saturating_sub(2) * 64;
        let mut top = BigInt { negative: false, limbs: self.limbs[shift / 64..].into() }.magnitude_u128()?;
        // A bit far below stands for all that was cut off: it matters only for ties.
        if self.limbs[..shift / 64].iter().any(|limb| *limb != 0) {
            top |= 1;
        }
        if shift > 1023 {
            return None;
        }
        let scale = f64::from_bits((shift as u64 + 1023) << 52);
        let float = top as f64 * scale;
        float.is_finite().then_some(if self.negative { -float } else { float })
    }

    /// The integer that a float is, if it is one.
    pub fn from_f64(float: f64) -> Option<BigInt> {
        if !float.is_finite() || float.trunc() != float {
            return None;
        }
        let bits = float.abs().to_bits();
        let exponent = (bits >> 52) as i64 - 1075;
        let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
        if exponent < 0 {
            return Some(BigInt::from(float as i64));
        }
        let (limb, shift) = (exponent as usize / 64, exponent as u32 % 64);
        let mut limbs = vec![0; limb];
        let wide = u128::from(mantissa) << shift;
        limbs.extend([wide as u64, (wide >> 64) as u64]);
        Some(BigInt::from_limbs(float < 0.0, limbs))
    }

    /// The magnitude in bytes, least significant first, without zeros at the top.
    pub fn magnitude_le(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        bytes
    }

    /// From a sign and a magnitude in bytes, least significant first.
    pub fn from_magnitude_le(negative: bool, bytes: &[u8]) -> BigInt {
        let limbs = bytes.chunks(8).map(|chunk| {
            let mut limb = [0; 8];
            limb[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(limb)
        });
        BigInt::from_limbs(negative, limbs.collect())
    }

    /// Two's complement, least significant first, as few bytes as possible; zero is empty. Pickle's `LONG1`.
    pub fn to_signed_le(&self) -> Vec<u8> {
        let mut bytes = self.magnitude_le();
        if bytes.last().is_some_and(|top| top & 0x80 != 0) {
            bytes.push(0);
        }
        if self.negative {
            negate(&mut bytes);
            if let [.., below, 0xff] = bytes[..]
                && below & 0x80 != 0
            {
                bytes.pop();
            }
        }
        bytes
    }

    /// From two's complement, least significant first.
    pub fn from_signed_le(bytes: &[u8]) -> BigInt {
        if bytes.last().is_none_or(|top| top & 0x80 == 0) {
            return BigInt::from_magnitude_le(false, bytes);
        }
        let mut magnitude = bytes.to_vec();
        negate(&mut magnitude);
        BigInt::from_magnitude_le(true, &magnitude)
    }
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

impl From<u128> for BigInt {
    fn from(number: u128) -> BigInt {
        BigInt::from_limbs(false, vec![number as u64, (number >> 64) as u64])
    }
}

impl From<i128> for BigInt {
    fn from(number: i128) -> BigInt {
        let magnitude = number.unsigned_abs();
        BigInt::from_limbs(number < 0, vec![magnitude as u64, (magnitude >> 64) as u64])
    }
}

impl From<i64> for BigInt {
    fn from(number: i64) -> BigInt {
        BigInt::from(i128::from(number))
    }
}

impl From<u64> for BigInt {
    fn from(number: u64) -> BigInt {
        BigInt::from(u128::from(number))
    }
}

impl Serialize for BigInt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.to_i64(), self.to_u64()) {
            (Some(small), _) => serializer.serialize_i64(small),
            (_, Some(small)) => serializer.serialize_u64(small),
            _ => serializer.serialize_newtype_struct(names::INT, &self.to_text()),
        }
    }
}

impl<'de> Deserialize<'de> for BigInt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BigInt, D::Error> {
        deserializer.deserialize_newtype_struct(names::INT, BigIntVisitor)
    }
}

struct BigIntVisitor;

impl<'de> Visitor<'de> for BigIntVisitor {
    type Value = BigInt;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an integer")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<BigInt, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_i64<E>(self, number: i64) -> Result<BigInt, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<BigInt, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<BigInt, E> {
        Ok(number.into())
    }

    fn visit_u128<E>(self, number: u128) -> Result<BigInt, E> {
        Ok(number.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<BigInt, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn floats_round_to_even_as_in_python() {
        let float = |text: &str| text.parse::<BigInt>().unwrap().to_f64();
        assert_eq!(float("0x20000000000001"), Some(9007199254740992.0));
        assert_eq!(float("0x20000000000003"), Some(9007199254740996.0));
        assert_eq!(float("-0x10000000000000800000000000000001"), Some(-(2_f64.powi(124) + 2_f64.powi(72))));
        assert_eq!(float(&format!("0x1{}", "0".repeat(255))), Some(2_f64.powi(1020)));
        assert_eq!(float(&format!("0xffffffffffffff{}", "f".repeat(242))), None);
        assert_eq!(float(&format!("0x1{}", "0".repeat(500))), None);
        assert_eq!(float("0"), Some(0.0));
    }

    proptest! {
        #[test]
        fn bytes_and_text_give_the_number_back(bytes: Vec<u8>, negative: bool) {
            let number = BigInt::from_magnitude_le(negative, &bytes);
            prop_assert_eq!(&BigInt::from_signed_le(&number.to_signed_le()), &number);
            prop_assert_eq!(&number.to_decimal().unwrap().parse::<BigInt>().unwrap(), &number);
            prop_assert_eq!(&number.to_hex().parse::<BigInt>().unwrap(), &number);
        }

        #[test]
        fn fixed_integers_agree(number: i128, other: i128) {
            let big = BigInt::from(number);
            prop_assert_eq!(big.to_i128(), Some(number));
            prop_assert_eq!(big.to_decimal().unwrap(), number.to_string());
            prop_assert_eq!(big.to_f64(), Some(number as f64));
            prop_assert_eq!(big.cmp(&BigInt::from(other)), number.cmp(&other));
        }

        #[test]
        fn integral_floats_are_exact(mantissa: i64, shift in 0..900_i32) {
            let float = mantissa as f64 * 2_f64.powi(shift);
            prop_assert_eq!(BigInt::from_f64(float).unwrap().to_f64(), Some(float));
        }
    }
}
