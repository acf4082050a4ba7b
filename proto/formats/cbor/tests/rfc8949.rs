//! The examples of RFC 8949, appendix A.

use firesteel_cbor::{FormatErrorKind, Options, from_slice, to_vec};
use firesteel_value::Value;

/// The bytes in hexadecimal, and Python's repr of the value. Those that we write otherwise are marked with `~`.
const EXAMPLES: &[(&str, &str)] = &[
    ("00", "0"),
    ("01", "1"),
    ("0a", "10"),
    ("17", "23"),
    ("1818", "24"),
    ("1819", "25"),
    ("1864", "100"),
    ("1903e8", "1000"),
    ("1a000f4240", "1000000"),
    ("1b000000e8d4a51000", "1000000000000"),
    ("1bffffffffffffffff", "18446744073709551615"),
    ("c249010000000000000000", "18446744073709551616"),
    ("3bffffffffffffffff", "-18446744073709551616"),
    ("c349010000000000000000", "-18446744073709551617"),
    ("20", "-1"),
    ("29", "-10"),
    ("3863", "-100"),
    ("3903e7", "-1000"),
    ("f90000", "0.0"),
    ("f98000", "-0.0"),
    ("f93c00", "1.0"),
    ("fb3ff199999999999a", "1.1"),
    ("f93e00", "1.5"),
    ("f97bff", "65504.0"),
    ("fa47c35000", "100000.0"),
    ("fa7f7fffff", "3.4028234663852886e+38"),
    ("fb7e37e43c8800759c", "1e+300"),
    ("f90001", "5.960464477539063e-08"),
    ("f90400", "6.103515625e-05"),
    ("f9c400", "-4.0"),
    ("fbc010666666666666", "-4.1"),
    ("f97c00", "inf"),
    ("f97e00", "nan"),
    ("f9fc00", "-inf"),
    ("~fa7f800000", "inf"),
    ("~fa7fc00000", "nan"),
    ("~faff800000", "-inf"),
    ("~fb7ff0000000000000", "inf"),
    ("~fb7ff8000000000000", "nan"),
    ("~fbfff0000000000000", "-inf"),
    ("f4", "False"),
    ("f5", "True"),
    ("f6", "None"),
    ("~f7", "None"),
    (
        "~c074323031332d30332d32315432303a30343a30305a",
        "datetime.datetime(2013, 3, 21, 20, 4, tzinfo=datetime.timezone.utc)",
    ),
    ("~c11a514b67b0", "1363896240"),
    ("~c1fb41d452d9ec200000", "1363896240.5"),
    ("~d74401020304", "b'\\x01\\x02\\x03\\x04'"),
    ("~d818456449455446", "b'dIETF'"),
    ("~d82076687474703a2f2f7777772e6578616d706c652e636f6d", "'http://www.example.com'"),
    ("40", "b''"),
    ("4401020304", "b'\\x01\\x02\\x03\\x04'"),
    ("60", "''"),
    ("6161", "'a'"),
    ("6449455446", "'IETF'"),
    ("62225c", "'\"\\\\'"),
    ("62c3bc", "'ü'"),
    ("63e6b0b4", "'水'"),
    ("64f0908591", "'𐅑'"),
    ("80", "[]"),
    ("83010203", "[1, 2, 3]"),
    ("8301820203820405", "[1, [2, 3], [4, 5]]"),
    (
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
    ),
    ("a0", "{}"),
    ("a201020304", "{1: 2, 3: 4}"),
    ("a26161016162820203", "{'a': 1, 'b': [2, 3]}"),
    ("826161a161626163", "['a', {'b': 'c'}]"),
    ("a56161614161626142616361436164614461656145", "{'a': 'A', 'b': 'B', 'c': 'C', 'd': 'D', 'e': 'E'}"),
    ("~5f42010243030405ff", "b'\\x01\\x02\\x03\\x04\\x05'"),
    ("~7f657374726561646d696e67ff", "'streaming'"),
    ("~9fff", "[]"),
    ("~9f018202039f0405ffff", "[1, [2, 3], [4, 5]]"),
    ("~9f01820203820405ff", "[1, [2, 3], [4, 5]]"),
    ("~83018202039f0405ff", "[1, [2, 3], [4, 5]]"),
    ("~83019f0203ff820405", "[1, [2, 3], [4, 5]]"),
    (
        "~9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
    ),
    ("~bf61610161629f0203ffff", "{'a': 1, 'b': [2, 3]}"),
    ("~826161bf61626163ff", "['a', {'b': 'c'}]"),
    ("~bf6346756ef563416d7421ff", "{'Fun': True, 'Amt': -2}"),
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_examples_are_read_and_written() {
    for (hex, repr) in EXAMPLES {
        let read = bytes(hex.trim_start_matches('~'));
        let value: Value = from_slice(&read).unwrap_or_else(|error| panic!("{hex}: {error}"));
        assert_eq!(value.to_string(), *repr, "{hex}");
        let written = to_vec(&value, &Options::default()).unwrap();
        assert_eq!(written == read, !hex.starts_with('~'), "{hex} is written as {written:x?}");
    }
}

/// Appendix F has more; the first three are simple values that appendix A has and we do not.
#[test]
fn what_is_not_well_formed_is_refused() {
    for (hex, kind) in [
        ("f0", FormatErrorKind::Unsupported),
        ("f818", FormatErrorKind::Syntax),
        ("f8ff", FormatErrorKind::Unsupported),
        ("18", FormatErrorKind::UnexpectedEnd),
        ("19", FormatErrorKind::UnexpectedEnd),
        ("1b01020304050607", FormatErrorKind::UnexpectedEnd),
        ("38", FormatErrorKind::UnexpectedEnd),
        ("58", FormatErrorKind::UnexpectedEnd),
        ("d8", FormatErrorKind::UnexpectedEnd),
        ("f900", FormatErrorKind::UnexpectedEnd),
        ("fb000000", FormatErrorKind::UnexpectedEnd),
        ("41", FormatErrorKind::UnexpectedEnd),
        ("5affffffff00", FormatErrorKind::UnexpectedEnd),
        ("5bffffffffffffffff010203", FormatErrorKind::UnexpectedEnd),
        ("7b7fffffffffffffff010203", FormatErrorKind::UnexpectedEnd),
        ("81", FormatErrorKind::UnexpectedEnd),
        ("9bffffffffffffffff00", FormatErrorKind::UnexpectedEnd),
        ("a1", FormatErrorKind::UnexpectedEnd),
        ("a20102", FormatErrorKind::UnexpectedEnd),
        ("bb7fffffffffffffff0102", FormatErrorKind::UnexpectedEnd),
        ("5f4100", FormatErrorKind::UnexpectedEnd),
        ("7f6100", FormatErrorKind::UnexpectedEnd),
        ("9f01", FormatErrorKind::UnexpectedEnd),
        ("bf0102", FormatErrorKind::UnexpectedEnd),
        ("c0", FormatErrorKind::UnexpectedEnd),
        ("ff", FormatErrorKind::Syntax),
        ("81ff", FormatErrorKind::Syntax),
        ("8200ff", FormatErrorKind::Syntax),
        ("a1ff", FormatErrorKind::UnexpectedEnd),
        ("a100ff", FormatErrorKind::Syntax),
        ("bf00ff", FormatErrorKind::Syntax),
        ("9f819f819f9fffffff", FormatErrorKind::UnexpectedEnd),
        ("1c", FormatErrorKind::Syntax),
        ("3d", FormatErrorKind::Syntax),
        ("5e", FormatErrorKind::Syntax),
        ("fc", FormatErrorKind::Syntax),
        ("1f", FormatErrorKind::Syntax),
        ("3f", FormatErrorKind::Syntax),
        ("df", FormatErrorKind::Syntax),
        ("f800", FormatErrorKind::Syntax),
        ("f81f", FormatErrorKind::Syntax),
        ("5f00ff", FormatErrorKind::Syntax),
        ("5f5f4100ffff", FormatErrorKind::Syntax),
        ("7f4100ff", FormatErrorKind::Syntax),
        ("7fc06100ff", FormatErrorKind::Syntax),
        ("7f61ff60ff", FormatErrorKind::Utf8),
        ("0000", FormatErrorKind::Trailing),
    ] {
        let read = bytes(hex);
        let error = from_slice::<Value>(&read).expect_err(hex);
        assert_eq!(error.category(), kind, "{hex}: {error}");
        firesteel_cbor::fuzzing::read(&read);
    }
}
