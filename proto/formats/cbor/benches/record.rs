//! Speed on one record.

fn main() {}
