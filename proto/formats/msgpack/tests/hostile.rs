//! Input that is made to hurt: nothing panics, and nothing is believed that is not there.

use std::time::{Duration, Instant};

use firesteel_formats_testkit::Rng;
use firesteel_msgpack::{FormatErrorKind, Limits, Options, Reader, from_slice, from_slice_with, fuzzing, to_vec};
use firesteel_value::Value;
use serde::de::IgnoredAny;

/// Bytes that are a document more often than random ones.
fn document(rng: &mut Rng, depth: usize, out: &mut Vec<u8>) {
    match rng.below(if depth < 5 { 16 } else { 11 }) {
        0 => out.push(rng.below(0x80) as u8),
        1 => out.extend([0xa3, b'a', b'b', b'c']),
        2 => out.extend([0xc0 + rng.below(4) as u8]),
        3 => {
            out.push(0xca + rng.below(10) as u8);
            out.extend((0..rng.below(9)).map(|_| rng.next() as u8));
        }
        4 => out.extend([0xc4, 2, 1, 2]),
        5 => {
            out.extend([0xd7, [0x32, 0x33, 0xff][rng.below(3)]]);
            let number = rng.next() >> rng.below(64);
            out.extend(if rng.below(2) == 0 { number.to_le_bytes() } else { (number as f64).to_le_bytes() });
        }
        6 => {
            out.extend([0xd8, 0x30]);
            out.extend((0..16).map(|_| rng.next() as u8));
        }
        7 => {
            let text = format!("{}{}", rng.next() as i64, rng.next());
            out.extend([0xc7, text.len() as u8, 0x31]);
            out.extend(text.bytes());
        }
        8 => out.push(0xe0 + rng.below(0x20) as u8),
        9 => out.extend([0xda, 0, 2, 0xc3, 0xa4]),
        10 => out.push(rng.next() as u8),
        11 | 12 => {
            let count = rng.below(4) as u8;
            out.push(0x90 + count);
            (0..count).for_each(|_| document(rng, depth + 1, out));
        }
        13 => {
            let count = rng.below(3) as u8;
            out.extend([0xdd, 0, 0, 0, count]);
            (0..count).for_each(|_| document(rng, depth + 1, out));
        }
        _ => {
            let count = rng.below(4) as u8;
            out.push(0x80 + count);
            (0..2 * count).for_each(|_| document(rng, depth + 1, out));
        }
    }
}

#[test]
fn whatever_is_read_comes_back_after_writing() {
    let mut rng = Rng(1);
    for _ in 0..20_000 {
        let mut bytes = Vec::new();
        document(&mut rng, 0, &mut bytes);
        fuzzing::read(&bytes);
        let at = rng.below(bytes.len());
        fuzzing::read(&bytes[..at]);
        bytes[at] = rng.next() as u8;
        fuzzing::read(&bytes);
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let mut rng = Rng(2);
    for _ in 0..50_000 {
        let bytes: Vec<u8> = (0..rng.below(40)).map(|_| rng.next() as u8).collect();
        fuzzing::read(&bytes);
    }
}

#[test]
fn nesting_is_limited() {
    for marker in [b"\x91".as_slice(), b"\xdc\0\x01", b"\x81\xa0", b"\x81"] {
        let mut bytes = marker.repeat(100_000);
        bytes.push(0xc0);
        for limited in [
            from_slice::<Value>(&bytes).map(drop),
            from_slice::<IgnoredAny>(&bytes).map(drop),
            Reader::new(&bytes, Limits::default()).unwrap().skip(),
        ] {
            let kind = limited.unwrap_err().category();
            // A map that is a key is refused earlier.
            assert!(kind == FormatErrorKind::Depth || marker == b"\x81" && kind == FormatErrorKind::Unhashable);
        }
    }
    let nested = |levels: usize| [vec![0x91; levels], vec![0xc0]].concat();
    let value: Value = from_slice(&nested(200)).unwrap();
    assert_eq!(from_slice::<Value>(&nested(201)).unwrap_err().category(), FormatErrorKind::Depth);
    assert_eq!(to_vec(&value, &Options::default()).unwrap(), nested(200));
    let deeper = Value::List(vec![value]);
    assert_eq!(to_vec(&deeper, &Options::default()).unwrap_err().category(), FormatErrorKind::Depth);
    let bytes = nested(3);
    let mut reader = Reader::new(&bytes, limits(2)).unwrap();
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    reader.open_sequence().unwrap();
    assert!(reader.next_element().unwrap());
    assert_eq!(reader.clone().open_sequence().unwrap_err().category(), FormatErrorKind::Depth);
    assert_eq!(reader.value::<Value>().unwrap_err().category(), FormatErrorKind::Depth);
}

fn limits(max_depth: usize) -> Limits {
    let mut limits = Limits::default();
    limits.max_depth = max_depth;
    limits
}

#[test]
fn the_size_is_limited() {
    let mut limits = Limits::default();
    limits.max_size = 2;
    assert!(from_slice_with::<Value>(b"\x91\xc0", limits).is_ok());
    let error = from_slice_with::<Value>(b"\x92\xc0\xc0", limits).unwrap_err();
    assert_eq!(error.category(), FormatErrorKind::Size);
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn lying_lengths_cost_nothing() {
    let start = Instant::now();
    for marker in [0xc6_u8, 0xc9, 0xdb, 0xdd, 0xdf] {
        for claimed in [0x7fff_ffff_u32, u32::MAX] {
            let mut bytes = vec![0x91; 100];
            bytes.push(marker);
            bytes.extend(claimed.to_be_bytes());
            bytes.extend([0; 100]);
            assert_eq!(from_slice::<Value>(&bytes).unwrap_err().category(), FormatErrorKind::UnexpectedEnd);
            assert!(from_slice::<Vec<String>>(&bytes[100..]).is_err());
            assert!(Reader::new(&bytes, Limits::default()).unwrap().skip().is_err());
            let mut reader = Reader::new(&bytes[100..], Limits::default()).unwrap();
            assert!(reader.open_sequence().is_err() && reader.open_dict().is_err());
        }
    }
    // Each level claims as much as the rest could hold.
    let mut bytes = Vec::new();
    for _ in 0..190 {
        bytes.extend([0xdd, 0, 0x0f, 0xff, 0xff]);
    }
    bytes.extend(vec![0xc0; 1 << 20]);
    assert!(from_slice::<Value>(&bytes).is_err());
    // A large integer is quadratic to read, so it is limited.
    let mut bytes = vec![0xc9, 0, 1, 0x86, 0xa0, 0x31];
    bytes.extend([b'9'; 100_000]);
    assert_eq!(from_slice::<Value>(&bytes).unwrap_err().category(), FormatErrorKind::NumberRange);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn unknown_lengths_stay_linear() {
    struct Unknown(usize);
    impl serde::Serialize for Unknown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut seq = serializer.serialize_seq(None)?;
            for _ in 0..if self.0 == 0 { 100_000 } else { 1 } {
                if self.0 == 0 {
                    seq.serialize_element(&1)?;
                } else {
                    seq.serialize_element(&Unknown(self.0 - 1))?;
                }
            }
            seq.end()
        }
    }
    let start = Instant::now();
    assert_eq!(to_vec(&Unknown(150), &Options::default()).unwrap().len(), 150 + 5 + 100_000);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
