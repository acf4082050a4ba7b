//! A socketpair between two processes of ours: the example, with the child that it starts.

#[path = "../examples/child_process.rs"]
mod child_process;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    child_process::main()
}
