//! Python's truth of a value.

use firesteel::Value;

/// What Python's `bool()` makes of a value.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Complex(number) => number.re != 0.0 || number.im != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::ByteArray(bytes) => !bytes.is_empty(),
        Value::List(elements) | Value::Tuple(elements) | Value::Set(elements) | Value::FrozenSet(elements) => {
            !elements.is_empty()
        }
        Value::Dict(pairs) => !pairs.is_empty(),
        // Large integers are not zero; exceptions, URIs and proxies are objects, and those are true.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::literal;

    #[test]
    fn truth_is_that_of_python() {
        for text in ["None", "False", "0", "0.0", "-0.0", "0j", "''", "b''", "()", "[]", "{}", "set()"] {
            assert!(!is_true(&literal(text).expect(text)), "{text}");
        }
        for text in ["True", "-1", "0.1", "1e400", "1j", "' '", "b'\\0'", "(0,)", "[None]", "{0: 0}", "{0}"] {
            assert!(is_true(&literal(text).expect(text)), "{text}");
        }
        assert!(is_true(&Value::Float(f64::NAN)));
        assert!(is_true(&literal("1267650600228229401496703205376").expect("a literal")));
        assert!(is_true(&literal("{'__class__': 'a.B'}").expect("a literal")));
        assert!(is_true(&Value::Ellipsis));
    }
}
