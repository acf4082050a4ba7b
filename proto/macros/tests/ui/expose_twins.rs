use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn add(&mut self) {}

    #[expose(name = "add")]
    pub fn plus(&mut self) {}

    #[attr]
    #[expose(name = "add")]
    pub fn sum(&self) -> i64 {
        0
    }
}

fn main() {}
