use serde::Deserialize;

struct Point;

#[derive(Deserialize)]
struct Readable;

use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn one(&self, first: i64, point: Point) {
        drop((first, point));
    }

    pub fn lent(&self, point: &Point) {
        let _ = point;
    }

    pub fn many(&self, points: Vec<Option<Point>>, more: String) {
        drop((points, more));
    }

    pub fn defaulted(&self, #[default] point: Readable) {
        drop(point);
    }

    pub fn wrong(&self, #[default("five")] n: i64) {
        drop(n);
    }

    pub fn several(&self, a: Readable, b: Point) {
        drop((a, b));
    }
}

fn main() {}
