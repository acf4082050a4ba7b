use firesteel_macros::expose;
use std::rc::Rc;

struct Chat;

#[expose(crate = firesteel_proto)]
impl Chat {
    pub async fn not_send(&self) {
        let rc = Rc::new(1);
        std::future::ready(()).await;
        drop(rc);
    }
}

fn main() {}
