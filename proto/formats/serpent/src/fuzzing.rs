//! The body of a fuzz target.

use firesteel_value::{FormatErrorKind, Value};

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
            assert_eq!(plain(&value), plain(&again));
            let text_again = to_vec(&again, &options).expect("what was written once can be written again");
            assert_eq!(text, text_again);
        }
    }
}

/// The repr, with what serpent itself does not keep made the same.
fn plain(value: &Value) -> String {
    value.to_string().replace("set()", "()")
}
