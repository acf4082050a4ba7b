use firesteel_macros::remote;

#[remote]
struct Counter;

fn main() {}
