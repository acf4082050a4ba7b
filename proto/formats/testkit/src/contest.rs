//! Two ways to read and to write the same, measured side by side.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use firesteel_value::Blob;

/// A benchmark of criterion with two functions in each group: ours and that of another crate.
pub struct Contest<'c> {
    criterion: &'c mut Criterion,
    ours: &'static str,
    theirs: &'static str,
}

impl<'c> Contest<'c> {
    /// A contest between two of these names.
    pub fn new(criterion: &'c mut Criterion, ours: &'static str, theirs: &'static str) -> Contest<'c> {
        Contest { criterion, ours, theirs }
    }

    /// Reads something.
    pub fn read<A, B>(&mut self, what: &str, mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) {
        let mut group = self.criterion.benchmark_group(format!("read {what}"));
        group.bench_function(self.ours, |b| b.iter(&mut ours));
        group.bench_function(self.theirs, |b| b.iter(&mut theirs));
        group.finish();
    }

    /// Writes something into a vector, which is empty each time and has the room.
    pub fn write(&mut self, what: &str, mut ours: impl FnMut(&mut Vec<u8>), mut theirs: impl FnMut(&mut Vec<u8>)) {
        let mut out = Vec::with_capacity(4096);
        let mut group = self.criterion.benchmark_group(format!("write {what}"));
        group.bench_function(self.ours, |b| b.iter(|| emptied(&mut out, &mut ours)));
        group.bench_function(self.theirs, |b| b.iter(|| emptied(&mut out, &mut theirs)));
        group.finish();
    }
}

/// Ten mebibytes of bytes, read and written: what costs no more than the copying does.
pub fn ten_mebibytes<T>(
    criterion: &mut Criterion,
    mut write: impl FnMut(&mut Vec<u8>, &Blob),
    mut read: impl FnMut(&[u8]) -> T,
) {
    let blob = Blob::from(vec![0xa5; 10 << 20]);
    let mut out = Vec::new();
    write(&mut out, &blob);
    let mut group = criterion.benchmark_group("10 MiB of bytes");
    group.sample_size(20).throughput(Throughput::Bytes(10 << 20));
    group.bench_function("read", |b| b.iter(|| read(black_box(&out))));
    group.bench_function("write", |b| b.iter(|| emptied(&mut out, |out| write(out, black_box(&blob)))));
    group.finish();
}

fn emptied(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.clear();
    write(out);
    black_box(&*out);
}
