use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn _hidden(&self) {}

    pub fn __init__(&mut self) {}

    #[expose(name = "_secret")]
    pub fn secret(&self) {}

    #[expose(name = "__reduce__")]
    pub fn reduce(&self) {}

    #[expose(name = "two words")]
    pub fn words(&self) {}
}

fn main() {}
