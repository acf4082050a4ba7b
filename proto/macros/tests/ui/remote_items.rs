use firesteel_macros::remote;

#[remote(crate = firesteel_proto)]
trait Counting {
    const N: i64;

    type Item;

    fn add(&self, by: i64) -> i64;
}

fn main() {}
