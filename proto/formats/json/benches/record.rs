//! A record of about one kilobyte beside `serde_json` with its own text of the same data.
//!
//! `cargo bench -p firesteel-json`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firesteel_formats_testkit::{Base64Bytes, Record, image, record, record_with};
use firesteel_json::{Call, Limits, Options, append, from_slice};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let ours = record();
    let json = record_with(Base64Bytes(image()));
    let options = Options::default();
    let mut text = Vec::new();
    append(&mut text, &ours, &options).unwrap();
    let json_text = serde_json::to_vec(&json).unwrap();
    let value: Value = from_slice(&text).unwrap();
    let json_value: serde_json::Value = serde_json::from_slice(&json_text).unwrap();

    let mut group = c.benchmark_group("read struct");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("firesteel", |b| b.iter(|| from_slice::<Record<Blob>>(black_box(&text)).unwrap()));
    group.bench_function("serde_json", |b| {
        b.iter(|| serde_json::from_slice::<Record<Base64Bytes>>(black_box(&json_text)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("read value");
    group.bench_function("firesteel", |b| b.iter(|| from_slice::<Value>(black_box(&text)).unwrap()));
    group.bench_function("serde_json", |b| {
        b.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&json_text)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("write struct");
    let mut out = Vec::with_capacity(4096);
    group.bench_function("firesteel", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&ours), &options).unwrap();
        });
    });
    group.bench_function("serde_json", |b| {
        b.iter(|| {
            out.clear();
            serde_json::to_writer(&mut out, black_box(&json)).unwrap();
        });
    });
    group.finish();

    let mut group = c.benchmark_group("write value");
    group.bench_function("firesteel", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&value), &options).unwrap();
        });
    });
    group.bench_function("serde_json", |b| {
        b.iter(|| {
            out.clear();
            serde_json::to_writer(&mut out, black_box(&json_value)).unwrap();
        });
    });
    group.finish();

    let mut group = c.benchmark_group("call");
    let call = [br#"{"object": "bench", "method": "store", "params": ["#, &text[..], br#"], "kwargs": {}}"#].concat();
    group.bench_function("read", |b| b.iter(|| Call::read(black_box(&call), Limits::default()).unwrap()));
    group.finish();

    let mut group = c.benchmark_group("10 MiB of bytes");
    group.sample_size(20);
    let blob = Blob::from(vec![0xa5; 10 << 20]);
    let mut blob_text = Vec::new();
    append(&mut blob_text, &blob, &options).unwrap();
    group.throughput(Throughput::Bytes(10 << 20));
    group.bench_function("read", |b| b.iter(|| from_slice::<Blob>(black_box(&blob_text)).unwrap()));
    group.bench_function("write", |b| {
        b.iter(|| {
            blob_text.clear();
            append(&mut blob_text, black_box(&blob), &options).unwrap();
        });
    });
    group.finish();
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
