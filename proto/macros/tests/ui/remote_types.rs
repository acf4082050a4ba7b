#[allow(unused_imports)]
use firesteel_proto::Context;
use firesteel_macros::remote;

#[remote(crate = firesteel_proto)]
trait Counting {
    fn lent(&self) -> &str;

    fn any(&self) -> impl Clone;

    fn this(&self, other: Self);

    fn unnamed(&self, _: i64);

    fn context(&self, cx: &mut Context<'_>);

    fn defaulted(&self, #[default(5)] n: i64);

    fn conditional(&self, #[cfg(test)] a: i64);
}

fn main() {}
