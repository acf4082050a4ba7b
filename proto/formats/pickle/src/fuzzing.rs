//! The body of a fuzz target.

use firesteel_value::{Blob, FormatErrorKind, Value};
use serde::Deserialize;

use crate::{Limits, Options, Reader, from_slice, to_vec};

#[derive(Deserialize)]
#[allow(dead_code)]
struct Shape {
    name: String,
    numbers: Option<Vec<f64>>,
    more: std::collections::BTreeMap<String, (i64, Blob)>,
}

/// Reads any bytes as a value, and what could be read must come back after being written.
///
/// # Panics
/// If it does not: that is what a fuzzer looks for.
pub fn read(data: &[u8]) {
    let skipped = Reader::new(data, Limits::default()).and_then(|mut reader| {
        reader.skip()?;
        reader.end()
    });
    let _ = from_slice::<Shape>(data);
    let _ = from_slice::<(Option<i8>, Vec<u8>, std::collections::BTreeSet<u64>)>(data);
    let Ok(value) = from_slice::<Value>(data) else {
        assert!(skipped.is_err(), "skipped what cannot be read");
        return;
    };
    assert!(skipped.is_ok(), "read what cannot be skipped: {skipped:?}");
    for protocol in 2..=4 {
        let options = Options { protocol, max_depth: 1000, ..Options::default() };
        let written = match to_vec(&value, &options) {
            Ok(written) => written,
            Err(error) => {
                use FormatErrorKind::*;
                assert!(matches!(error.category(), Unsupported | Unhashable | Type), "cannot write {value}: {error}");
                continue;
            }
        };
        let mut limits = Limits::default();
        limits.max_depth = 1000;
        // Instances of classes that only Python knows are written, but not read.
        let Ok(again) = crate::from_slice_with::<Value>(&written, limits) else {
            assert!(value.to_string().contains("__class__"), "what was written can be read");
            continue;
        };
        // Bytes are compared instead of values: NaN equals itself there.
        if !value.to_string().contains("__class__") {
            assert_eq!(to_vec(&again, &options).as_ref(), Ok(&written));
        }
    }
}
