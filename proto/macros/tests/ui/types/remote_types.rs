struct Point;

use firesteel_macros::remote;

#[remote(crate = firesteel_proto)]
trait Counting {
    fn send(&self, first: i64, point: Point) -> i64;

    fn receive(&self) -> Point;

    #[attr]
    fn points(&self) -> Vec<Point>;
}

fn main() {}
