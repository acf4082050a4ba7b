//! Any bytes as CBOR.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_cbor::fuzzing::read(data));
