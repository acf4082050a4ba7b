//! A record of about one kilobyte beside ciborium.
//!
//! `cargo bench -p firesteel-cbor`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use firesteel_cbor::{Options, append, from_slice};
use firesteel_formats_testkit::{Contest, Record, record, record_value};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let (typed, value, options) = (record(), record_value(), Options::default());
    let mut bytes = Vec::new();
    append(&mut bytes, &typed, &options).unwrap();
    let foreign: ciborium::Value = ciborium::from_reader(&bytes[..]).unwrap();

    let mut contest = Contest::new(c, "cbor", "ciborium");
    contest.read(
        "struct",
        || from_slice::<Record<Blob>>(black_box(&bytes)).unwrap(),
        || ciborium::from_reader::<Record<Blob>, _>(black_box(&bytes[..])).unwrap(),
    );
    contest.read(
        "value",
        || from_slice::<Value>(black_box(&bytes)).unwrap(),
        || ciborium::from_reader::<ciborium::Value, _>(black_box(&bytes[..])).unwrap(),
    );
    contest.write(
        "struct",
        |out| append(out, black_box(&typed), &options).unwrap(),
        |out| ciborium::into_writer(black_box(&typed), out).unwrap(),
    );
    contest.write(
        "value",
        |out| append(out, black_box(&value), &options).unwrap(),
        |out| ciborium::into_writer(black_box(&foreign), out).unwrap(),
    );
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
