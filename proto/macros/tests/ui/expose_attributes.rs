use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    #[attr]
    pub fn nothing(&self) {}

    #[attr]
    pub fn level(&mut self, level: i64) {
        drop(level);
    }

    #[attr]
    pub fn set_two(&mut self, a: i64, b: i64) {
        drop((a, b));
    }

    #[attr]
    pub fn set_value(&mut self, value: i64) -> i64 {
        value
    }

    #[attr]
    pub fn set__private(&mut self, value: i64) {
        drop(value);
    }

    #[attr]
    pub fn set_name(&mut self, #[default] name: String) {
        drop(name);
    }

    #[attr]
    #[oneway]
    pub fn quick(&self) -> i64 {
        0
    }
}

fn main() {}
