//! The record of 1 KB that the case `record` sends.

use firesteel::{Dict, Value};

/// Nested dictionaries, 14 ints, 28 floats, unicode, quotes, 64 bytes.
pub fn record() -> Value {
    let floats = |from: usize, n: usize| Value::List((from..from + n).map(|i| Value::Float(float(i))).collect());
    let mut owner = Dict::new();
    owner.insert("name", "Zoë \"Z\" O'Brien-Müller");
    owner.insert("city", "Kraków");
    owner.insert("ids", Value::List((0..8).map(|i| Value::Int(i * 104_729 + 7)).collect()));
    let mut position = Dict::new();
    position.insert("x", float(1));
    position.insert("y", float(2));
    position.insert("samples", floats(3, 16));
    let mut dict = Dict::new();
    dict.insert("id", 982_451_653);
    dict.insert("kind", "measurement");
    dict.insert("valid", true);
    dict.insert("note", "it's a \"quoted\" line\nand a second one, naïve café");
    dict.insert("owner", Value::Dict(owner));
    dict.insert("position", Value::Dict(position));
    dict.insert("weights", floats(19, 10));
    dict.insert("range", Value::Tuple(vec![Value::Int(-5), Value::Int(1 << 40), Value::Int(3), Value::Int(4)]));
    dict.insert("parent", Value::None);
    dict.insert("version", 3);
    dict.insert(
        "data",
        firesteel::to_value(&firesteel::Blob::from((0_u8..64).collect::<Vec<_>>())).unwrap_or_default(),
    );
    Value::Dict(dict)
}

fn float(i: usize) -> f64 {
    (i as f64 + 0.5).sqrt() * 1000.0 / 7.0
}
