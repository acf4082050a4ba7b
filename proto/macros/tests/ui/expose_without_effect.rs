use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    #[oneway]
    fn private(&self) {}

    #[attr]
    pub(crate) fn internal(&self) -> i64 {
        0
    }

    #[expose(name = "other")]
    pub fn new() -> Self {
        Self
    }

    #[skip]
    #[oneway]
    pub fn skipped(&self) {}

    fn defaulted(&self, #[default] n: i64) {
        drop(n);
    }
}

fn main() {}
