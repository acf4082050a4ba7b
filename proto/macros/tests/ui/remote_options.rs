use firesteel_macros::remote;

#[remote(crate = firesteel_proto, world = i64)]
trait Counting {
    fn add(&self, by: i64) -> i64;
}

fn main() {}
