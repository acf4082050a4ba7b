//! A record of about one kilobyte beside ciborium.
//!
//! `cargo bench -p firesteel-cbor`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firesteel_cbor::{Options, append, from_slice};
use firesteel_formats_testkit::{Record, record, record_value};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let (typed, value, options) = (record(), record_value(), Options::default());
    let mut bytes = Vec::new();
    append(&mut bytes, &typed, &options).unwrap();
    let foreign: ciborium::Value = ciborium::from_reader(&bytes[..]).unwrap();
    let mut out = Vec::with_capacity(4096);

    let mut group = c.benchmark_group("read struct");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("cbor", |b| b.iter(|| from_slice::<Record<Blob>>(black_box(&bytes)).unwrap()));
    group.bench_function("ciborium", |b| {
        b.iter(|| ciborium::from_reader::<Record<Blob>, _>(black_box(&bytes[..])).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("read value");
    group.bench_function("cbor", |b| b.iter(|| from_slice::<Value>(black_box(&bytes)).unwrap()));
    group.bench_function("ciborium", |b| {
        b.iter(|| ciborium::from_reader::<ciborium::Value, _>(black_box(&bytes[..])).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("write struct");
    group.bench_function("cbor", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&typed), &options).unwrap();
        });
    });
    group.bench_function("ciborium", |b| {
        b.iter(|| {
            out.clear();
            ciborium::into_writer(black_box(&typed), &mut out).unwrap();
        });
    });
    group.finish();

    let mut group = c.benchmark_group("write value");
    group.bench_function("cbor", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&value), &options).unwrap();
        });
    });
    group.bench_function("ciborium", |b| {
        b.iter(|| {
            out.clear();
            ciborium::into_writer(black_box(&foreign), &mut out).unwrap();
        });
    });
    group.finish();
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
