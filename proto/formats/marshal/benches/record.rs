//! The record of all benches, in marshal and, for comparison, in msgpack with `rmp_serde`: no crate that is alive
//! writes marshal.
//!
//! `cargo bench -p firesteel-marshal`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firesteel_formats_testkit::{Record, record};
use firesteel_marshal::{Options, append, from_slice, to_vec};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let record = record();
    let options = Options::default();
    let bytes = to_vec(&record, &options).unwrap();
    let value: Value = from_slice(&bytes).unwrap();
    let msgpack = rmp_serde::to_vec_named(&record).unwrap();
    let msgpack_value: rmpv::Value = rmp_serde::from_slice(&msgpack).unwrap();
    let mut out = Vec::with_capacity(4096);

    let mut group = c.benchmark_group("read struct");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("marshal", |b| b.iter(|| from_slice::<Record<Blob>>(black_box(&bytes)).unwrap()));
    group.bench_function("rmp_serde", |b| {
        b.iter(|| rmp_serde::from_slice::<Record<Blob>>(black_box(&msgpack)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("read value");
    group.bench_function("marshal", |b| b.iter(|| from_slice::<Value>(black_box(&bytes)).unwrap()));
    group.bench_function("rmp_serde", |b| {
        b.iter(|| rmp_serde::from_slice::<rmpv::Value>(black_box(&msgpack)).unwrap());
    });
    group.finish();

    let mut group = c.benchmark_group("write struct");
    group.bench_function("marshal", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&record), &options).unwrap();
        });
    });
    group.bench_function("rmp_serde", |b| {
        b.iter(|| {
            out.clear();
            rmp_serde::encode::write_named(&mut out, black_box(&record)).unwrap();
        });
    });
    group.finish();

    let mut group = c.benchmark_group("write value");
    group.bench_function("marshal", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&value), &options).unwrap();
        });
    });
    group.bench_function("rmp_serde", |b| {
        b.iter(|| {
            out.clear();
            rmp_serde::encode::write_named(&mut out, black_box(&msgpack_value)).unwrap();
        });
    });
    group.finish();
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
