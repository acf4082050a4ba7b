use firesteel_macros::remote;

#[remote(crate = firesteel_proto)]
trait Counting<T> {
    fn add(&self, by: T) -> T;
}

fn main() {}
