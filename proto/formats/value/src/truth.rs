//! Python's truth of a value.

use crate::Value;

impl Value {
    /// What Python's `bool()` makes of it.
    pub fn is_true(&self) -> bool {
        match self {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BigInt, Complex, Dict, Instance};

    #[test]
    fn truth_is_that_of_python() {
        let empty = [
            Value::None,
            false.into(),
            Value::Int(0),
            Value::Float(-0.0),
            Value::Complex(Complex { re: 0.0, im: -0.0 }),
            "".into(),
            Value::ByteArray(vec![]),
            Value::Tuple(vec![]),
            Value::List(vec![]),
            Value::set([]),
            Value::frozenset([]),
            Value::Dict(Dict::new()),
        ];
        assert!(empty.iter().all(|value| !value.is_true()));
        let mut dict = Dict::new();
        dict.insert("", Value::None);
        let instance = Instance { class: "a.B".to_owned(), fields: Dict::new() };
        let full = [
            true.into(),
            Value::Int(-1),
            Value::Float(f64::NAN),
            Value::Complex(Complex { re: 0.0, im: 1.0 }),
            " ".into(),
            Value::ByteArray(vec![0]),
            Value::Tuple(vec![Value::Int(0)]),
            Value::List(vec![Value::None]),
            Value::set([Value::Int(0)]),
            Value::Dict(dict),
            Value::BigInt("1267650600228229401496703205376".parse::<BigInt>().expect("a number")),
            Value::Instance(Box::new(instance)),
            Value::Ellipsis,
        ];
        assert!(full.iter().all(Value::is_true));
    }
}
