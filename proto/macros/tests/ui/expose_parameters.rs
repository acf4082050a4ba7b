use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn pattern(&self, (a, b): (i64, i64)) -> i64 {
        a + b
    }

    pub fn unnamed(&self, _: i64) {}

    pub fn changed(&self, list: &mut Vec<i64>) {
        list.clear();
    }

    pub fn forever(&self, text: &'static str) {
        drop(text);
    }

    pub fn inside(&self, list: Vec<&str>) {
        drop(list);
    }

    pub fn any(&self, value: impl Clone) {
        drop(value);
    }

    pub fn generic<T, const N: usize>(&self, value: [T; N]) {
        drop(value);
    }

    pub fn conditional(&self, #[cfg(test)] a: i64) {}

    #[rustfmt::skip]
    #[allow(unused_variables)]
    pub fn many(&self, a: i8, b: i8, c: i8, d: i8, e: i8, f: i8, g: i8, h: i8, i: i8, j: i8, k: i8, l: i8, m: i8, n: i8, o: i8, p: i8, q: i8) {}
}

fn main() {}
