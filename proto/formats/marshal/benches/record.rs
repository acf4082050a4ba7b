//! A record of about one kilobyte beside `rmp_serde`, which writes it in msgpack: no crate that is alive writes marshal.
//!
//! `cargo bench -p firesteel-marshal`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use firesteel_formats_testkit::{Contest, Record, record, record_value};
use firesteel_marshal::{Options, append, from_slice};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let (typed, value, options) = (record(), record_value(), Options::default());
    let mut bytes = Vec::new();
    append(&mut bytes, &typed, &options).unwrap();
    let msgpack = rmp_serde::to_vec_named(&typed).unwrap();
    let foreign: rmpv::Value = rmp_serde::from_slice(&msgpack).unwrap();

    let mut contest = Contest::new(c, "marshal", "rmp_serde");
    contest.read(
        "struct",
        || from_slice::<Record<Blob>>(black_box(&bytes)).unwrap(),
        || rmp_serde::from_slice::<Record<Blob>>(black_box(&msgpack)).unwrap(),
    );
    contest.read(
        "value",
        || from_slice::<Value>(black_box(&bytes)).unwrap(),
        || rmp_serde::from_slice::<rmpv::Value>(black_box(&msgpack)).unwrap(),
    );
    contest.write(
        "struct",
        |out| append(out, black_box(&typed), &options).unwrap(),
        |out| rmp_serde::encode::write_named(out, black_box(&typed)).unwrap(),
    );
    contest.write(
        "value",
        |out| append(out, black_box(&value), &options).unwrap(),
        |out| rmp_serde::encode::write_named(out, black_box(&foreign)).unwrap(),
    );
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
