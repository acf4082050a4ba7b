use firesteel_macros::expose;

struct Chat;

struct NotSerializable;

#[expose(crate = firesteel_proto)]
impl Chat {
    pub async fn not_serializable(&self) -> NotSerializable {
        NotSerializable
    }
}

fn register<T: firesteel_proto::Object>(_: T) {}

fn main() {
    register(Chat);
}
