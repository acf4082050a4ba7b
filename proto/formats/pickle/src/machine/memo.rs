//! The memo: values by numbers that the pickle chooses.

use std::collections::BTreeMap;

use crate::arena::Node;

/// A list, as Python numbers from 0 on; numbers that are larger than the pickle go into a map.
pub(super) struct Memo {
    near: Vec<Option<Node>>,
    far: BTreeMap<u64, Node>,
    count: u64,
}

impl Memo {
    pub(super) fn with_capacity(capacity: usize) -> Memo {
        Memo { near: Vec::with_capacity(capacity), far: BTreeMap::new(), count: 0 }
    }

    /// Puts a value at a number; the limit for the list is the size of the pickle.
    #[inline]
    pub(super) fn put(&mut self, index: u64, node: Node, limit: usize) {
        if index == self.near.len() as u64 {
            self.near.push(Some(node));
            self.count += 1;
        } else {
            self.put_anywhere(index, node, limit);
        }
    }

    #[inline(never)]
    fn put_anywhere(&mut self, index: u64, node: Node, limit: usize) {
        let before = if index < limit as u64 {
            let index = index as usize;
            if index >= self.near.len() {
                self.near.resize(index + 1, None);
            }
            self.near[index].replace(node)
        } else {
            self.far.insert(index, node)
        };
        self.count += u64::from(before.is_none());
    }

    /// Puts a value at the number of values.
    #[inline]
    pub(super) fn append(&mut self, node: Node, limit: usize) {
        self.put(self.count, node, limit);
    }

    #[inline]
    pub(super) fn get(&self, index: u64) -> Option<Node> {
        match self.near.get(usize::try_from(index).ok()?) {
            Some(node) => *node,
            None => self.far.get(&index).copied(),
        }
    }
}
