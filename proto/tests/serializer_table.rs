//! The table in the documentation of `SerializerId`, kept true.

use std::str::FromStr;

use firesteel_proto::{Fault, Payload, SerializerId, Value};
use firesteel_value::{Blob, Complex, Dict, Instance, TimeDelta};

/// The columns of the table.
const COLUMNS: [SerializerId; 6] = [
    SerializerId::Serpent,
    SerializerId::Marshal,
    SerializerId::Json,
    SerializerId::Msgpack,
    SerializerId::Pickle,
    SerializerId::Cbor,
];

/// The rows of the table, with examples that all serializers treat alike.
fn rows() -> Vec<(&'static str, Vec<Value>)> {
    let bytes: Value = Blob::from(&b"\0\xff"[..]).into();
    let instance = Instance::new("shapes.Point").with("x", 1);
    vec![
        ("None", vec![Value::None]),
        ("bool", vec![true.into(), false.into()]),
        ("int", vec![0.into(), 127.into(), i64::MIN.into(), i64::MAX.into()]),
        (
            "int beyond 64 bits",
            vec![Value::BigInt(read("1606938044258990275541962092341162602522202993782792835301376"))],
        ),
        ("float", vec![0.1.into(), (-0.0).into(), f64::NAN.into(), f64::INFINITY.into(), f64::NEG_INFINITY.into()]),
        ("complex", vec![Complex::new(1.5, -2.0).into()]),
        ("str", vec!["".into(), "ä€😀\n'\"\\".into()]),
        ("bytes", vec![bytes]),
        ("bytearray", vec![Value::ByteArray(vec![0, 255])]),
        ("tuple", vec![Value::Tuple(vec![]), (1, "x").into()]),
        ("list", vec![Value::List(vec![]), vec![1, 2].into()]),
        ("set", vec![Value::set([7.into()])]),
        ("set, empty", vec![Value::set([])]),
        ("frozenset", vec![Value::frozenset([7.into()])]),
        ("dict, keys str", vec![Dict::new().into(), Dict::from_iter([("b", 1), ("a", 2)]).into()]),
        ("dict, keys int", vec![Dict::from_iter([(1, "x"), (2, "y")]).into()]),
        (
            "datetime",
            vec![Value::DateTime(read("2024-01-02T03:04:05.000006")), Value::DateTime(read("2024-01-02T03:04:05"))],
        ),
        ("datetime with offset", vec![Value::DateTime(read("2024-01-02T03:04:05+01:00"))]),
        ("date", vec![Value::Date(read("2024-01-02"))]),
        ("time", vec![Value::Time(read("03:04:05.000006"))]),
        ("timedelta", vec![Value::TimeDelta(TimeDelta::new(5, 6, 7).expect("in range"))]),
        ("Decimal", vec![Value::Decimal(read("19.90"))]),
        ("UUID", vec![Value::Uuid(read("01234567-89ab-cdef-0123-456789abcdef"))]),
        ("Ellipsis", vec![Value::Ellipsis]),
        ("exception", vec![Value::from(&Fault::new("builtins.KeyError", "k"))]),
        ("instance", vec![instance.into()]),
    ]
}

fn read<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("it can be read")
}

/// What becomes of the examples, in the words of the table.
fn cell(serializer: SerializerId, examples: &[Value]) -> String {
    let mut cells: Vec<_> = examples.iter().map(|example| becomes(serializer, example)).collect();
    cells.dedup();
    assert_eq!(cells.len(), 1, "{serializer} treats these in different ways: {examples:?}");
    cells.remove(0)
}

fn becomes(serializer: SerializerId, value: &Value) -> String {
    let Ok(payload) = Payload::encode(serializer, value) else { return "refused".to_owned() };
    let Ok(arrived) = payload.to_value() else { return "not read".to_owned() };
    if let (Value::Instance(arrived), Value::Instance(sent)) = (&arrived, value) {
        // What is in it is the business of other rows.
        let names = |instance: &Instance| instance.fields.keys().cloned().collect::<Vec<_>>();
        assert_eq!((&arrived.class, names(arrived)), (&sent.class, names(sent)));
        return "=".to_owned();
    }
    // NaN equals nothing, but looks alike.
    if arrived == *value && kind(&arrived) == kind(value) || format!("{arrived:?}") == format!("{value:?}") {
        "=".to_owned()
    } else {
        kind(&arrived).to_owned()
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::None => "None",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::BigInt(_) => "int",
        Value::Float(_) => "float",
        Value::Complex(_) => "complex",
        Value::Str(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::ByteArray(_) => "bytearray",
        Value::List(_) => "list",
        Value::Tuple(_) => "tuple",
        Value::Set(_) => "set",
        Value::FrozenSet(_) => "frozenset",
        Value::Dict(dict) if dict.iter().all(|(key, _)| key.as_str().is_some()) => "dict, keys str",
        Value::Dict(_) => "dict",
        Value::Instance(_) => "instance",
        _ => "another type",
    }
}

/// The rows of the table in the source, without the marks of footnotes.
fn documented() -> Vec<Vec<String>> {
    let source = include_str!("../src/serializer/mod.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("/// | ")?.strip_suffix(" |"));
    let cell = |cell: &str| cell.trim_end_matches(['¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹']).trim().to_owned();
    rows.map(|row| row.split(" | ").map(cell).collect()).collect()
}

#[test]
fn the_table_is_true() {
    let header = ["type".to_owned()].into_iter().chain(COLUMNS.map(|serializer| serializer.to_string()));
    let mut wanted = vec![header.collect::<Vec<_>>()];
    for (name, examples) in rows() {
        let cells = COLUMNS.map(|serializer| cell(serializer, &examples));
        wanted.push([name.to_owned()].into_iter().chain(cells).collect());
    }
    let print =
        |rows: &[Vec<String>]| rows.iter().map(|row| format!("/// | {} |\n", row.join(" | "))).collect::<String>();
    let (wanted, documented) = (print(&wanted), print(&documented()));
    assert!(wanted == documented, "the table says\n{documented}\nbut it is\n{wanted}");
}

#[test]
fn dill_and_cloudpickle_are_as_pickle() {
    for (name, examples) in rows() {
        for serializer in [SerializerId::Dill, SerializerId::Cloudpickle] {
            assert_eq!(cell(serializer, &examples), cell(SerializerId::Pickle, &examples), "{name}");
        }
    }
}
