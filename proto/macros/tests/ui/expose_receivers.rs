use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn by_value(self) {}

    pub fn boxed(self: Box<Self>) {}

    pub unsafe fn dangerous(&self) {}

    pub fn fine(&self) {}
}

fn main() {}
