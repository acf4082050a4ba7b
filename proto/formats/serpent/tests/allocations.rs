//! Small calls and replies are read without allocating.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use firesteel_serpent::{HEADER, Limits, Reader, from_slice};

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

fn document(text: &str) -> Vec<u8> {
    [HEADER, text.as_bytes()].concat()
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn a_call_is_walked_through_without_allocating() {
    for text in ["('bench','nop',(),{})", "( 'bench', 'nop', (), {}, )\n", "['\u{e4}','m',[],{}]"] {
        let text = document(text);
        let count = allocations(|| {
            let mut reader = Reader::new(&text, Limits::default()).unwrap();
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
            assert!(!reader.next_entry().unwrap());
            assert!(!reader.next_element().unwrap());
            reader.end().unwrap();
        });
        assert_eq!(count, 0, "{text:?}");
    }
}

#[test]
fn small_documents_are_read_without_allocating() {
    let texts = ["None", "-12345", "(12345,)", "'text'"].map(document);
    let long = document(&format!("'{}'", "x".repeat(64)));
    let call = document("('bench','add',(1,-2),{'a':(2.5,True)})");
    let count = allocations(|| {
        from_slice::<()>(&texts[0]).unwrap();
        assert_eq!(from_slice::<Option<i64>>(&texts[0]).unwrap(), None);
        assert_eq!(from_slice::<i64>(&texts[1]).unwrap(), -12345);
        assert_eq!(from_slice::<(i64,)>(&texts[2]).unwrap(), (12345,));
        assert_eq!(from_slice::<&str>(&texts[3]).unwrap(), "text");
        assert_eq!(from_slice::<&str>(&long).unwrap().len(), 64);
        from_slice::<(&str, &str, (i64, i64), serde::de::IgnoredAny)>(&call).unwrap();
    });
    assert_eq!(count, 0);
}
