//! Any bytes as msgpack.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_msgpack::fuzzing::read(data));
