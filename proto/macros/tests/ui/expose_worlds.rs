use firesteel_proto::Context;
use firesteel_macros::expose;

struct Counter;

#[expose(crate = firesteel_proto)]
impl Counter {
    pub fn one(&self, cx: &mut Context<'_, i64>) {
        *cx.world += 1;
    }

    pub fn other(&self, cx: &mut Context<'_, String>) {
        cx.world.clear();
    }

    pub fn plain(&self, cx: &Context<'_>) -> bool {
        cx.is_oneway()
    }

    pub fn any<W>(&self, cx: &Context<'_, W>) -> bool {
        cx.is_oneway()
    }

    pub fn every<X>(&self, cx: &Context<'_, X>) -> bool {
        cx.is_oneway()
    }

    pub fn defaulted(&self, #[default] cx: &Context<'_, i64>) -> bool {
        cx.is_oneway()
    }
}

fn main() {}
