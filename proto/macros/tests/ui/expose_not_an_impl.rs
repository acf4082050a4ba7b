use firesteel_macros::expose;

#[expose]
struct Counter;

impl Counter {
    #[expose(skip)]
    pub fn left_out(&self) {}
}

trait Counting {
    fn count(&self);
}

#[expose]
impl Counting for Counter {
    fn count(&self) {}
}

fn main() {}
