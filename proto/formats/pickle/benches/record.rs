//! A record of about one kilobyte beside `serde-pickle`.
//!
//! `cargo bench -p firesteel-pickle`. Only ratios within one run mean something.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firesteel_formats_testkit::{Record, record, record_value};
use firesteel_pickle::{Options, append, from_slice};
use firesteel_value::{Blob, Value};

fn benches(c: &mut Criterion) {
    let (typed, value) = (record(), record_value());
    let mut out = Vec::with_capacity(4096);
    for protocol in [2, 4] {
        let mut options = Options::default();
        options.protocol = protocol;
        let mut pickle = Vec::new();
        append(&mut pickle, &typed, &options).unwrap();

        let mut group = c.benchmark_group(format!("protocol {protocol}"));
        group.throughput(Throughput::Bytes(pickle.len() as u64));
        group.bench_function("read struct", |b| b.iter(|| from_slice::<Record<Blob>>(black_box(&pickle)).unwrap()));
        group.bench_function("read value", |b| b.iter(|| from_slice::<Value>(black_box(&pickle)).unwrap()));
        group.bench_function("write struct", |b| {
            b.iter(|| {
                out.clear();
                append(&mut out, black_box(&typed), &options).unwrap();
            });
        });
        group.bench_function("write value", |b| {
            b.iter(|| {
                out.clear();
                append(&mut out, black_box(&value), &options).unwrap();
            });
        });
        group.finish();
    }

    let (read, write) = (serde_pickle::DeOptions::new, serde_pickle::SerOptions::new);
    let pickle = serde_pickle::to_vec(&typed, write()).unwrap();
    let foreign: serde_pickle::Value = serde_pickle::value_from_slice(&pickle, read()).unwrap();
    let mut group = c.benchmark_group("protocol 3");
    group.throughput(Throughput::Bytes(pickle.len() as u64));
    group.bench_function("read struct", |b| b.iter(|| from_slice::<Record<Blob>>(black_box(&pickle)).unwrap()));
    group.bench_function("read struct, serde-pickle", |b| {
        b.iter(|| serde_pickle::from_slice::<Record<Blob>>(black_box(&pickle), read()).unwrap());
    });
    group.bench_function("read value", |b| b.iter(|| from_slice::<Value>(black_box(&pickle)).unwrap()));
    group.bench_function("read value, serde-pickle", |b| {
        b.iter(|| serde_pickle::value_from_slice(black_box(&pickle), read()).unwrap());
    });
    group.bench_function("write struct, serde-pickle", |b| {
        b.iter(|| {
            out.clear();
            serde_pickle::to_writer(&mut out, black_box(&typed), write()).unwrap();
        });
    });
    group.bench_function("write value, serde-pickle", |b| {
        b.iter(|| {
            out.clear();
            serde_pickle::value_to_writer(&mut out, black_box(&foreign), write()).unwrap();
        });
    });
    group.finish();
}

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
