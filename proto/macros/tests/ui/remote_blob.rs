use firesteel_macros::remote;
use firesteel_proto::SerializedBlob;

#[remote(crate = firesteel_proto)]
trait Dispatching {
    fn process(&self, topic: &str, blob: &SerializedBlob);
}

fn main() {}
