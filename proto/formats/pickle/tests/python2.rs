//! What Python 2.7 wrote, with `pickle` and `cPickle`.

use firesteel_pickle::from_slice;
use firesteel_value::Value;

/// Lines of a pickle in hexadecimal digits and its value, recorded with Python 2.7.18 in protocols 0 and 2.
const RECORDED: &str = include_str!("python2.txt");

#[test]
fn pickles_of_python_2_are_read() {
    let lines: Vec<&str> = RECORDED.lines().collect();
    assert_eq!(lines.len(), 70);
    for line in lines {
        let (hex, expected) = line.split_once(' ').unwrap();
        let pickle: Vec<u8> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let value: Value = from_slice(&pickle).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(value.to_string(), expected);
    }
}
