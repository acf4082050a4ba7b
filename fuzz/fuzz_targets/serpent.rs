//! Any bytes as serpent.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_serpent::fuzzing::read(data));
