//! What a call allocates. A program of its own: the allocator counts for all threads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use firesteel_blocking::Server;
use firesteel_proto::{Config, Local, expose};
use firesteel_tokio::Connector;
use tokio::runtime::Builder;

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// The trait is unsafe; what it does here is count and pass on.
#[expect(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Adder;

#[expose(crate = firesteel_proto)]
impl Adder {
    pub fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }
}

/// A server on a thread, and our end of its socket.
fn served() -> UnixStream {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    thread::spawn(move || {
        let mut server: Server<Local> = Server::unbound(Config::default()).expect("a server");
        server.daemon.register("adder", Adder).expect("a free id");
        server.adopt(theirs).expect("a session");
        server.run().expect("served");
    });
    ours
}

/// The fewest that one of many calls costs, with those of the server.
fn fewest(mut call: impl FnMut(i64)) -> usize {
    (0..200)
        .map(|n| {
            let before = COUNT.load(Ordering::SeqCst);
            call(n);
            COUNT.load(Ordering::SeqCst) - before
        })
        .min()
        .unwrap_or_default()
}

#[test]
fn a_call_allocates_as_much_as_a_blocking_one() {
    let blocking = firesteel_blocking::Connector::default().adopt("adder", served()).expect("a socket");
    let blocking = fewest(|n| assert_eq!(blocking.call::<i64>("add", &(n, 1)), Ok(n + 1)));

    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let proxy = runtime.block_on(async { Connector::default().adopt("adder", served()) }).expect("a socket");
    let plain = fewest(|n| runtime.block_on(async { assert_eq!(proxy.call::<i64>("add", &(n, 1)).await, Ok(n + 1)) }));
    assert_eq!(plain, blocking);
    let timed = proxy.timeout(std::time::Duration::from_secs(60));
    let timed = fewest(|n| runtime.block_on(async { assert_eq!(timed.call::<i64>("add", &(n, 1)).await, Ok(n + 1)) }));
    assert_eq!(timed, blocking);
}
