//! How fast values are read and written, from files: firesteel beside the usual crate of each format, and beside
//! Python's own implementations in C.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use firesteel::{Blob, FormatError, Payload, SerializerId, Value};
use firesteel_formats_testkit::{Base64Bytes, Record, record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long each row is measured.
const TIME: Duration = Duration::from_millis(300);

/// The room that each begins with where it can be told: as much as firesteel's, and `serde_json`'s, `to_vec`.
const ROOM: usize = 128;

/// The formats that have files.
const FORMATS: [SerializerId; 6] = [
    SerializerId::Serpent,
    SerializerId::Json,
    SerializerId::Marshal,
    SerializerId::Msgpack,
    SerializerId::Pickle,
    SerializerId::Cbor,
];

/// The name of the first set of files, which hold one record each.
const ONE: &str = "record";
/// The name of the others.
const MANY: &str = "big";
/// How many records these hold.
const RECORDS: usize = 800;

#[derive(Serialize)]
struct Row<'a> {
    codec: &'a str,
    dir: &'a str,
    set: &'a str,
    bytes: usize,
    mb_s: f64,
    ns_record: f64,
}

/// What the script prints for each direction.
#[derive(Deserialize)]
struct PythonRow {
    dir: String,
    secs: f64,
}

/// Writes the files that [`print`] reads.
pub fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for format in FORMATS {
        fs::write(file(folder, ONE, format), encode(format, &record())?)?;
        fs::write(file(folder, MANY, format), encode(format, &vec![record(); RECORDS])?)?;
    }
    Ok(())
}

fn encode(format: SerializerId, value: &impl Serialize) -> Result<Vec<u8>, FormatError> {
    if format == SerializerId::Pickle {
        // Python's usual one. What peers of Python 2 understand too, as firesteel writes it, has no bytes.
        let mut options = firesteel_pickle::Options::default();
        options.protocol = 4;
        return firesteel_pickle::to_vec(value, &options);
    }
    Payload::encode(format, value).map(|payload| payload.into_bytes().into())
}

/// Prints a row for each codec, direction and file. `struct` in a codec's name means a type of Rust instead of the
/// dynamic value.
pub fn print(folder: &Path, python: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let mut any = false;
    for format in FORMATS {
        for set in [ONE, MANY] {
            let path = file(folder, set, format);
            let Ok(bytes) = fs::read(&path) else { continue };
            any = true;
            let table = Table { set, bytes: &bytes };
            table.firesteel(format)?;
            if set == ONE {
                table.structs::<Record<Blob>, Record<Base64Bytes>>(format)?;
            } else {
                table.structs::<Vec<Record<Blob>>, Vec<Record<Base64Bytes>>>(format)?;
            }
            table.peers(format)?;
            if let Some(python) = python {
                table.python(python, format, &path)?;
            }
        }
    }
    if any { Ok(()) } else { Err("no record.* or big.* there: write them with `firesteel-bench records`".into()) }
}

fn file(folder: &Path, set: &str, format: SerializerId) -> PathBuf {
    folder.join(format!("{set}.{format}"))
}

/// The rows of one file.
struct Table<'a> {
    set: &'a str,
    bytes: &'a [u8],
}

impl Table<'_> {
    fn row(&self, codec: &str, dir: &str, secs: f64) {
        let (set, bytes) = (self.set, self.bytes.len());
        let records = if set == ONE { 1.0 } else { RECORDS as f64 };
        let row = Row { codec, dir, set, bytes, mb_s: bytes as f64 / secs / 1e6, ns_record: secs * 1e9 / records };
        println!("{}", serde_json::to_string(&row).unwrap_or_default());
    }

    /// What `dumps` gives owns the bytes that it wrote.
    fn rows<T, O, E: Error + 'static, F: Error + 'static>(
        &self,
        codec: &str,
        loads: impl Fn(&[u8]) -> Result<T, E>,
        dumps: impl Fn(&T) -> Result<O, F>,
    ) -> Result<(), Box<dyn Error>> {
        let value = loads(self.bytes)?;
        self.row(codec, "loads", time(|| loads(black_box(self.bytes)).map(drop))?);
        self.row(codec, "dumps", time(|| dumps(black_box(&value)).map(drop))?);
        Ok(())
    }

    fn firesteel(&self, format: SerializerId) -> Result<(), Box<dyn Error>> {
        self.typed::<Value>(format.name(), format)
    }

    fn typed<T: DeserializeOwned + Serialize>(&self, codec: &str, format: SerializerId) -> Result<(), Box<dyn Error>> {
        // The payload shares its bytes: what is measured is reading alone.
        let payload = Payload::from_bytes(format, self.bytes.to_vec());
        self.rows(codec, |_| payload.decode::<T>(), |value| Payload::encode(format, value))
    }

    /// Into types of Rust, where the file holds the record of [`write`]; `J` has its bytes as base64.
    fn structs<T, J>(&self, format: SerializerId) -> Result<(), Box<dyn Error>>
    where
        T: DeserializeOwned + Serialize,
        J: DeserializeOwned + Serialize,
    {
        if Payload::from_bytes(format, self.bytes.to_vec()).decode::<T>().is_err() {
            return Ok(());
        }
        self.typed::<T>(&format!("{format} struct"), format)?;
        match format {
            SerializerId::Json => {
                self.rows("serde_json struct", |bytes| serde_json::from_slice::<J>(bytes), serde_json::to_vec)
            }
            SerializerId::Msgpack => {
                self.rows("rmp_serde struct", |bytes| rmp_serde::from_slice::<T>(bytes), to_msgpack)
            }
            SerializerId::Cbor => self.rows("ciborium struct", |bytes| ciborium::from_reader::<T, _>(bytes), to_cbor),
            SerializerId::Pickle => self.rows(
                "serde_pickle struct",
                |bytes| serde_pickle::from_slice::<T>(bytes, serde_pickle::DeOptions::new()),
                |value| serde_pickle::to_vec(value, serde_pickle::SerOptions::new()),
            ),
            _ => Ok(()),
        }
    }

    /// Into each crate's own dynamic value.
    fn peers(&self, format: SerializerId) -> Result<(), Box<dyn Error>> {
        match format {
            SerializerId::Json => {
                self.rows("serde_json", |bytes| serde_json::from_slice::<serde_json::Value>(bytes), serde_json::to_vec)
            }
            SerializerId::Msgpack => self.rows(
                "rmpv",
                |mut bytes| rmpv::decode::read_value(&mut bytes),
                |value| {
                    let mut out = Vec::with_capacity(ROOM);
                    rmpv::encode::write_value(&mut out, value).map(|()| out)
                },
            ),
            SerializerId::Cbor => {
                self.rows("ciborium", |bytes| ciborium::from_reader::<ciborium::Value, _>(bytes), to_cbor)
            }
            SerializerId::Pickle => self.rows(
                "serde_pickle",
                |bytes| serde_pickle::value_from_slice(bytes, serde_pickle::DeOptions::new()),
                |value| serde_pickle::value_to_vec(value, serde_pickle::SerOptions::new()),
            ),
            _ => Ok(()),
        }
    }

    /// Python's own, where it has the module.
    fn python(&self, python: &Path, format: SerializerId, file: &Path) -> Result<(), Box<dyn Error>> {
        let output = Command::new(python)
            .args(["-c", include_str!("../python/serde.py"), format.name()])
            .arg(file)
            .arg(TIME.as_secs_f64().to_string())
            .output()
            .map_err(|error| format!("cannot run {}: {error}: give another with --python", python.display()))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        for line in String::from_utf8(output.stdout)?.lines() {
            let row: PythonRow = serde_json::from_str(line)?;
            self.row(&format!("python {format}"), &row.dir, row.secs);
        }
        Ok(())
    }
}

fn to_msgpack<T: Serialize>(value: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let mut out = Vec::with_capacity(ROOM);
    rmp_serde::encode::write_named(&mut out, value).map(|()| out)
}

fn to_cbor<T: Serialize>(value: &T) -> Result<Vec<u8>, ciborium::ser::Error<std::io::Error>> {
    let mut out = Vec::with_capacity(ROOM);
    ciborium::into_writer(value, &mut out).map(|()| out)
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
