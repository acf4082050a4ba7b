use firesteel_macros::remote;

#[remote(crate = firesteel_proto)]
trait Counting {
    fn body(&self) -> i64 {
        1
    }

    async fn later(&self) -> i64;

    fn new() -> i64;

    fn by_value(self) -> i64;

    unsafe fn dangerous(&self);

    #[skip]
    fn skipped(&self);

    #[oneway]
    fn told(&self) -> i64;

    #[remote(name = "_secret")]
    fn secret(&self);

    fn _hidden(&self);

    #[remote(skip)]
    fn unknown(&self);

    #[attr]
    fn nothing(&self);

    fn twin(&self);

    #[remote(name = "twin")]
    fn other(&self);
}

fn main() {}
