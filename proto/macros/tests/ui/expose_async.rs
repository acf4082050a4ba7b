use firesteel_macros::expose;
use firesteel_proto::{Context, Outcome, Stream};
use std::sync::Arc;

struct Chat;

#[expose(crate = firesteel_proto)]
impl Chat {
    pub async fn later(&self) {}

    pub fn alone(&mut self) {}

    pub async fn later_alone(self: &mut Self) {}

    pub async fn with_context(&self, _cx: &mut Context<'_>) {}

    pub async fn stream(&self) -> Stream {
        Stream::new(0..1)
    }

    pub async fn outcome(&self) -> Outcome {
        todo!()
    }

    pub async fn lent(&self) -> &str {
        ""
    }

    pub async fn lives(&self) -> &'static str {
        ""
    }

    fn private(&mut self) {}
}

struct Arced;

#[expose(crate = firesteel_proto)]
impl Arced {
    pub fn arced(self: Arc<Self>) {}

    pub fn alone(&mut self) {}
}

fn main() {}
