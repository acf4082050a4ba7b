//! A record of about one kilobyte beside `rmp_serde` with the same data in msgpack.
//!
//! `cargo bench -p firesteel-marshal`. Only ratios within one run mean something.

use std::{collections::BTreeMap, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firesteel_marshal::{Options, append, from_slice, to_vec};
use firesteel_value::{Blob, Value};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Record<B> {
    id: i64,
    name: String,
    title: String,
    active: bool,
    parent: Option<i64>,
    position: Position,
    counters: BTreeMap<String, i64>,
    samples: Vec<f64>,
    tags: Vec<String>,
    owner: Owner,
    image: B,
}

#[derive(Clone, Serialize, Deserialize)]
struct Position {
    x: f64,
    y: f64,
    z: f64,
    grid: (i64, i64),
}

#[derive(Clone, Serialize, Deserialize)]
struct Owner {
    name: String,
    city: String,
    quote: String,
    age: i64,
    rating: f64,
}

fn record<B>(image: B) -> Record<B> {
    // Mostly of full precision, as measured values are, some short.
    let samples = (1..=24_i32).map(|n| match n % 4 {
        0 => f64::from(n) / 4.0,
        1 => f64::from(n).sqrt() * 1000.0,
        2 => -f64::from(n).ln(),
        _ => f64::from(n).powi(-3),
    });
    Record {
        id: 123_456_789,
        name: "sensor-4711".into(),
        title: "Überwachung der Größe, 測定値 №5".into(),
        active: true,
        parent: None,
        position: Position { x: 52.379_189_1, y: 4.899_430_812_345_678, z: -0.000_123_4, grid: (17, -4) },
        counters: (0..10).map(|n| (format!("counter_{n}"), n * n * n * 1013)).collect(),
        samples: samples.collect(),
        tags: vec!["alpha".into(), "beta gamma".into(), "it's".into(), "δ".into()],
        owner: Owner {
            name: "Ada Lovelace".into(),
            city: "Zürich".into(),
            quote: "She said \"it's a 'test'\"".into(),
            age: 36,
            rating: 4.873_912_873_912_873,
        },
        image,
    }
}

fn image() -> Vec<u8> {
    (0..64_u8).map(|n| n.wrapping_mul(37)).collect()
}

fn benches(c: &mut Criterion) {
    let record = record(Blob::from(image()));
    let options = Options::default();
    let bytes = to_vec(&record, &options).unwrap();
    let value: Value = from_slice(&bytes).unwrap();
    if let Ok(path) = std::env::var("FIRESTEEL_RECORD") {
        std::fs::write(path, &bytes).unwrap();
    }
    let referring = std::env::var("FIRESTEEL_REFERRING").ok().map(|path| std::fs::read(path).unwrap());
    let mut out = Vec::with_capacity(4096);

    let mut group = c.benchmark_group("marshal");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("read struct", |b| b.iter(|| from_slice::<Record<Blob>>(black_box(&bytes)).unwrap()));
    group.bench_function("read value", |b| b.iter(|| from_slice::<Value>(black_box(&bytes)).unwrap()));
    if let Some(referring) = &referring {
        group.bench_function("read value of python", |b| b.iter(|| from_slice::<Value>(black_box(referring)).unwrap()));
    }
    group.bench_function("write struct", |b| {
        b.iter(|| {
            out.clear();
            append(&mut out, black_box(&record), &options).unwrap();
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

criterion_group!(record_benches, benches);
criterion_main!(record_benches);
