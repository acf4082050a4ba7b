//! Values in the notation that both sides share.

use firesteel_value::{Complex, Time, Value};

/// A value in tokens with blanks between them, as `peer.py` describes it: exact to the bits of floats, elements of
/// sets in a fixed order, the class of an instance first.
///
/// # Panics
/// For kinds of values that the notation lacks.
pub fn describe(value: &Value) -> String {
    match value {
        Value::None => "N".into(),
        Value::Ellipsis => "E".into(),
        Value::Bool(true) => "T".into(),
        Value::Bool(false) => "F".into(),
        Value::Int(number) if *number < 0 => format!("i:-{:#x}", number.unsigned_abs()),
        Value::Int(number) => format!("i:{number:#x}"),
        Value::BigInt(number) => format!("i:{}", number.to_hex()),
        Value::Float(number) => format!("f:{}", bits(*number)),
        Value::Complex(Complex { re, im }) => format!("c:{}{}", bits(*re), bits(*im)),
        Value::Str(text) => format!("s:{}", hex(text.as_bytes())),
        Value::Bytes(bytes) => format!("b:{}", hex(bytes)),
        Value::ByteArray(bytes) => format!("a:{}", hex(bytes)),
        Value::List(elements) => all('l', elements.iter().map(describe).collect()),
        Value::Tuple(elements) => all('t', elements.iter().map(describe).collect()),
        Value::Set(elements) => sorted('S', elements),
        Value::FrozenSet(elements) => sorted('Z', elements),
        Value::Dict(dict) => pairs(dict.iter().map(|(key, value)| [describe(key), describe(value)]).collect()),
        Value::Instance(instance) => {
            let class = [describe(&"__class__".into()), describe(&instance.class.as_str().into())];
            let fields = instance.fields.iter().map(|(key, value)| [describe(key), describe(value)]);
            pairs(std::iter::once(class).chain(fields).collect())
        }
        Value::DateTime(datetime) => format!("dt:{}T{}", datetime.date(), time(datetime.time())),
        Value::Date(date) => format!("da:{date}"),
        Value::Time(of_day) => format!("tm:{}", time(*of_day)),
        Value::TimeDelta(delta) => format!("td:{},{},{}", delta.days(), delta.seconds(), delta.microseconds()),
        Value::Decimal(number) => format!("de:{number}"),
        Value::Uuid(uuid) => format!("uu:{}", hex(uuid.as_bytes())),
        other => panic!("no description for {other}"),
    }
}

fn time(time: Time) -> String {
    format!("{time}{}", if time.fold() { "[fold=1]" } else { "" })
}

fn all(kind: char, parts: Vec<String>) -> String {
    let mut text = format!("{kind}:{}", parts.len());
    for part in parts {
        text.push(' ');
        text.push_str(&part);
    }
    text
}

fn sorted(kind: char, elements: &[Value]) -> String {
    let mut parts: Vec<String> = elements.iter().map(describe).collect();
    parts.sort();
    all(kind, parts)
}

fn pairs(pairs: Vec<[String; 2]>) -> String {
    let text = all('d', pairs.concat());
    let rest = text.split_once(' ').map_or("", |(_, rest)| rest);
    format!("d:{} {rest}", pairs.len()).trim_end().to_owned()
}

fn bits(number: f64) -> String {
    if number.is_nan() { "nan".into() } else { format!("{:016x}", number.to_bits()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
