//! A daemon under any clients, on any loop.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_proto::testing::fuzzing::daemon(data));
