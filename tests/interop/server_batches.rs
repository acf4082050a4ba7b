//! Programs of both generations of Pyro make batches of calls to a Rust object.

use crate::hosted::Hosted;
use crate::server_streams::check;
use crate::source::{SOURCE, Source};

/// Python's own marshal serializer writes no batches.
const PROGRAMS: [(&str, &str); 7] = [
    ("4", "serpent"),
    ("4", "json"),
    ("4", "msgpack"),
    ("4", "pickle"),
    ("5", "serpent"),
    ("5", "json"),
    ("5", "msgpack"),
];

#[test]
fn all_make_batches_on_one_thread() {
    check(
        &Hosted::local("127.0.0.1:0", crate::server_streams::accepting(), SOURCE, |_| Source::default()),
        &PROGRAMS,
        "batches",
    );
}

#[test]
fn all_make_batches_on_several_threads() {
    check(
        &Hosted::shared("127.0.0.1:0", crate::server_streams::accepting(), SOURCE, |_| Source::default()),
        &PROGRAMS,
        "batches",
    );
}
