use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    #[attr]
    pub fn set_level(&mut self, level: i64) {
        drop(level);
    }
}

fn main() {}
