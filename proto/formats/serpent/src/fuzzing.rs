//! The body of a fuzz target.

use firesteel_value::{Complex, Dict, FormatErrorKind, Instance, Value};

use crate::{Options, from_slice, to_vec};

/// Reads any bytes as a value, and what could be read must come back after being written.
///
/// # Panics
/// If it does not: that is what a fuzzer looks for.
pub fn read(data: &[u8]) {
    let skipped = crate::Reader::new(data, crate::Limits::default()).and_then(|mut reader| {
        reader.skip()?;
        reader.end()
    });
    let Ok(value) = from_slice::<Value>(data) else {
        assert!(skipped.is_err(), "skipped what cannot be read");
        return;
    };
    for bytes_repr in [false, true] {
        let options = Options { bytes_repr, ..Options::default() };
        let text = match to_vec(&value, &options) {
            Ok(text) => text,
            Err(error) => {
                use FormatErrorKind::*;
                assert!(
                    matches!(error.category(), Unsupported | NumberRange | Unhashable),
                    "cannot write {value}: {error}"
                );
                continue;
            }
        };
        let again: Value = from_slice(&text).expect("what was written can be read");
        if bytes_repr {
            // Texts are compared instead of values: NaN equals itself there.
            let write = |value| to_vec(&kept(value), &options).expect("what was written once can be written again");
            assert_eq!(String::from_utf8_lossy(&write(value.clone())), String::from_utf8_lossy(&write(again)));
        }
    }
}

/// A value as serpent keeps it: the signs of zeros in complex numbers are written, but lost when the text is read.
fn kept(value: Value) -> Value {
    let all = |elements: Vec<Value>| elements.into_iter().map(kept).collect();
    let pairs = |dict: Dict| dict.into_iter().map(|(key, value)| (kept(key), kept(value))).collect();
    match value {
        Value::Complex(number) => Complex::new(number.re + 0.0, number.im + 0.0).into(),
        Value::List(elements) => Value::List(all(elements)),
        Value::Tuple(elements) => Value::Tuple(all(elements)),
        Value::Set(elements) => Value::Set(all(elements)),
        Value::Dict(dict) => Value::Dict(pairs(dict)),
        Value::Instance(instance) => Instance { class: instance.class, fields: pairs(instance.fields) }.into(),
        other => other,
    }
}
