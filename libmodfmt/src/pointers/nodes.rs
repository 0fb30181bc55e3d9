// SPDX-License-Identifier: MIT OR Apache-2.0
//! The nodes of the kernel's lists and trees, from their heads on.
//!
//! Memory may change or be freed meanwhile, and may be damaged. So each node is visited once, what cannot be
//! read ends the walk, and there is a limit. Why a walk ended early is said.

use std::collections::HashSet;

use crate::elf::Class;

/// Places in `struct rb_node`, in words; before them is the parent.
const RB_RIGHT: u64 = 1;
const RB_LEFT: u64 = 2;
/// A red-black tree of 2^32 nodes is at most 64 levels deep.
const MAX_TREE_DEPTH: usize = 64;

/// The nodes of one list or tree, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nodes {
    /// Their addresses.
    pub nodes: Vec<u64>,
    /// The node at which the walk ended, if its memory cannot be read.
    pub unreadable: Option<u64>,
    /// Why there are not more.
    pub note: Option<String>,
}

/// Walks along nodes.
#[expect(missing_debug_implementations, reason = "it has a function")]
pub struct NodeWalk<'w> {
    /// The size of a word.
    pub class: Class,
    /// Reads the word at an address.
    pub read: &'w dyn Fn(u64) -> Option<u64>,
    /// Most nodes.
    pub limit: usize,
    /// All nodes and heads that were met so far.
    pub seen: &'w mut HashSet<u64>,
}

impl NodeWalk<'_> {
    /// `struct list_head`: a ring, of which the head is a part. None for one that is empty, that was never
    /// initialised or that was met already.
    pub fn list(&mut self, head: u64, first: u64) -> Option<Nodes> {
        if first == head || first == 0 || !self.seen.insert(head) {
            return None;
        }
        Some(self.line(first, head))
    }

    /// `struct hlist_head`: ends with NULL.
    pub fn hlist(&mut self, first: u64) -> Option<Nodes> {
        (first != 0).then(|| self.line(first, 0))
    }

    fn line(&mut self, first: u64, end: u64) -> Nodes {
        let mut found = Nodes::default();
        let mut next = first;
        while next != end && self.goes_on(next, &mut found) {
            match (self.read)(next) {
                Some(after) => {
                    found.nodes.push(next);
                    next = after;
                }
                None => {
                    found.end_at(next);
                    break;
                }
            }
        }
        found
    }

    /// `struct rb_root`: the nodes from left to right.
    pub fn tree(&mut self, root: u64) -> Option<Nodes> {
        if root == 0 {
            return None;
        }
        let mut found = Nodes::default();
        // Nodes whose left side is being walked, or was.
        let mut pending: Vec<u64> = Vec::new();
        let mut next = root;
        loop {
            while next != 0 {
                if pending.len() >= MAX_TREE_DEPTH {
                    found.note = Some("ends: deeper than such trees are".to_owned());
                    return Some(found);
                }
                if !self.goes_on(next, &mut found) {
                    return Some(found);
                }
                let Some(left) = self.at(next, RB_LEFT) else {
                    found.end_at(next);
                    return Some(found);
                };
                pending.push(next);
                next = left;
            }
            let Some(node) = pending.pop() else { return Some(found) };
            if found.nodes.len() >= self.limit {
                found.note = Some(self.more());
                return Some(found);
            }
            found.nodes.push(node);
            next = self.at(node, RB_RIGHT).unwrap_or(0);
        }
    }

    fn at(&self, node: u64, words: u64) -> Option<u64> {
        let offset = words.checked_mul(self.class.word_size() as u64)?;
        (self.read)(node.checked_add(offset)?)
    }

    fn goes_on(&mut self, next: u64, found: &mut Nodes) -> bool {
        if found.nodes.len() >= self.limit {
            found.note = Some(self.more());
        } else if !self.seen.insert(next) {
            found.note = Some(format!("ends in a circle, or in another list: {next:#x} was met before"));
        } else {
            return true;
        }
        false
    }

    fn more(&self) -> String {
        format!("... (there are more than {})", self.limit)
    }
}

impl Nodes {
    fn end_at(&mut self, unreadable: u64) {
        self.unreadable = Some(unreadable);
        self.note = Some(format!("ends at memory that cannot be read: {unreadable:#x}"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn walk(
        memory: &[(u64, u64)],
        limit: usize,
        start: impl Fn(&mut NodeWalk<'_>) -> Option<Nodes>,
    ) -> Option<Nodes> {
        walk_of(Class::Elf64, memory, limit, start)
    }

    fn walk_of(
        class: Class,
        memory: &[(u64, u64)],
        limit: usize,
        start: impl Fn(&mut NodeWalk<'_>) -> Option<Nodes>,
    ) -> Option<Nodes> {
        let memory: HashMap<u64, u64> = memory.iter().copied().collect();
        let read = |address| memory.get(&address).copied();
        start(&mut NodeWalk { class, read: &read, limit, seen: &mut HashSet::new() })
    }

    fn nodes(nodes: &[u64], note: Option<&str>) -> Option<Nodes> {
        Some(Nodes { nodes: nodes.to_vec(), unreadable: None, note: note.map(str::to_owned) })
    }

    #[test]
    fn rings_and_lines() {
        let ring = [(0x10, 0x20), (0x20, 0x30), (0x30, 0x10)];
        assert_eq!(walk(&ring, 9, |walk| walk.list(0x10, 0x20)), nodes(&[0x20, 0x30], None));
        assert_eq!(walk(&ring, 9, |walk| walk.list(0x10, 0x10)), None, "empty");
        assert_eq!(walk(&ring, 9, |walk| walk.list(0x10, 0)), None, "zeros");
        let cut = "... (there are more than 1)";
        assert_eq!(walk(&ring, 1, |walk| walk.list(0x10, 0x20)), nodes(&[0x20], Some(cut)));
        let again = |walk: &mut NodeWalk<'_>| walk.list(0x10, 0x20).and_then(|_| walk.list(0x20, 0x30));
        assert_eq!(walk(&ring, 9, again), None, "met already");
        let torn = [(0x20, 0x30)];
        let note = "ends at memory that cannot be read: 0x30";
        let ended = Nodes { unreadable: Some(0x30), ..nodes(&[0x20], Some(note)).unwrap() };
        assert_eq!(walk(&torn, 9, |walk| walk.list(0x10, 0x20)), Some(ended));
        let circle = [(0x20, 0x30), (0x30, 0x20)];
        let note = "ends in a circle, or in another list: 0x20 was met before";
        assert_eq!(walk(&circle, 9, |walk| walk.hlist(0x20)), nodes(&[0x20, 0x30], Some(note)));
        assert_eq!(walk(&[(0x20, 0)], 9, |walk| walk.hlist(0x20)), nodes(&[0x20], None));
        assert_eq!(walk(&[], 9, |walk| walk.hlist(0)), None);
    }

    #[test]
    fn trees_in_order() {
        // 0x200 has 0x100 to its left and 0x300 to its right.
        let node = |at: u64, left: u64, right: u64| [(at + 16, left), (at + 8, right)];
        let tree = [node(0x200, 0x100, 0x300), node(0x100, 0, 0), node(0x300, 0, 0)].concat();
        assert_eq!(walk(&tree, 9, |walk| walk.tree(0x200)), nodes(&[0x100, 0x200, 0x300], None));
        assert_eq!(
            walk(&tree, 2, |walk| walk.tree(0x200)),
            nodes(&[0x100, 0x200], Some("... (there are more than 2)"))
        );
        let small = |at: u64, left: u64, right: u64| [(at + 8, left), (at + 4, right)];
        let tree = [small(0x200, 0x100, 0x300), small(0x100, 0, 0), small(0x300, 0, 0)].concat();
        let found = walk_of(Class::Elf32, &tree, 9, |walk| walk.tree(0x200));
        assert_eq!(found, nodes(&[0x100, 0x200, 0x300], None));
        let circle = [node(0x200, 0, 0x300), node(0x300, 0, 0x200)].concat();
        let note = "ends in a circle, or in another list: 0x200 was met before";
        assert_eq!(walk(&circle, 9, |walk| walk.tree(0x200)), nodes(&[0x200, 0x300], Some(note)));
        let deep: Vec<_> = (1..100).flat_map(|at| node(at << 8, (at + 1) << 8, 0)).collect();
        let found = walk(&deep, 999, |walk| walk.tree(0x100)).unwrap();
        assert_eq!(found.note.as_deref(), Some("ends: deeper than such trees are"));
    }
}
