//! A sorted table of names that can be copied in no time: a listing goes through its copy while others register.

use std::sync::Arc;

use super::{Entry, Item, Listing};

/// Names of one chunk, at most. Who writes while a copy is out copies one chunk.
const FULL: usize = 256;
/// Below that, a chunk is put together with the next one where both fit.
const FEW: usize = FULL / 4;

/// Names in order, in chunks of which none is empty.
#[derive(Clone, Default)]
pub(super) struct Table {
    chunks: Arc<Vec<Arc<Vec<Item>>>>,
    len: usize,
}

/// A place between two names.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    chunk: usize,
    at: usize,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<Entry>> {
        let place = self.find(name).ok()?;
        Some(&self.chunks[place.chunk][place.at].1)
    }

    /// Takes in a name, or gives it a new meaning.
    pub(super) fn insert(&mut self, name: &str, entry: Entry) {
        let entry = Arc::new(entry);
        let place = self.find(name);
        let chunks = Arc::make_mut(&mut self.chunks);
        match place {
            Ok(Place { chunk, at }) => Arc::make_mut(&mut chunks[chunk])[at].1 = entry,
            Err(Place { chunk, at }) => {
                self.len += 1;
                if chunks.is_empty() {
                    chunks.push(Arc::default());
                }
                let names = Arc::make_mut(&mut chunks[chunk]);
                names.insert(at, (name.into(), entry));
                if names.len() > FULL {
                    let rest = names.split_off(FULL / 2);
                    chunks.insert(chunk + 1, Arc::new(rest));
                }
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Ok(Place { chunk, at }) = self.find(name) else { return false };
        self.len -= 1;
        let chunks = Arc::make_mut(&mut self.chunks);
        let names = Arc::make_mut(&mut chunks[chunk]);
        names.remove(at);
        if names.is_empty() {
            chunks.remove(chunk);
        } else if names.len() < FEW && chunks.get(chunk + 1).is_some_and(|next| next.len() <= FULL / 2) {
            let next = chunks.remove(chunk + 1);
            Arc::make_mut(&mut chunks[chunk]).extend(next.iter().cloned());
        }
        true
    }

    /// Those that begin with `prefix`.
    pub(super) fn with_prefix(&self, prefix: &str) -> Listing {
        let begin = self.place(|name| name < prefix);
        let end = self.place(|name| name < prefix || name.starts_with(prefix));
        let between = &self.chunks[begin.chunk..end.chunk];
        let len = between.iter().map(|chunk| chunk.len()).sum::<usize>() + end.at - begin.at;
        let (table, mut place) = (self.clone(), begin);
        let items = std::iter::from_fn(move || {
            if place == end {
                return None;
            }
            if table.chunks.get(place.chunk)?.len() == place.at {
                place = Place { chunk: place.chunk + 1, at: 0 };
            }
            let item = table.chunks.get(place.chunk)?.get(place.at)?.clone();
            place.at += 1;
            Some(item)
        });
        Listing::new(items, len)
    }

    /// Where a name is, or would be.
    fn find(&self, name: &str) -> Result<Place, Place> {
        // The last chunk that does not begin behind it.
        let chunk = self.chunks.partition_point(|chunk| &*chunk[0].0 <= name).saturating_sub(1);
        let Some(names) = self.chunks.get(chunk) else { return Err(Place { chunk, at: 0 }) };
        match names.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(at) => Ok(Place { chunk, at }),
            Err(at) => Err(Place { chunk, at }),
        }
    }

    /// Where the names end for which `before` holds, which are the first ones.
    fn place(&self, before: impl Fn(&str) -> bool) -> Place {
        let chunk = self.chunks.partition_point(|chunk| before(&chunk[0].0)).saturating_sub(1);
        let at = self.chunks.get(chunk).map_or(0, |names| names.partition_point(|(name, _)| before(name)));
        Place { chunk, at }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::storage::Tags;

    fn names(table: &Table, prefix: &str) -> Vec<(String, String)> {
        let listing = table.with_prefix(prefix);
        let len = listing.at_most();
        let items: Vec<_> = listing.map(|(name, entry)| (name.to_string(), entry.uri.clone())).collect();
        assert_eq!(items.len(), len, "{prefix:?}");
        items
    }

    /// Many names, so that chunks are split and put together, beside a map.
    #[test]
    fn it_is_a_sorted_map_whose_copies_stay() {
        let (mut table, mut model) = (Table::default(), BTreeMap::new());
        let mut copies = Vec::new();
        let mut random = 1_u64;
        for step in 0..20_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let name = format!("{:x}", (random >> 40) % 3_000);
            // It grows, and shrinks at the end.
            if (random >> 33) % 100 < if step < 12_000 { 70 } else { 15 } {
                table.insert(&name, Entry::new(step.to_string(), Tags::new()));
                model.insert(name, step.to_string());
            } else {
                assert_eq!(table.remove(&name), model.remove(&name).is_some());
            }
            assert_eq!(table.len(), model.len());
            if step % 1_000 == 0 {
                copies.push((table.clone(), model.clone()));
            }
        }
        for (table, model) in copies {
            for prefix in ["", "1", "a", "ab", "abc", "abcd", "zz"] {
                let expected: Vec<_> = model.clone().into_iter().filter(|(name, _)| name.starts_with(prefix)).collect();
                assert_eq!(names(&table, prefix), expected);
            }
            for (name, uri) in &model {
                assert_eq!(table.get(name).map(|entry| &entry.uri), Some(uri));
            }
            assert!(table.get("missing").is_none());
        }
    }
}
