use firesteel_macros::expose;

struct One;

#[expose(crate = firesteel_proto, name = "Two")]
impl One {
    pub fn one(&self) {}
}

fn main() {}
