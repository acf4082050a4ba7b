//! The data that all benches read and write: about one kilobyte, of every usual kind.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firesteel_value::{Blob, Value, decode_base64, to_value};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

/// A record; `B` is what holds the bytes of its image, so that formats without bytes can take part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Record<B> {
    pub id: i64,
    pub name: String,
    pub title: String,
    pub active: bool,
    pub parent: Option<i64>,
    pub position: Position,
    pub counters: BTreeMap<String, i64>,
    pub samples: Vec<f64>,
    pub tags: Vec<String>,
    pub owner: Owner,
    pub image: B,
}

/// A part of a [`Record`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Position {
    pub x: f64,
    pub y: f64,
    pub z: f64,
    pub grid: (i64, i64),
}

/// A part of a [`Record`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Owner {
    pub name: String,
    pub city: String,
    pub quote: String,
    pub age: i64,
    pub rating: f64,
}

/// The record with bytes.
pub fn record() -> Record<Blob> {
    record_with(image().into())
}

/// The record with bytes, as a value.
pub fn record_value() -> Value {
    to_value(&record()).expect("a record is a value")
}

/// The record with an image in a type of the caller's.
pub fn record_with<B>(image: B) -> Record<B> {
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

/// The bytes of the image.
pub fn image() -> Vec<u8> {
    (0..64_u8).map(|n| n.wrapping_mul(37)).collect()
}

/// Bytes as base64 in a dict, as serpent writes them: for crates of other formats, so that both do the same work.
#[derive(Clone, Debug, PartialEq)]
pub struct Base64Bytes(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
struct Base64<T> {
    data: T,
    encoding: T,
}

impl Serialize for Base64Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Without an allocation where they are as few as here: the formats that are compared need none either.
        let mut short = [0; 128];
        let long;
        let data = match STANDARD.encode_slice(&self.0, &mut short) {
            Ok(len) => std::str::from_utf8(&short[..len]).map_err(ser::Error::custom)?,
            Err(_) => {
                long = STANDARD.encode(&self.0);
                &*long
            }
        };
        Base64 { data, encoding: "base64" }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Base64Bytes, D::Error> {
        let base64 = Base64::<&str>::deserialize(deserializer)?;
        let bytes = decode_base64(base64.data);
        bytes.map(Base64Bytes).ok_or_else(|| serde::de::Error::custom("invalid base64"))
    }
}
