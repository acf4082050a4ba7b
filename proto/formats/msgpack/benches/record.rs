//! A record of about one kilobyte beside `rmp-serde` and `rmpv`.
//!
//! `cargo bench -p firesteel-msgpack`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firesteel_formats_testkit::{Record, record, record_value};
use firesteel_msgpack::{Options, append, from_slice};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let (typed, value, options) = (record(), record_value(), Options::default());
    let mut bytes = Vec::new();
    append(&mut bytes, &typed, &options).unwrap();
    assert_eq!(bytes, rmp_serde::to_vec_named(&typed).unwrap());
    let foreign: rmpv::Value = rmpv::decode::read_value(&mut &bytes[..]).unwrap();
    let mut out = Vec::with_capacity(4096);

    let mut group = c.benchmark_group("read struct");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("msgpack", |b| b.iter(|| from_slice::<Record<Blob>>(black_box(&bytes)).unwrap()));
    group.bench_function("rmp-serde", |b| {
        b.iter(|| rmp_serde::from_slice::<Record<Blob>>(black_box(&bytes)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("read value");
    group.bench_function("msgpack", |b| b.iter(|| from_slice::<Value>(black_box(&bytes)).unwrap()));
    group.bench_function("rmpv", |b| b.iter(|| rmpv::decode::read_value(&mut black_box(&bytes[..])).unwrap()));
    group.bench_function("rmp-serde into rmpv", |b| {
        b.iter(|| rmp_serde::from_slice::<rmpv::Value>(black_box(&bytes)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("write struct");
    group.bench_function("msgpack", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&typed), &options).unwrap();
        });
    });
    group.bench_function("rmp-serde", |b| {
        b.iter(|| {
            out.clear();
            rmp_serde::encode::write_named(&mut out, black_box(&typed)).unwrap();
        });
    });
    group.finish();

    let mut group = c.benchmark_group("write value");
    group.bench_function("msgpack", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&value), &options).unwrap();
        });
    });
    group.bench_function("rmpv", |b| {
        b.iter(|| {
            out.clear();
            rmpv::encode::write_value(&mut out, black_box(&foreign)).unwrap();
        });
    });
    group.finish();
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
