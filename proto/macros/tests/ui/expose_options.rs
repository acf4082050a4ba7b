use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    #[expose(hide)]
    pub fn hidden(&self) {}

    #[oneway(true)]
    pub fn told(&self) {}

    #[expose(name = 5)]
    pub fn number(&self) {}

    #[expose(skip = true)]
    pub fn skipped(&self) {}

    pub fn defaulted(&self, #[default = 5] _n: i64) {}
}

fn main() {}
