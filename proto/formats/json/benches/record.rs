//! A record of about one kilobyte beside `serde_json` with its own text of the same data.
//!
//! `cargo bench -p firesteel-json`. Only ratios within one run mean something.

use std::{collections::BTreeMap, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firesteel_json::{Call, Limits, Options, append, from_slice};
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

/// Bytes for serde_json: base64 in a dict, so that both do the same work.
#[derive(Clone)]
struct JsonBytes(Vec<u8>);

#[derive(Serialize, Deserialize)]
struct Base64<T> {
    data: T,
    encoding: T,
}

impl Serialize for JsonBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        let data = &*base64::engine::general_purpose::STANDARD.encode(&self.0);
        Base64 { data, encoding: "base64" }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<JsonBytes, D::Error> {
        let base64 = Base64::<&str>::deserialize(deserializer)?;
        let bytes = firesteel_value::decode_base64(base64.data);
        bytes.map(JsonBytes).ok_or_else(|| serde::de::Error::custom("invalid base64"))
    }
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
    let ours = record(Blob::from(image()));
    let json = record(JsonBytes(image()));
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
        b.iter(|| serde_json::from_slice::<Record<JsonBytes>>(black_box(&json_text)).unwrap());
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
