// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arrays of structures whose fields move without being changed: what is copied for one element is copied for
//! each, so it is found out once.

use std::ops::Range;

use super::plan::{Node, NodeId, Part, Plan};

/// What is copied for each element of an array.
pub(super) struct Copies<'p> {
    /// Bytes of the old element, and of the new one.
    pieces: Vec<(Range<usize>, Range<usize>)>,
    /// The bytes of the new element that are copied, in as few ranges as possible.
    pub(super) written: Vec<Range<usize>>,
    /// What is done with each element afterwards.
    pub(super) after: &'p [Part],
}

impl<'p> Copies<'p> {
    /// Of an element; `None` if more is done with it than copying.
    pub(super) fn of(plan: &'p Plan, element: NodeId) -> Option<Self> {
        let after = match plan.node(element)? {
            Node::Record(record) => &*record.after,
            _ => &[],
        };
        let mut copies = Self { pieces: Vec::new(), written: Vec::new(), after };
        copies.add(plan, element, (0, 0), true)?;
        let mut written: Vec<Range<usize>> = copies.pieces.iter().map(|(_, new)| new.clone()).collect();
        written.sort_by_key(|range| range.start);
        for range in written {
            match copies.written.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                _ => copies.written.push(range),
            }
        }
        Some(copies)
    }

    fn add(&mut self, plan: &Plan, id: NodeId, (old, new): (u64, u64), is_element: bool) -> Option<()> {
        match plan.node(id)? {
            Node::Copy { size } => {
                let range = |start: u64| {
                    let end = start.checked_add(*size)?;
                    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
                };
                self.pieces.push((range(old)?, range(new)?));
                Some(())
            }
            Node::Record(record) if is_element || record.after.is_empty() => {
                for part in &record.parts {
                    let places = (old.checked_add(part.old)?, new.checked_add(part.new)?);
                    self.add(plan, part.node, places, false)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// How many there are for each element.
    pub(super) fn count(&self) -> usize {
        self.pieces.len()
    }

    /// Copies them from all elements in `old` to those in `new`. `false` if one lies outside of its element,
    /// or an element has no size.
    pub(super) fn run(
        &self,
        (old, old_stride): (&[u8], usize),
        (new, new_stride): (&mut [u8], usize),
    ) -> bool {
        if old_stride == 0 || new_stride == 0 {
            return false;
        }
        self.pieces.iter().all(|(from, to)| {
            let rows = (old, old_stride, from.clone());
            match from.len() {
                1 => copy_words::<1>(rows, (new, new_stride, to.start)),
                2 => copy_words::<2>(rows, (new, new_stride, to.start)),
                4 => copy_words::<4>(rows, (new, new_stride, to.start)),
                8 => copy_words::<8>(rows, (new, new_stride, to.start)),
                16 => copy_words::<16>(rows, (new, new_stride, to.start)),
                _ => copy_ranges(rows, (new, new_stride, to.clone())),
            }
        })
    }
}

/// Copies the same `N` bytes of each element. For few bytes this is a fraction of what a call costs.
fn copy_words<const N: usize>(
    (old, old_stride, from): (&[u8], usize, Range<usize>),
    (new, new_stride, to): (&mut [u8], usize, usize),
) -> bool {
    for (old, new) in old.chunks_exact(old_stride).zip(new.chunks_exact_mut(new_stride)) {
        let from = old.get(from.start..).and_then(<[u8]>::first_chunk::<N>);
        let to = new.get_mut(to..).and_then(<[u8]>::first_chunk_mut::<N>);
        let (Some(from), Some(to)) = (from, to) else { return false };
        *to = *from;
    }
    true
}

/// As [`copy_words`], for any number of bytes.
fn copy_ranges(
    (old, old_stride, from): (&[u8], usize, Range<usize>),
    (new, new_stride, to): (&mut [u8], usize, Range<usize>),
) -> bool {
    for (old, new) in old.chunks_exact(old_stride).zip(new.chunks_exact_mut(new_stride)) {
        let (Some(from), Some(to)) = (old.get(from.clone()), new.get_mut(to.clone())) else { return false };
        to.copy_from_slice(from);
    }
    true
}
