//! Any bytes as messages, and messages made of any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_proto::testing::fuzzing::wire(data));
