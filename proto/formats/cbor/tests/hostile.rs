//! Input that is made to hurt: nothing panics, and nothing is believed that is not there.

use std::time::{Duration, Instant};

use firesteel_cbor::{FormatErrorKind, Limits, Options, Reader, from_slice, from_slice_with, fuzzing, to_vec};
use firesteel_formats_testkit::Rng;
use firesteel_value::Value;
use serde::de::IgnoredAny;

#[test]
fn random_bytes_do_no_harm() {
    let mut rng = Rng(2);
    // With some bytes more often: tags, lengths that are not given, ends.
    let often =
        [0xda, 0x46, 0x53, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x9f, 0xbf, 0x7f, 0x5f, 0xff, 0xd9, 0xc2, 0xc3, 0x81, 0xa1];
    for _ in 0..50_000 {
        let bytes: Vec<u8> =
            (0..rng.below(40)).map(|_| if rng.below(2) == 0 { rng.pick(&often) } else { rng.next() as u8 }).collect();
        fuzzing::read(&bytes);
    }
}

#[test]
fn nesting_is_limited() {
    let tuple = &[0xda, 0x46, 0x53, 0, 0, 0x81];
    for (head, kind) in [
        (&[0x81][..], FormatErrorKind::Depth),
        (&[0x98, 1], FormatErrorKind::Depth),
        (&[0x9f], FormatErrorKind::Depth),
        (&[0xc6], FormatErrorKind::Depth),
        (tuple, FormatErrorKind::Depth),
        (&[0xa1, 0x60], FormatErrorKind::Depth),
        (&[0xa1, 0xda, 0x46, 0x53, 0, 1, 0x81], FormatErrorKind::Unhashable),
        (&[0xa1], FormatErrorKind::Unhashable),
        (&[0xd9, 1, 2, 0x81], FormatErrorKind::Unhashable),
        (&[0x5f], FormatErrorKind::Syntax),
    ] {
        let mut bytes = head.repeat(100_000);
        bytes.push(0xf6);
        for limited in [
            from_slice::<Value>(&bytes).map(drop),
            from_slice::<IgnoredAny>(&bytes).map(drop),
            Reader::new(&bytes, Limits::default()).unwrap().skip(),
        ] {
            assert_eq!(limited.unwrap_err().category(), kind, "{head:x?}");
        }
        assert!(from_slice::<Vec<String>>(&bytes).is_err());
        assert!(from_slice::<firesteel_value::BigInt>(&bytes).is_err());
    }
    let nested = |levels: usize| [vec![0x81; levels], vec![0xf6]].concat();
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
    assert!(from_slice_with::<Value>(b"\x81\xf6", limits).is_ok());
    let error = from_slice_with::<Value>(b"\x82\xf6\xf6", limits).unwrap_err();
    assert_eq!(error.category(), FormatErrorKind::Size);
}

#[test]
#[allow(clippy::disallowed_methods)] // It measures real time.
fn lying_lengths_cost_nothing() {
    let start = Instant::now();
    for major in 2..6_u8 {
        for claimed in [0x7fff_ffff_u64, u64::from(u32::MAX), 1 << 62, u64::MAX] {
            let mut bytes = vec![0x81; 100];
            bytes.push(major << 5 | 27);
            bytes.extend(claimed.to_be_bytes());
            bytes.extend([0; 100]);
            assert_eq!(from_slice::<Value>(&bytes).unwrap_err().category(), FormatErrorKind::UnexpectedEnd);
            assert!(from_slice::<Vec<String>>(&bytes[100..]).is_err());
            assert!(Reader::new(&bytes, Limits::default()).unwrap().skip().is_err());
            let mut reader = Reader::new(&bytes[100..], Limits::default()).unwrap();
            assert!(reader.clone().open_sequence().is_err() && reader.open_dict().is_err());
        }
    }
    // Each level claims as much as the rest could hold.
    let mut bytes = Vec::new();
    for _ in 0..190 {
        bytes.extend([0x9a, 0, 0x0f, 0xff, 0xff]);
    }
    bytes.extend(vec![0xf6; 1 << 20]);
    assert!(from_slice::<Value>(&bytes).is_err());
    // Large integers are linear to read and write, unlike in decimal text.
    let mut bytes = vec![0xc3, 0x5a, 0, 1, 0x86, 0xa0];
    bytes.extend([0xfe; 100_000]);
    let number: Value = from_slice(&bytes).unwrap();
    assert_eq!(to_vec(&number, &Options::default()).unwrap(), bytes);
    from_slice::<IgnoredAny>(&bytes).unwrap();
    assert_eq!(from_slice::<i128>(&bytes).unwrap_err().category(), FormatErrorKind::NumberRange);
    // Many small pieces.
    let bytes = [vec![0x7f], b"\x61a".repeat(1 << 20), vec![0xff]].concat();
    assert_eq!(from_slice::<String>(&bytes).unwrap().len(), 1 << 20);
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
