//! The body of a fuzz target.

use std::{borrow::Cow, collections::BTreeMap};

use firesteel_value::{Blob, Complex, DateTime, Value};
use serde::Deserialize;

use crate::{Limits, Options, Reader, from_slice, to_vec};

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Shapes<'a> {
    a: Option<f64>,
    b: Vec<u8>,
    #[serde(borrow)]
    c: Cow<'a, str>,
    d: Result<i64, Complex>,
    e: Option<BTreeMap<String, (bool, DateTime)>>,
}

/// Reads any bytes as a value, and what could be read must come back after being written.
///
/// # Panics
/// If it does not: that is what a fuzzer looks for.
pub fn read(data: &[u8]) {
    let _ = from_slice::<Shapes<'_>>(data);
    let _ = from_slice::<Vec<BTreeMap<i64, Blob>>>(data);
    let skipped = Reader::new(data, Limits::default()).and_then(|mut reader| {
        reader.skip()?;
        reader.end()
    });
    let value = from_slice::<Value>(data);
    assert_eq!(skipped.is_ok(), value.is_ok(), "skipping and reading disagree: {skipped:?}, {value:?}");
    let Ok(value) = value else {
        return;
    };
    let bytes = to_vec(&value, &Options::default()).expect("every value can be written");
    let again: Value = from_slice(&bytes).expect("what was written can be read");
    // Bytes are compared instead of values: NaN equals itself there.
    let bytes_again = to_vec(&again, &Options::default()).expect("what was written once can be written again");
    assert_eq!(bytes, bytes_again);
}
