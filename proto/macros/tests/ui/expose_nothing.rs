use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    fn private(&self) {}

    pub fn new() -> Self {
        Self
    }
}

fn main() {}
