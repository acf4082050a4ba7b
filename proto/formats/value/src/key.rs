//! Equality of keys as in Python, and sets of keys without hashing.
//!
//! `1`, `1.0`, `True` and `1+0j` are one key. A [`Key`] is a canonical, totally ordered form of that equality; large dicts and
//! sets are freed of duplicates by sorting. Small ones are scanned, and a scan is only needed where a bitmap of
//! cheap fingerprints cannot rule out an equal key.

use crate::{BigInt, Value, decimal_number::DecimalKey};

/// Up to this size, dicts and sets are scanned.
const SMALL: usize = 24;

/// Equality of keys, as in Python; NaN equals nothing.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Str(_), Value::Int(_) | Value::Float(_)) | (Value::Int(_) | Value::Float(_), Value::Str(_)) => false,
        _ => Key::of(a, 0) == Key::of(b, 1),
    }
}

/// A repeated key keeps its first position and takes the last value.
pub(crate) fn unique_pairs(pairs: &mut Vec<(Value, Value)>) {
    let Some(first) = first_positions(pairs.len(), |index| &pairs[index].0) else {
        return;
    };
    for index in 0..pairs.len() {
        if first[index] != index {
            let value = std::mem::take(&mut pairs[index].1);
            pairs[first[index]].1 = value;
        }
    }
    let mut index = 0..;
    pairs.retain(|_| index.next().is_some_and(|index| first[index] == index));
}

/// The first of equal elements is kept.
pub(crate) fn unique(mut elements: Vec<Value>) -> Vec<Value> {
    if let Some(first) = first_positions(elements.len(), |index| &elements[index]) {
        let mut index = 0..;
        elements.retain(|_| index.next().is_some_and(|index| first[index] == index));
    }
    elements
}

/// Whether two sets have the same elements, strict by type.
pub(crate) fn same_elements(a: &[Value], b: &[Value]) -> bool {
    if a.len() != b.len() || a == b {
        return a.len() == b.len();
    }
    sorted(a, |element| element).iter().zip(&sorted(b, |element| element)).all(|((_, a), (_, b))| a == b)
}

/// Whether two dicts have the same pairs, strict by type.
pub(crate) fn same_pairs(a: &[(Value, Value)], b: &[(Value, Value)]) -> bool {
    if a.len() != b.len() || a == b {
        return a.len() == b.len();
    }
    sorted(a, |pair| &pair.0).iter().zip(&sorted(b, |pair| &pair.0)).all(|((_, a), (_, b))| a == b)
}

fn sorted<'a, T>(items: &'a [T], key: fn(&T) -> &Value) -> Vec<(Key<'a>, &'a T)> {
    let mut sorted: Vec<_> = items.iter().enumerate().map(|(at, item)| (Key::of(key(item), at), item)).collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    sorted
}

/// For each position, the first one with an equal key; `None` if all are different.
fn first_positions<'a>(len: usize, key: impl Fn(usize) -> &'a Value) -> Option<Vec<usize>> {
    if len <= SMALL {
        let (mut seen, mut repeated) = (Seen::default(), false);
        for index in 0..len {
            if seen.may_hold(key(index)) && (0..index).any(|earlier| equal(key(earlier), key(index))) {
                repeated = true;
                break;
            }
        }
        if !repeated {
            return None;
        }
    }
    let mut order: Vec<(Key<'_>, usize)> = (0..len).map(|index| (Key::of(key(index), index), index)).collect();
    // Stable by the index in the pair: the first of equal keys leads its run.
    order.sort_unstable();
    let mut first: Vec<usize> = (0..len).collect();
    let mut repeated = false;
    for run in order.chunk_by(|(a, _), (b, _)| a == b) {
        for (_, index) in &run[1..] {
            first[*index] = run[0].1;
            repeated = true;
        }
    }
    repeated.then_some(first)
}

/// Fingerprints of the keys so far: strings by length and ends, small ints by value; all else may equal anything.
#[derive(Default)]
struct Seen {
    bits: u64,
    others: bool,
}

impl Seen {
    /// Adds a key; says whether an earlier one may equal it.
    fn may_hold(&mut self, key: &Value) -> bool {
        let bit = match key {
            Value::Str(text) => {
                let bytes = text.as_bytes();
                let ends =
                    bytes.first().map_or(0, |first| usize::from(*first) * 3 + usize::from(bytes[bytes.len() - 1]));
                1 << ((ends + bytes.len() * 7) % 64)
            }
            Value::Int(number) if !self.others => 1 << (number & 63),
            _ => {
                self.others = true;
                return true;
            }
        };
        let may = self.bits & bit != 0;
        self.bits |= bit;
        may
    }
}

/// A canonical form: two keys are equal in Python exactly if these are.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Int(i64),
    Str(&'a str),
    Bytes(&'a [u8]),
    Other(Vec<u8>),
}

impl<'a> Key<'a> {
    /// `position` tells NaNs apart, each of which is a key of its own.
    fn of(value: &'a Value, position: usize) -> Key<'a> {
        match value {
            Value::Int(number) => Key::Int(*number),
            Value::Bool(truth) => Key::Int((*truth).into()),
            Value::Str(text) => Key::Str(text),
            Value::Bytes(bytes) => Key::Bytes(bytes),
            Value::ByteArray(bytes) => Key::Bytes(bytes),
            Value::Float(number) if integral(*number).is_some() => Key::Int(*number as i64),
            _ => {
                let mut canonical = Canonical { bytes: Vec::new(), nan: false };
                canonical.value(value);
                if canonical.nan {
                    canonical.bytes.extend(position.to_be_bytes());
                }
                match canonical.bytes[..] {
                    // A complex or large integer that is a small integer after all.
                    [INT, a, b, c, d, e, f, g, h] if !canonical.nan => {
                        Key::Int(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
                    }
                    _ => Key::Other(canonical.bytes),
                }
            }
        }
    }
}

/// The i64 that a float is, if it is one.
fn integral(float: f64) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    (float.trunc() == float && (-END..END).contains(&float)).then_some(float as i64)
}

const NONE: u8 = 0;
const ELLIPSIS: u8 = 1;
const INT: u8 = 2;
const BIG: u8 = 3;
const FLOAT: u8 = 4;
const COMPLEX: u8 = 5;
const STR: u8 = 6;
const BYTES: u8 = 7;
const TUPLE: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const DICT: u8 = 11;
const INSTANCE: u8 = 12;
const NAIVE: u8 = 13;
const AWARE: u8 = 14;
const DATE: u8 = 15;
const NAIVE_TIME: u8 = 16;
const AWARE_TIME: u8 = 17;
const TIMEDELTA: u8 = 18;
const DECIMAL: u8 = 19;
const UUID: u8 = 20;

/// Writes values in bytes that are equal for equal keys and delimit themselves.
struct Canonical {
    bytes: Vec<u8>,
    nan: bool,
}

impl Canonical {
    fn value(&mut self, value: &Value) {
        match value {
            Value::None => self.bytes.push(NONE),
            Value::Ellipsis => self.bytes.push(ELLIPSIS),
            Value::Bool(truth) => self.int((*truth).into()),
            Value::Int(number) => self.int(*number),
            Value::BigInt(number) => self.big(number),
            Value::Float(number) => self.float(*number),
            Value::Complex(number) if number.im == 0.0 => self.float(number.re),
            Value::Complex(number) => {
                self.bytes.push(COMPLEX);
                self.float(number.re);
                self.float(number.im);
            }
            Value::Str(text) => self.sized(STR, text.as_bytes()),
            Value::Bytes(bytes) => self.sized(BYTES, bytes),
            Value::ByteArray(bytes) => self.sized(BYTES, bytes),
            Value::List(elements) => self.elements(LIST, elements),
            Value::Tuple(elements) => self.elements(TUPLE, elements),
            Value::Set(elements) | Value::FrozenSet(elements) => {
                self.sorted(SET, elements.iter().map(|element| (element, None)));
            }
            Value::Dict(dict) => self.sorted(DICT, dict.iter().map(|(key, value)| (key, Some(value)))),
            Value::Instance(instance) => {
                self.sized(INSTANCE, instance.class.as_bytes());
                self.sorted(DICT, instance.fields.iter().map(|(key, value)| (key, Some(value))));
            }
            Value::DateTime(datetime) => {
                let kind = if datetime.utc_offset().is_some() { AWARE } else { NAIVE };
                self.fixed(kind, &datetime.instant().to_be_bytes());
            }
            Value::Date(date) => self.fixed(DATE, &date.to_ordinal().to_be_bytes()),
            Value::Time(time) => {
                let kind = if time.utc_offset().is_some() { AWARE_TIME } else { NAIVE_TIME };
                self.fixed(kind, &time.instant().to_be_bytes());
            }
            Value::TimeDelta(delta) => self.fixed(TIMEDELTA, &delta.total_microseconds().to_be_bytes()),
            Value::Decimal(number) => match number.to_key() {
                DecimalKey::Int(int) => self.big(&int),
                DecimalKey::Float(float) => self.float(float),
                DecimalKey::Other(text) => self.sized(DECIMAL, text.as_bytes()),
            },
            Value::Uuid(uuid) => self.fixed(UUID, uuid.as_bytes()),
        }
    }

    fn int(&mut self, number: i64) {
        self.bytes.push(INT);
        self.bytes.extend(number.to_be_bytes());
    }

    fn big(&mut self, number: &BigInt) {
        match number.to_i64() {
            Some(small) => self.int(small),
            None => self.sized(BIG, &number.to_signed_le()),
        }
    }

    fn float(&mut self, number: f64) {
        if let Some(small) = integral(number) {
            self.int(small);
        } else if let Some(big) = BigInt::from_f64(number) {
            self.big(&big);
        } else {
            self.nan |= number.is_nan();
            self.bytes.push(FLOAT);
            self.bytes.extend(number.to_bits().to_be_bytes());
        }
    }

    fn fixed(&mut self, kind: u8, bytes: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend(bytes);
    }

    fn sized(&mut self, kind: u8, bytes: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend(bytes.len().to_be_bytes());
        self.bytes.extend(bytes);
    }

    fn elements(&mut self, kind: u8, elements: &[Value]) {
        self.bytes.push(kind);
        self.bytes.extend(elements.len().to_be_bytes());
        for element in elements {
            self.value(element);
        }
    }

    fn sorted<'v>(&mut self, kind: u8, items: impl ExactSizeIterator<Item = (&'v Value, Option<&'v Value>)>) {
        let mut forms = Vec::with_capacity(items.len());
        for (key, value) in items {
            let mut form = Canonical { bytes: Vec::new(), nan: false };
            form.value(key);
            if let Some(value) = value {
                form.value(value);
            }
            self.nan |= form.nan;
            forms.push(form.bytes);
        }
        forms.sort_unstable();
        self.bytes.push(kind);
        self.bytes.extend(forms.len().to_be_bytes());
        for form in forms {
            self.bytes.extend(form);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Complex, Dict};

    fn ints(count: i64) -> Vec<Value> {
        (0..count).map(Value::Int).collect()
    }

    #[test]
    fn numbers_are_one_key_across_types() {
        let one = [Value::Int(1), Value::Bool(true), Value::Float(1.0), Value::Complex(Complex::new(1.0, 0.0))];
        for a in &one {
            for b in &one {
                assert!(equal(a, b), "{a} {b}");
                assert!(equal(&Value::Tuple(vec![a.clone()]), &Value::Tuple(vec![b.clone()])));
            }
        }
        let big: BigInt = "0x8000000000000000".parse().unwrap();
        assert!(equal(&Value::BigInt(big), &Value::Float(2_f64.powi(63))));
        assert!(equal(&Value::Int(i64::MIN), &Value::Float(-(2_f64.powi(63)))));
        assert!(equal(&Value::Float(0.0), &Value::Float(-0.0)));
        assert!(!equal(&Value::Float(f64::NAN), &Value::Float(f64::NAN)));
        assert!(!equal(&Value::Str("1".into()), &Value::Int(1)));
        assert!(!equal(&Value::None, &Value::Int(0)));
    }

    #[test]
    fn decimals_are_one_key_with_other_numbers() {
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        assert!(equal(&decimal("1.00"), &Value::Int(1)));
        assert!(equal(&decimal("-0.0"), &Value::Bool(false)));
        assert!(equal(&decimal("0.5"), &Value::Float(0.5)));
        assert!(equal(&decimal("Infinity"), &Value::Float(f64::INFINITY)));
        assert!(equal(&decimal("1E+30"), &Value::BigInt(10_i128.pow(30).into())));
        let tenth = "0.1000000000000000055511151231257827021181583404541015625";
        assert!(equal(&decimal(tenth), &Value::Float(0.1)));
        assert!(equal(&decimal(&format!("{:.1074}", f64::from_bits(1))), &Value::Float(f64::from_bits(1))));
        assert!(!equal(&decimal("0.1"), &Value::Float(0.1)));
        assert!(!equal(&decimal("1e999999999999"), &decimal("-1e999999999999")));
        assert!(equal(&decimal("1e999999999999"), &decimal("10e999999999998")));
        assert!(!equal(&decimal("NaN"), &decimal("NaN")));
        assert_eq!(unique(vec![decimal("NaN"), decimal("NaN"), decimal("1"), decimal("1.0")]).len(), 3);
    }

    #[test]
    fn dates_are_keys_by_what_they_mean() {
        let key = |text: &str| Value::DateTime(text.parse().unwrap());
        assert!(equal(&key("2024-01-01T01:00+01:00"), &key("2024-01-01T00:00Z")));
        assert!(!equal(&key("2024-01-01T00:00"), &key("2024-01-01T00:00Z")));
        assert!(!equal(&key("2024-01-01"), &Value::Date("2024-01-01".parse().unwrap())));
        assert!(!equal(&Value::Time("00:00".parse().unwrap()), &Value::Time("00:00Z".parse().unwrap())));
    }

    #[test]
    fn a_repeated_key_keeps_its_place_and_takes_the_last_value() {
        for filler in [0, 100] {
            let mut pairs: Vec<_> =
                [("b", 1), ("a", 2), ("b", 3), ("c", 4), ("b", 5)].map(|(k, v)| (k.into(), v.into())).into();
            pairs.extend(ints(filler).into_iter().map(|key| (key, Value::None)));
            let dict = Dict::from_pairs(pairs);
            assert_eq!(dict.len(), 3 + filler as usize);
            assert_eq!(dict.as_pairs()[..3], [("b", 5), ("a", 2), ("c", 4)].map(|(k, v)| (k.into(), v.into())));
        }
    }

    #[test]
    fn sets_keep_the_first_of_equal_elements() {
        let mut elements = vec![Value::Float(1.0), Value::Bool(true), Value::Int(1), Value::Float(f64::NAN)];
        assert_eq!(unique(elements.clone()).len(), 2);
        elements.extend(ints(100));
        elements.push(Value::Float(f64::NAN));
        let elements = unique(elements);
        assert_eq!(elements.len(), 102);
        assert!(matches!(elements[0], Value::Float(_)));
    }

    #[test]
    fn order_does_not_matter_but_type_does() {
        let set = |range: std::ops::Range<i64>| Value::Set(range.map(Value::Int).collect());
        let reversed = Value::Set((0..50).rev().map(Value::Int).collect());
        assert_eq!(set(0..50), reversed);
        assert_ne!(set(0..50), set(1..51));
        assert_ne!(Value::Set(vec![1.into()]), Value::Set(vec![1.0.into()]));
        let nested = |order: [i64; 2]| {
            Value::FrozenSet(vec![Value::FrozenSet(order.map(Value::Int).into()), Value::FrozenSet(vec![])])
        };
        assert_eq!(nested([1, 2]), nested([2, 1]));
        assert_eq!(unique(vec![nested([1, 2]), nested([2, 1])]).len(), 1);
        assert_eq!(Dict::from_iter([(1, 2), (3, 4)]), Dict::from_iter([(3, 4), (1, 2)]));
        assert_ne!(Dict::from_iter([(1, 2)]), Dict::from_iter([(1, 2.0)]));
    }
}
