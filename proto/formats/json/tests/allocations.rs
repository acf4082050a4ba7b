//! Small calls and replies are read without allocating.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use firesteel_json::{Call, Limits, from_slice};

struct Counting;

thread_local!(static COUNT: Cell<usize> = const { Cell::new(0) });

// The trait is unsafe; what it does here is count and pass on.
#[expect(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn small_documents_are_read_without_allocating() {
    let count = allocations(|| {
        let text = br#"{"kwargs": {"a": ["\n"]}, "object": "bench", "method": "add", "params": [1, -2.5, "text"]}"#;
        let call = Call::read(text, Limits::default()).unwrap();
        assert_eq!(&*call.method, "add");
        assert_eq!(call.params.unwrap().value::<(i64, f64, &str)>().unwrap(), (1, -2.5, "text"));
        call.kwargs.unwrap().skip().unwrap();
        assert_eq!(from_slice::<Option<i64>>(b"null").unwrap(), None);
        assert_eq!(from_slice::<&str>(b"\"text\"").unwrap(), "text");
        assert!(from_slice::<f64>(b"NaN").unwrap().is_nan());
    });
    assert_eq!(count, 0);
}
