//! Settings from variables, read as the real Pyro5 reads them.

use std::fmt::Write as _;

use firesteel::{Settings, Value};
use firesteel_testkit::Python;

use crate::support::TIMEOUT;

/// Sets each variable alone, and says what the setting is then.
const PROGRAM: &str = "
import os, sys
from Pyro5.configure import Configuration
for line in sys.argv[1].split('\\x01'):
    name, value = line.split('=', 1)
    os.environ['PYRO_' + name] = value
    try:
        print('%s = %r' % (name, getattr(Configuration(), name)))
    except (ValueError, AttributeError):
        print('%s refused' % name)
    finally:
        del os.environ['PYRO_' + name]
";

/// Every kind of value, right and wrong.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "0",
    "1",
    "5",
    "-1",
    "+3",
    "007",
    "1_000",
    "_1",
    "1_",
    "1__0",
    " 7 ",
    "\t8\n",
    "0x10",
    "1e3",
    "1.5",
    ".5",
    "5.",
    "1_0.5",
    "1._5",
    "inf",
    "-inf",
    "nan",
    "Infinity",
    "soon",
    "1,5",
    "true",
    "True",
    "FALSE",
    "yes",
    "Off",
    "on",
    "no",
    " yes",
    "2",
    "None",
    "serpent",
    "localhost",
    "4",
];

/// What the table of each type is tried with.
const NAMES: [&str; 15] = [
    "COMMTIMEOUT",
    "COMPRESSION",
    "HOST",
    "ITER_STREAMING",
    "ITER_STREAM_LIFETIME",
    "ITER_STREAM_LINGER",
    "MAX_MESSAGE_SIZE",
    "MAX_RETRIES",
    "NATHOST",
    "NATPORT",
    "PREFER_IP_VERSION",
    "SERIALIZER",
    "SERPENT_BYTES_REPR",
    "THREADPOOL_SIZE",
    "NOT_A_SETTING",
];

/// What Pyro5 reads and then fails with, where it is used: refused here at once.
fn is_nonsense(name: &str, read: &str) -> bool {
    let number: f64 = read.parse().unwrap_or_default();
    match name {
        "COMMTIMEOUT" | "ITER_STREAM_LIFETIME" | "ITER_STREAM_LINGER" => !(0.0..=1e9).contains(&number),
        "MAX_MESSAGE_SIZE" | "THREADPOOL_SIZE" => number < 1.0,
        "MAX_RETRIES" | "NATPORT" => number < 0.0,
        "PREFER_IP_VERSION" => ![0.0, 4.0, 6.0].contains(&number),
        "SERIALIZER" => read != "'serpent'",
        _ => false,
    }
}

#[test]
fn variables_are_read_as_pyro5_reads_them() {
    let cases: Vec<_> = NAMES.iter().flat_map(|name| TEXTS.iter().map(move |text| (*name, *text))).collect();
    let mut all = String::new();
    for (name, text) in &cases {
        let separator = if all.is_empty() { "" } else { "\x01" };
        write!(all, "{separator}{name}={text}").expect("a text");
    }
    let output = Python::source(PROGRAM).arg(&all).run(TIMEOUT);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), cases.len(), "{output:?}");
    let mut read_by_both = 0;
    for ((name, text), line) in cases.into_iter().zip(lines) {
        let ours = Settings::from_vars([(format!("PYRO_{name}"), text)]);
        let Some(theirs) = line.strip_prefix(&format!("{name} = ")) else {
            assert!(ours.is_err(), "{name}={text:?} is refused by Pyro5");
            continue;
        };
        if is_nonsense(name, theirs) {
            assert!(ours.is_err(), "{name}={text:?} is {theirs}");
            continue;
        }
        let settings = ours.unwrap_or_else(|error| panic!("{error}; Pyro5 reads {theirs}"));
        // A port alone means nothing, in Pyro5 either, and an empty host is none.
        if name == "NATPORT" || (name == "NATHOST" && text.is_empty()) {
            assert_eq!(settings.config.nat, None);
            continue;
        }
        let value = settings.items().into_iter().find(|(item, _)| *item == name).map(|(_, value)| value);
        assert_eq!(value.as_ref().map(Value::to_string).as_deref(), Some(theirs), "{name}={text:?}");
        read_by_both += 1;
    }
    assert!(read_by_both > 100, "only {read_by_both}");
}
