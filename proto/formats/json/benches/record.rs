//! A record of about one kilobyte beside `serde_json` with its own text of the same data.
//!
//! `cargo bench -p firesteel-json`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use firesteel_formats_testkit::{Base64Bytes, Contest, Record, image, record, record_with, ten_mebibytes};
use firesteel_json::{Call, Limits, Options, append, from_slice};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let (ours, theirs) = (record(), record_with(Base64Bytes(image())));
    let options = Options::default();
    let mut text = Vec::new();
    append(&mut text, &ours, &options).unwrap();
    let their_text = serde_json::to_vec(&theirs).unwrap();
    let value: Value = from_slice(&text).unwrap();
    let their_value: serde_json::Value = serde_json::from_slice(&their_text).unwrap();

    let mut contest = Contest::new(c, "json", "serde_json");
    contest.read(
        "struct",
        || from_slice::<Record<Blob>>(black_box(&text)).unwrap(),
        || serde_json::from_slice::<Record<Base64Bytes>>(black_box(&their_text)).unwrap(),
    );
    contest.read(
        "value",
        || from_slice::<Value>(black_box(&text)).unwrap(),
        || serde_json::from_slice::<serde_json::Value>(black_box(&their_text)).unwrap(),
    );
    contest.write(
        "struct",
        |out| append(out, black_box(&ours), &options).unwrap(),
        |out| serde_json::to_writer(out, black_box(&theirs)).unwrap(),
    );
    contest.write(
        "value",
        |out| append(out, black_box(&value), &options).unwrap(),
        |out| serde_json::to_writer(out, black_box(&their_value)).unwrap(),
    );

    let call = [br#"{"object": "bench", "method": "store", "params": ["#, &text[..], br#"], "kwargs": {}}"#].concat();
    c.bench_function("read call", |b| b.iter(|| Call::read(black_box(&call), Limits::default()).unwrap()));
    ten_mebibytes(c, |out, blob| append(out, blob, &options).unwrap(), |text| from_slice::<Blob>(text).unwrap());
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
