//! Any bytes as marshal.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_marshal::fuzzing::read(data));
