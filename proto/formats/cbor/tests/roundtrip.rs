//! Every value comes back, and plain data is what others write.

use firesteel_cbor::{Options, from_slice, to_vec};
use firesteel_formats_testkit::{Base64Bytes, Kinds, Record, record, record_with, values};
use firesteel_value::{Blob, Value};
use proptest::prelude::*;

fn write(value: &Value) -> Vec<u8> {
    to_vec(value, &Options::default()).unwrap()
}

/// What ciborium makes of it; its own values keep integers up to 64 bits and a sign only.
fn foreign(value: &Value) -> ciborium::Value {
    ciborium::Value::serialized(value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_back(value in values(Kinds::ALL)) {
        let bytes = write(&value);
        let back: Value = from_slice(&bytes).unwrap();
        prop_assert_eq!(&back, &value);
        // And what equality does not see: signs of zeros, offsets, folds, the order of sets and dicts.
        prop_assert_eq!(format!("{back:?}"), format!("{value:?}"));
        let mut reader = firesteel_cbor::Reader::new(&bytes, Default::default()).unwrap();
        reader.skip().unwrap();
        reader.end().unwrap();
    }

    #[test]
    fn plain_values_are_those_of_ciborium(
        value in values(Kinds { big_ints: true, bytes: true, instances: true, nan: true, ..Kinds::PLAIN }),
    ) {
        let ours = write(&value);
        let mut theirs = Vec::new();
        ciborium::into_writer(&foreign_with_integers(&value), &mut theirs).unwrap();
        prop_assert_eq!(&ours, &theirs);
        let read: ciborium::Value = match ciborium::from_reader(&ours[..]) {
            // It reads no integers that need all of 128 bits.
            Err(ciborium::de::Error::Semantic(_, text)) if text == "integer too large" => return Ok(()),
            read => read.unwrap(),
        };
        let mut again = Vec::new();
        ciborium::into_writer(&read, &mut again).unwrap();
        prop_assert_eq!(&ours, &again);
    }

    #[test]
    fn damaged_bytes_do_no_harm(value in values(Kinds { nan: true, ..Kinds::ALL }), seed: u64) {
        let mut bytes = write(&value);
        let mut rng = firesteel_formats_testkit::Rng(seed);
        for _ in 0..5 {
            rng.mutate(&mut bytes);
            firesteel_cbor::fuzzing::read(&bytes);
        }
    }

    #[test]
    fn what_ciborium_refuses_is_refused(value in values(Kinds { nan: true, ..Kinds::PLAIN }), seed: u64) {
        let mut bytes = write(&value);
        firesteel_formats_testkit::Rng(seed).mutate(&mut bytes);
        // It reads one value and leaves the rest, takes everything as a key, and does not look behind tags.
        let mut rest = &bytes[..];
        let theirs = ciborium::from_reader::<ciborium::Value, _>(&mut rest);
        let ours = from_slice::<Value>(&bytes);
        match (theirs, ours) {
            (Err(error), Ok(value)) => prop_assert!(false, "{:x?}: {} but {}", bytes, error, value),
            (Ok(theirs), Err(error)) if !has_tag(&theirs) => {
                use firesteel_cbor::FormatErrorKind::*;
                prop_assert!(
                    matches!(error.category(), Trailing | Unhashable | Unsupported)
                        || error.message().contains("simple"),
                    "{:x?}: {}", bytes, error
                );
                prop_assert!(error.category() != Trailing || !rest.is_empty());
            }
            _ => {}
        }
    }
}

fn has_tag(value: &ciborium::Value) -> bool {
    match value {
        ciborium::Value::Tag(..) => true,
        ciborium::Value::Array(elements) => elements.iter().any(has_tag),
        ciborium::Value::Map(pairs) => pairs.iter().any(|(key, value)| has_tag(key) || has_tag(value)),
        _ => false,
    }
}

/// Large integers are tagged bytes there.
fn foreign_with_integers(value: &Value) -> ciborium::Value {
    use ciborium::Value as Foreign;
    match value {
        Value::BigInt(number) if number.bits() > 64 => {
            let magnitude = if number.is_negative() {
                let digits = number.magnitude_le();
                let borrowed = digits.iter().position(|byte| *byte != 0).unwrap();
                digits
                    .iter()
                    .enumerate()
                    .map(|(at, byte)| match at.cmp(&borrowed) {
                        std::cmp::Ordering::Less => 0xff,
                        std::cmp::Ordering::Equal => byte - 1,
                        std::cmp::Ordering::Greater => *byte,
                    })
                    .collect()
            } else {
                number.magnitude_le()
            };
            let mut bytes: Vec<u8> = magnitude.into_iter().rev().skip_while(|byte| *byte == 0).collect();
            if number.is_negative() && bytes.len() == 8 {
                let number = u64::from_be_bytes(bytes.try_into().unwrap());
                return Foreign::Integer((!i128::from(number)).try_into().unwrap());
            }
            Foreign::Tag(if number.is_negative() { 3 } else { 2 }, Box::new(Foreign::Bytes(std::mem::take(&mut bytes))))
        }
        Value::BigInt(number) => Foreign::Integer(number.to_i128().unwrap().try_into().unwrap()),
        Value::List(elements) => Foreign::Array(elements.iter().map(foreign_with_integers).collect()),
        Value::Dict(dict) => Foreign::Map(
            dict.iter().map(|(key, value)| (foreign_with_integers(key), foreign_with_integers(value))).collect(),
        ),
        Value::Instance(instance) => Foreign::Map(
            std::iter::once((Foreign::Text("__class__".into()), Foreign::Text(instance.class.clone())))
                .chain(instance.fields.iter().map(|(key, value)| (foreign(key), foreign_with_integers(value))))
                .collect(),
        ),
        other => foreign(other),
    }
}

#[test]
fn records_travel_both_ways_between_ours_and_ciborium() {
    let mut theirs = Vec::new();
    ciborium::into_writer(&record(), &mut theirs).unwrap();
    assert_eq!(from_slice::<Record<Blob>>(&theirs).unwrap(), record());
    let ours = to_vec(&record(), &Options::default()).unwrap();
    assert_eq!(ciborium::from_reader::<Record<Blob>, _>(&ours[..]).unwrap(), record());
    // The only difference is the tag of the tuple.
    let tag = [0xda, 0x46, 0x53, 0, 0];
    let at = ours.windows(5).position(|part| part == tag).unwrap();
    assert_eq!([&ours[..at], &ours[at + 5..]].concat(), theirs);
    let text = record_with(Base64Bytes(vec![1, 2, 3]));
    let bytes = to_vec(&text, &Options::default()).unwrap();
    assert_eq!(from_slice::<Record<Base64Bytes>>(&bytes).unwrap(), text);
    assert_eq!(from_slice::<Record<Blob>>(&bytes).unwrap(), record_with(Blob::from(vec![1, 2, 3])));
}
