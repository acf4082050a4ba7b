//! Small calls and replies are read without allocating.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use firesteel_marshal::{Limits, Options, Reader, from_slice, to_vec};
use serde::Serialize;

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

fn document(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    to_vec(value, &Options::default()).unwrap()
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn a_call_is_walked_through_without_allocating() {
    let bytes = document(&("bench", "nöp", [0_u8; 0], std::collections::BTreeMap::from([("a", 1)])));
    let count = allocations(|| {
        let mut reader = Reader::new(&bytes, Limits::default()).unwrap();
        reader.open_sequence().unwrap();
        for _ in 0..2 {
            assert!(reader.next_element().unwrap());
            assert!(!reader.str().unwrap().is_empty());
        }
        assert!(reader.next_element().unwrap());
        reader.open_sequence().unwrap();
        assert!(!reader.next_element().unwrap());
        assert!(reader.next_element().unwrap());
        reader.open_dict().unwrap();
        assert!(reader.next_entry().unwrap());
        assert_eq!(reader.str().unwrap(), "a");
        assert_eq!(reader.value::<i64>().unwrap(), 1);
        assert!(!reader.next_entry().unwrap());
        assert!(!reader.next_element().unwrap());
        reader.end().unwrap();
    });
    assert_eq!(count, 0);
}

#[test]
fn small_documents_are_read_and_written_without_allocating() {
    let none = document(&());
    let number = document(&-12345);
    let text = document("text");
    let call = document(&("bench", "add", (1, -2), std::collections::BTreeMap::from([("a", (2.5, true))])));
    let mut out = Vec::with_capacity(100);
    let count = allocations(|| {
        from_slice::<()>(&none).unwrap();
        assert_eq!(from_slice::<Option<i64>>(&none).unwrap(), None);
        assert_eq!(from_slice::<i64>(&number).unwrap(), -12345);
        assert_eq!(from_slice::<&str>(&text).unwrap(), "text");
        from_slice::<(&str, &str, (i64, i64), serde::de::IgnoredAny)>(&call).unwrap();
        firesteel_marshal::append(&mut out, &("bench", [1.5], Some(1_u64 << 40)), &Options::default()).unwrap();
    });
    assert_eq!(count, 0);
}
