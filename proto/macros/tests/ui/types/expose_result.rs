use firesteel_proto::Fault;

struct Point;

use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn value(&self) -> Vec<Point> {
        vec![Point]
    }

    pub fn checked(&self) -> Result<Point, Fault> {
        Ok(Point)
    }

    pub fn failed(&self) -> Result<i64, Point> {
        Err(Point)
    }

    #[attr]
    pub fn point(&self) -> Option<&Point> {
        None
    }
}

fn main() {}
