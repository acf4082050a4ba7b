//! A record of about one kilobyte beside `serde-pickle`, which writes protocol 3.
//!
//! `cargo bench -p firesteel-pickle`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use firesteel_formats_testkit::{Contest, Record, record, record_value};
use firesteel_pickle::{Options, append, from_slice};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let (typed, value) = (record(), record_value());
    let (read, write) = (serde_pickle::DeOptions::new, serde_pickle::SerOptions::new);
    let theirs = serde_pickle::to_vec(&typed, write()).unwrap();
    let foreign: serde_pickle::Value = serde_pickle::value_from_slice(&theirs, read()).unwrap();
    let mut contest = Contest::new(c, "pickle", "serde-pickle");
    for protocol in [2, 4] {
        let mut options = Options::default();
        options.protocol = protocol;
        let mut ours = Vec::new();
        append(&mut ours, &typed, &options).unwrap();

        let (of_struct, of_value) = (format!("struct, protocol {protocol}"), format!("value, protocol {protocol}"));
        contest.read(
            &of_struct,
            || from_slice::<Record<Blob>>(black_box(&ours)).unwrap(),
            || serde_pickle::from_slice::<Record<Blob>>(black_box(&theirs), read()).unwrap(),
        );
        contest.read(
            &of_value,
            || from_slice::<Value>(black_box(&ours)).unwrap(),
            || serde_pickle::value_from_slice(black_box(&theirs), read()).unwrap(),
        );
        contest.write(
            &of_struct,
            |out| append(out, black_box(&typed), &options).unwrap(),
            |out| serde_pickle::to_writer(out, black_box(&typed), write()).unwrap(),
        );
        contest.write(
            &of_value,
            |out| append(out, black_box(&value), &options).unwrap(),
            |out| serde_pickle::value_to_writer(out, black_box(&foreign), write()).unwrap(),
        );
    }
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
