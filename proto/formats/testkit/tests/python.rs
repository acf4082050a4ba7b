//! The values beside the real Python: its repr, its keys, and the notation itself.

use std::collections::HashSet;

use firesteel_formats_testkit::{Format, Kinds, Peer, describe, factor, hashables, samples, values};
use firesteel_value::{Date, DateTime, Decimal, Time, TimeDelta, Uuid, Value};
use proptest::{collection::vec, prelude::*};

const WITH_NAN: Kinds = Kinds { nan: true, ..Kinds::ALL };

#[test]
fn the_notation_says_the_same_on_both_sides() {
    let values = samples(values(WITH_NAN), 300 * factor());
    let mut peer = Peer::start();
    let pickles: Vec<Vec<u8>> = peer.dumps(Format::Pickle(5), &values).into_iter().map(Result::unwrap).collect();
    // Pickle has a class for `...` that holds no data.
    let allowed = |python: &str| python.contains("builtins.Ellipsis") || python.contains("__builtin__.Ellipsis");
    for (value, python) in values.iter().zip(peer.loads(Format::Pickle(5), &pickles)) {
        assert!(describe(value) == python || allowed(&python), "{value}\n{}\n{python}", describe(value));
    }
}

#[test]
fn display_is_pythons_repr() {
    // Python shows the elements of a set in an order of its own.
    let values = samples(values(Kinds { max_set: 1, ..WITH_NAN }), 300 * factor());
    for (value, python) in values.iter().zip(Peer::start().reprs(&values)) {
        assert_eq!(value.to_string(), python);
    }
}

#[test]
fn keys_are_equal_where_they_are_in_python() {
    let kinds = Kinds { max_set: 0, ..WITH_NAN };
    let mut tuples = samples(vec(hashables(kinds), 0..8).prop_map(Value::Tuple), 300 * factor());
    tuples.extend(samples(vec(prop_oneof![near_keys(), hashables(kinds)], 0..40).prop_map(Value::Tuple), 500));
    for (tuple, count) in tuples.iter().zip(Peer::start().count_keys(&tuples)) {
        let Value::Tuple(elements) = tuple else { unreachable!() };
        let Value::Set(unique) = Value::set(elements.clone()) else { unreachable!() };
        assert_eq!(unique.len(), count, "{tuple}");
    }
}

/// Keys of which many are equal across types, and many nearly.
fn near_keys() -> BoxedStrategy<Value> {
    fn value<T: std::str::FromStr<Err: std::fmt::Debug> + Into<Value>>(text: &str) -> Value {
        text.parse::<T>().unwrap().into()
    }
    let mut keys: Vec<Value> = vec![0.into(), false.into(), 1.into(), true.into(), 1.0.into(), (1_u64 << 63).into()];
    keys.extend([0.5, -0.0, 0.1, 1e22, 2_f64.powi(63), f64::INFINITY, 5e-324, 1.5e300].map(Value::from));
    let tenth = format!("{:.60}", 0.1);
    let least = format!("{:.1074}", 5e-324);
    for text in ["0", "-0.00", "1.0", "10E-1", "0.5", "0.50", "0.1", "1E+22", "9223372036854775808", "Infinity", "NaN"]
    {
        keys.push(value::<Decimal>(text));
    }
    keys.extend([value::<Decimal>(&tenth), value::<Decimal>(&least), value::<Decimal>(&format!("{:.0}", 1.5e300))]);
    for text in ["2024-01-02T03:00", "2024-01-02T03:00Z", "2024-01-02T04:00+01:00", "2024-01-02T02:30-00:30"] {
        keys.push(value::<DateTime>(text));
        keys.push(value::<Time>(&text[11..]));
    }
    keys.extend([value::<Date>("2024-01-02"), value::<DateTime>("2024-01-02T00:00")]);
    keys.extend(["0:00:01", "-1 day, 23:59:59"].map(value::<TimeDelta>));
    keys.push(value::<Uuid>("12345678123456781234567812345678"));
    keys.push("2024-01-02".into());
    prop::sample::select(keys).boxed()
}

#[test]
fn equality_of_dates_agrees_with_their_hashes() {
    let datetimes = ["2024-01-02T03:00", "2024-01-02T03:00Z", "2024-01-02T04:00+01:00"];
    let set: HashSet<DateTime> = datetimes.iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(set.len(), 2);
}

#[test]
fn every_format_answers() {
    let formats = [Format::Serpent, Format::SerpentBytesRepr, Format::Json, Format::Msgpack]
        .into_iter()
        .chain((0..=4).map(Format::Marshal))
        .chain((0..=5).map(Format::Pickle));
    let mut peer = Peer::start();
    let value = Value::from(firesteel_value::Dict::from_iter([("key", Value::List(vec![1.into(), 0.5.into()]))]));
    for format in formats {
        let bytes = peer.dumps(format, [&value]).remove(0).unwrap();
        assert_eq!(peer.loads(format, &[bytes]), [describe(&value)], "{format}");
        assert_eq!(peer.generate(format, 0..50).len(), 50);
        assert!(peer.loads(format, &[b"\xff\xff"])[0].starts_with("error"), "{format}");
    }
}
