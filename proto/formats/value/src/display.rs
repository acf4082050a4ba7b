//! Python's repr of a value.

use std::fmt;

use crate::{
    CLASS, Dict, Instance, Value,
    pyrepr::{self, special},
};

/// Python's `repr`. An int of more than 4300 digits, which Python refuses to show, is hexadecimal.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        write(&mut text, self);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        dict(&mut text, None, self);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// The repr of the class dict.
impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        dict(&mut text, Some(&self.class), &self.fields);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::None => out.extend_from_slice(b"None"),
        Value::Ellipsis => out.extend_from_slice(b"Ellipsis"),
        Value::Bool(true) => out.extend_from_slice(b"True"),
        Value::Bool(false) => out.extend_from_slice(b"False"),
        Value::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Value::BigInt(number) => out.extend_from_slice(number.to_text().as_bytes()),
        Value::Float(number) => pyrepr::float(out, *number),
        Value::Complex(number) => pyrepr::complex(out, *number),
        Value::Str(text) => pyrepr::str(out, text),
        Value::Bytes(bytes) => pyrepr::bytes(out, bytes),
        Value::ByteArray(bytes) => pyrepr::bytearray(out, bytes),
        Value::List(elements) => sequence(out, "[", elements, "]"),
        Value::Tuple(elements) if elements.len() == 1 => sequence(out, "(", elements, ",)"),
        Value::Tuple(elements) => sequence(out, "(", elements, ")"),
        Value::Set(elements) if elements.is_empty() => out.extend_from_slice(b"set()"),
        Value::Set(elements) => sequence(out, "{", elements, "}"),
        Value::FrozenSet(elements) if elements.is_empty() => out.extend_from_slice(b"frozenset()"),
        Value::FrozenSet(elements) => sequence(out, "frozenset({", elements, "})"),
        Value::Dict(pairs) => dict(out, None, pairs),
        Value::Instance(instance) => dict(out, Some(&instance.class), &instance.fields),
        Value::DateTime(datetime) => special::datetime(out, datetime),
        Value::Date(date) => special::date(out, date),
        Value::Time(time) => special::time(out, time),
        Value::TimeDelta(delta) => special::timedelta(out, delta),
        Value::Decimal(number) => special::decimal(out, number),
        Value::Uuid(uuid) => special::uuid(out, uuid),
    }
}

fn sequence(out: &mut Vec<u8>, open: &str, elements: &[Value], close: &str) {
    out.extend_from_slice(open.as_bytes());
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        write(out, element);
    }
    out.extend_from_slice(close.as_bytes());
}

fn dict(out: &mut Vec<u8>, class: Option<&str>, pairs: &Dict) {
    out.push(b'{');
    if let Some(class) = class {
        pyrepr::str(out, CLASS);
        out.extend_from_slice(b": ");
        pyrepr::str(out, class);
    }
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 || class.is_some() {
            out.extend_from_slice(b", ");
        }
        write(out, key);
        out.extend_from_slice(b": ");
        write(out, value);
    }
    out.push(b'}');
}
