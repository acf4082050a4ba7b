//! The body of a fuzz target.

use std::collections::BTreeMap;

use firesteel_value::{Blob, FormatError, FormatErrorKind, Value};
use serde::de::IgnoredAny;

use crate::{Call, Limits, Options, Reader, from_slice, to_vec};

/// Reads any bytes as values of several types, and what could be read must come back after being written.
///
/// # Panics
/// If it does not: that is what a fuzzer looks for.
pub fn read(data: &[u8]) {
    let skipped = from_slice::<IgnoredAny>(data);
    let _ = from_slice::<(Option<f64>, Vec<u8>, String)>(data);
    let _ = from_slice::<BTreeMap<Option<i64>, Option<bool>>>(data);
    let _ = from_slice::<Blob>(data);
    read_call(data, skipped.as_ref().err());
    let value = match from_slice::<Value>(data) {
        Ok(value) => value,
        Err(error) => {
            let skipped = skipped.expect_err("what cannot be read cannot be skipped");
            assert_eq!(skipped.category(), error.category(), "{skipped}, {error}");
            return;
        }
    };
    skipped.expect("what can be read can be skipped");
    let text = match to_vec(&value, &Options::default()) {
        Ok(text) => text,
        Err(error) => {
            // A dict with the class complex is read as a complex number.
            assert_eq!(error.category(), FormatErrorKind::Unsupported, "cannot write {value}: {error}");
            return;
        }
    };
    let again: Value = from_slice(&text).expect("what was written can be read");
    // Texts are compared instead of values: NaN equals itself there.
    let text_again = to_vec(&again, &Options::default()).expect("what was written once can be written again");
    assert_eq!(String::from_utf8_lossy(&text), String::from_utf8_lossy(&text_again));
}

/// A text is a call and its arguments are values exactly if it is valid as a whole, and says what a call must.
fn read_call(data: &[u8], error: Option<&FormatError>) {
    let parts = |call: Call<'_>| -> Result<(), FormatError> {
        for mut part in [call.params, call.kwargs].into_iter().flatten() {
            let start = part.offset();
            part.skip()?;
            let mut alone = Reader::new(&data[start..part.offset()], Limits::default()).expect("a part of UTF-8");
            assert!(alone.none().is_ok(), "no value at byte {start}");
        }
        Ok(())
    };
    match Call::read(data, Limits::default()).and_then(parts) {
        Ok(()) => assert!(error.is_none(), "a call that is no value: {error:?}"),
        Err(problem) if problem.category() == FormatErrorKind::Type => {}
        Err(problem) => assert!(error.is_some(), "a value that is no call: {problem}"),
    }
}
