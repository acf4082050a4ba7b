//! How fast values are read and written, from files.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use firesteel::{Payload, SerializerId, Value};
use serde::Serialize;

/// How long each row is measured.
const TIME: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct Row<'a> {
    codec: &'a str,
    dir: &'a str,
    set: &'a str,
    bytes: usize,
    mb_s: f64,
    ns_record: f64,
}

/// Prints a row for each codec, direction and file.
pub fn print(folder: &Path) -> Result<(), Box<dyn Error>> {
    for (set, records) in [("record", 1.0), ("big", 800.0)] {
        let row = |codec: &str, dir: &str, bytes: usize, secs: f64| {
            let row = Row { codec, dir, set, bytes, mb_s: bytes as f64 / secs / 1e6, ns_record: secs * 1e9 / records };
            println!("{}", serde_json::to_string(&row).unwrap_or_default());
        };
        for serializer in SerializerId::ALL {
            let Ok(bytes) = std::fs::read(folder.join(format!("{set}.{serializer}"))) else { continue };
            let payload = Payload::from_bytes(serializer, bytes.clone());
            let value: Value = payload.decode()?;
            row(serializer.name(), "loads", bytes.len(), time(|| black_box(&payload).to_value().map(drop))?);
            row(
                serializer.name(),
                "dumps",
                bytes.len(),
                time(|| Payload::encode(serializer, black_box(&value)).map(drop))?,
            );
        }
        if let Ok(bytes) = std::fs::read(folder.join(format!("{set}.json"))) {
            let value: serde_json::Value = serde_json::from_slice(&bytes)?;
            let loads = time(|| serde_json::from_slice::<serde_json::Value>(black_box(&bytes)).map(drop))?;
            row("serde_json", "loads", bytes.len(), loads);
            row("serde_json", "dumps", bytes.len(), time(|| serde_json::to_vec(black_box(&value)).map(drop))?);
        }
    }
    Ok(())
}

/// Seconds for one run: the best of several rounds.
fn time<E: Error + 'static>(mut run: impl FnMut() -> Result<(), E>) -> Result<f64, Box<dyn Error>> {
    let end = Instant::now() + TIME;
    let mut best = f64::INFINITY;
    let mut round = 1_u32;
    while Instant::now() < end {
        let start = Instant::now();
        for _ in 0..round {
            run()?;
        }
        let took = start.elapsed();
        best = best.min(took.as_secs_f64() / f64::from(round));
        if took < TIME / 20 {
            round *= 2;
        }
    }
    Ok(best)
}
