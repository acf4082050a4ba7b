//! A client with calls in flight, under any server.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_proto::testing::fuzzing::client(data));
