//! zlib for payloads, with a limit on what comes out.

use super::Dialect;
use crate::error::ProtocolError;

/// Payloads of more bytes than this are compressed by a sender that compresses, as in Pyro5.
pub const COMPRESS_ABOVE: usize = 100;
/// The same of Pyro4, whose messages stay as they are where they would not become smaller.
const COMPRESS_FROM_PYRO4: usize = 200;

/// Whether a sender that compresses does so for a payload of this size.
pub(super) fn pays(len: usize, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Pyro5 => len > COMPRESS_ABOVE,
        Dialect::Pyro4 => len >= COMPRESS_FROM_PYRO4,
    }
}

/// Inflates a zlib payload into at most `max` bytes.
///
/// Memory grows with what comes out, and no further than `max`: a bomb ends in an error.
///
/// # Errors
/// Data that is not zlib or is cut short, more than `max` bytes, or a build without `compression`.
#[cfg(feature = "compression")]
pub fn decompress(data: &[u8], max: usize) -> Result<Vec<u8>, ProtocolError> {
    use flate2::{Decompress, FlushDecompress, Status};

    let mut inflater = Decompress::new(true);
    let mut out = Vec::with_capacity(data.len().saturating_mul(3).min(max));
    loop {
        if out.len() == out.capacity() {
            // One byte of space above the limit tells too much from just enough.
            let room = max.saturating_add(1) - out.len();
            out.reserve_exact(out.len().max(1024).min(room));
        }
        let read = inflater.total_in() as usize;
        let before = out.len();
        let status = inflater
            .decompress_vec(&data[read..], &mut out, FlushDecompress::None)
            .map_err(|_| ProtocolError::Compression)?;
        if out.len() > max {
            return Err(ProtocolError::Decompressed { max });
        }
        match status {
            Status::StreamEnd => return Ok(out),
            _ if out.len() == before && inflater.total_in() as usize == read && out.len() < out.capacity() => {
                return Err(ProtocolError::Compression);
            }
            _ => {}
        }
    }
}

/// Inflates a zlib payload: this build cannot.
///
/// # Errors
/// Always.
#[cfg(not(feature = "compression"))]
pub fn decompress(_data: &[u8], _max: usize) -> Result<Vec<u8>, ProtocolError> {
    Err(ProtocolError::Compression)
}

/// Deflates `data[start..]` in place at the level of the dialect's program; false where nothing changed.
#[cfg(feature = "compression")]
pub(super) fn compress_tail(data: &mut Vec<u8>, start: usize, dialect: Dialect) -> bool {
    use flate2::{Compress, Compression, FlushCompress, Status};

    let level = match dialect {
        Dialect::Pyro5 => 4,
        Dialect::Pyro4 => 6,
    };
    let mut deflater = Compress::new(Compression::new(level), true);
    let plain = data.split_off(start);
    loop {
        data.reserve(plain.len() / 2 + 64);
        let read = deflater.total_in() as usize;
        match deflater.compress_vec(&plain[read..], data, FlushCompress::Finish) {
            Ok(Status::StreamEnd) if dialect == Dialect::Pyro5 || data.len() - start < plain.len() => return true,
            Ok(Status::Ok | Status::BufError) => {}
            Ok(Status::StreamEnd) | Err(_) => {
                data.truncate(start);
                data.extend_from_slice(&plain);
                return false;
            }
        }
    }
}

/// Deflates in place: this build cannot.
#[cfg(not(feature = "compression"))]
pub(super) fn compress_tail(_data: &mut Vec<u8>, _start: usize, _dialect: Dialect) -> bool {
    false
}

#[cfg(all(test, feature = "compression"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_back() {
        for len in [0, 1, 101, 5000, 1_000_000] {
            let plain: Vec<u8> = (0..len).map(|i| (i % 251) as u8 ^ (i / 977) as u8).collect();
            let mut data = b"head".to_vec();
            data.extend_from_slice(&plain);
            assert!(compress_tail(&mut data, 4, Dialect::Pyro5));
            assert_eq!(&data[..4], b"head");
            assert_eq!(decompress(&data[4..], len.max(1)).expect("inflates"), plain);
            if len > 0 {
                assert_eq!(decompress(&data[4..], len - 1), Err(ProtocolError::Decompressed { max: len - 1 }));
            }
        }
    }

    #[test]
    fn a_bomb_and_a_torn_stream_are_refused() {
        let mut bomb = vec![0; 50_000_000];
        assert!(compress_tail(&mut bomb, 0, Dialect::Pyro5));
        assert!(bomb.len() < 300_000);
        assert_eq!(decompress(&bomb, 1 << 20), Err(ProtocolError::Decompressed { max: 1 << 20 }));
        assert_eq!(decompress(&bomb[..bomb.len() / 2], 1 << 30), Err(ProtocolError::Compression));
        assert_eq!(decompress(b"not zlib", 100), Err(ProtocolError::Compression));
        assert_eq!(decompress(b"", 100), Err(ProtocolError::Compression));
    }

    #[test]
    fn pyro4_compresses_what_becomes_smaller() {
        let mut state = 1_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        let mut dense: Vec<u8> = (0..300).map(|_| random()).collect();
        let before = dense.clone();
        assert!(!compress_tail(&mut dense, 0, Dialect::Pyro4));
        assert_eq!(dense, before);
        assert!(compress_tail(&mut dense, 0, Dialect::Pyro5));
        assert_eq!(decompress(&dense, 300).expect("inflates"), before);
        assert!(compress_tail(&mut vec![0; 300], 0, Dialect::Pyro4));
        assert_eq!([100, 101, 199, 200].map(|len| pays(len, Dialect::Pyro5)), [false, true, true, true]);
        assert_eq!([100, 101, 199, 200].map(|len| pays(len, Dialect::Pyro4)), [false, false, false, true]);
    }
}
