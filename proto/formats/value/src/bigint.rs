//! Integers of any size: what Python's `int` can be beyond 64 bits.

mod convert;
mod text;

use std::cmp::Ordering;

pub use text::{MAX_DIGITS, Radix};

/// An integer of any size: a sign and limbs.
///
/// It only carries numbers (text, bytes, comparison, conversions); it does no arithmetic. In a
/// [`Value`](crate::Value), whatever fits an i64 is `Value::Int`; use `Value::from(big)` to keep to that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BigInt {
    negative: bool,
    /// Least significant first, without zeros at the top; zero is empty and not negative.
    limbs: Box<[u64]>,
}

impl BigInt {
    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The number of bits of the magnitude.
    pub fn bits(&self) -> u64 {
        match self.limbs.last() {
            None => 0,
            Some(top) => self.limbs.len() as u64 * 64 - u64::from(top.leading_zeros()),
        }
    }

    fn from_limbs(negative: bool, mut limbs: Vec<u64>) -> BigInt {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        BigInt { negative: negative && !limbs.is_empty(), limbs: limbs.into_boxed_slice() }
    }
}

impl Ord for BigInt {
    fn cmp(&self, other: &BigInt) -> Ordering {
        let magnitude = || {
            let by_len = self.limbs.len().cmp(&other.limbs.len());
            by_len.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
        };
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
        }
    }
}

impl PartialOrd for BigInt {
    fn partial_cmp(&self, other: &BigInt) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
