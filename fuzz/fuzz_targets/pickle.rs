//! Any bytes as pickle.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_pickle::fuzzing::read(data));
