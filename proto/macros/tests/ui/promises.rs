use firesteel_macros::{expose, remote};

struct Log;

#[expose(crate = firesteel_proto)]
impl Log {
    #[ordered]
    pub fn answered(&self) -> i64 {
        1
    }

    #[ordered]
    #[skip]
    pub fn skipped(&self) {}
}

#[remote(crate = firesteel_proto)]
pub trait Account {
    #[oneway]
    #[idempotent]
    fn pay(&mut self, amount: i64);
}

fn main() {}
