//! A tick in which nobody comes or goes allocates nothing. A program of its own: the allocator counts for all threads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use firesteel_proto::{Budget, Config, Request, expose};
use firesteel_tick::{Client, Server};

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

struct Idle;

#[expose(crate = firesteel_proto)]
impl Idle {
    pub fn nop(&self) {}
}

#[test]
fn a_tick_allocates_nothing_of_its_own() {
    let now = Instant::now();
    let mut server: Server = Server::bind(now, "127.0.0.1:0", Config::default()).expect("a free port");
    server.daemon.register("idle", Idle).expect("a free id");
    let mut client = Client::new(now, Config::default());
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    server.adopt(now, theirs).expect("a session");
    let idle = client.adopt(now, "idle", ours).expect("a socket");
    let mut counts = Vec::new();
    for _ in 0..10 {
        client.calls.notify(now, idle, &Request::method("nop", &())).expect("sent");
        client.tick(now);
        let before = COUNT.load(Ordering::Relaxed);
        let calls = server.tick(now, &mut (), Budget::calls(8)).calls;
        counts.push((calls, COUNT.load(Ordering::Relaxed) - before));
        let before = COUNT.load(Ordering::Relaxed);
        client.tick(now);
        assert_eq!(server.tick(now, &mut (), Budget::calls(8)).calls, 0);
        counts.push((0, COUNT.load(Ordering::Relaxed) - before));
        while client.poll_event().is_some() {}
    }
    // Warm from the second round on.
    assert!(counts[4..].iter().all(|(_, count)| *count == 0), "{counts:?}");
    assert!(counts.iter().step_by(2).all(|(calls, _)| *calls == 1), "{counts:?}");
}
