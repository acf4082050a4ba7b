//! The body of a fuzz target.

use std::collections::BTreeMap;

use firesteel_value::{Blob, FormatError, Value};

use crate::{Limits, Options, Reader, codes, from_slice, to_vec};

/// Reads any bytes as a value and in some types, and what could be read must come back after being written.
///
/// # Panics
/// If it does not: that is what a fuzzer looks for.
pub fn read(data: &[u8]) {
    let _ = from_slice::<(Option<f64>, Vec<u8>, String)>(data);
    let _ = from_slice::<Vec<Option<i64>>>(data);
    let _ = from_slice::<BTreeMap<String, Blob>>(data);
    let _ = walk(data);
    let skipped = Reader::new(data, Limits::default()).and_then(|mut reader| {
        reader.skip()?;
        reader.end()
    });
    let Ok(value) = from_slice::<Value>(data) else {
        // What a reference leads to is not looked at again when it is skipped.
        let references = data.iter().any(|byte| matches!(byte & 0x7f, codes::REF | codes::STRING_REF));
        assert!(skipped.is_err() || references, "skipped what cannot be read");
        return;
    };
    assert_eq!(skipped, Ok(()), "read what cannot be skipped");
    let bytes = to_vec(&value, &Options::default()).expect("what was read can be written");
    let again: Value = from_slice(&bytes).expect("what was written can be read");
    // Bytes are compared instead of values: NaN equals itself there.
    assert_eq!(to_vec(&again, &Options::default()).as_ref(), Ok(&bytes));
}

/// Goes through a sequence and the dicts in it step by step.
fn walk(data: &[u8]) -> Result<(), FormatError> {
    let mut reader = Reader::new(data, Limits::default())?;
    reader.open_sequence()?;
    while reader.next_element()? {
        let mut skipping = reader.clone();
        let mut dict = reader.clone();
        if dict.open_dict().is_ok() {
            while dict.next_entry()? {
                dict.str()?;
                dict.value::<Value>()?;
            }
            reader = dict;
        } else if !reader.none()? {
            reader.value::<Value>()?;
        }
        skipping.skip().expect("what can be read can be skipped");
        assert_eq!(skipping.offset(), reader.offset(), "both go on at the same place");
    }
    reader.end()
}
