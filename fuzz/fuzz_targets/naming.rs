//! A client that looks for names, under any name server and any datagram.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firesteel_proto::testing::fuzzing::naming(data));
