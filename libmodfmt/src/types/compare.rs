// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether two types read the same bytes the same way, and where they first differ.
//!
//! Pairs of types are compared breadth first, so that the difference found is the one nearest to the
//! variable. A pair that was met before counts as equal: that is how lists, which lead back to themselves,
//! come to an end.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use super::describe::c_text;
use super::difference::{Step, TypeDifference};
use super::one_pair::{Verdict, same_tag, without_parts};
use super::{KernelTypes, Type, TypeId, Types, layout_hash};

/// Most pairs of types and parts of them in all comparisons of two sources. A driver's types make some
/// thousands.
const MAX_PARTS: usize = 1 << 21;

/// How much of two types was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completeness {
    /// Something was not known on one side, or there was too much to compare.
    Partial,
    /// Everything that is defined on both sides.
    Full,
}

/// A pair that is to be compared, and how it was reached.
struct Pair {
    old: TypeId,
    new: TypeId,
    from: Option<usize>,
    step: Option<Step>,
    behind_pointer: bool,
}

/// Compares the type of a kept variable with the type that a new version has for it.
///
/// # Errors
/// The difference nearest to the variable.
pub fn compare(old: (&dyn Types, TypeId), new: (&dyn Types, TypeId)) -> Result<Completeness, TypeDifference> {
    Comparison::new(old.0, new.0).of(old.1, new.1)
}

/// Two sources of types to be compared.
#[derive(Debug)]
pub struct Comparison<'t> {
    /// Of what is kept.
    pub old: &'t dyn Types,
    /// Of the new version.
    pub new: &'t dyn Types,
    /// Which types of the old side and of the new one the kernel has, for those that the other side knows by
    /// name and hash only.
    kernel: Option<[Box<dyn KernelTypes + 't>; 2]>,
    /// Pairs that were met before in types that were found equal: how much of each was compared.
    known: RefCell<HashMap<(TypeId, TypeId), Completeness>>,
    /// Parts that may still be looked at.
    parts_left: Cell<usize>,
}

impl<'t> Comparison<'t> {
    /// Of two sources, without knowledge of the kernel's types.
    #[must_use]
    pub fn new(old: &'t dyn Types, new: &'t dyn Types) -> Self {
        Self { old, new, kernel: None, known: RefCell::default(), parts_left: Cell::new(MAX_PARTS) }
    }

    /// There was too much to compare. What is asked from now on is [`Completeness::Partial`] unless it was
    /// found out before.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.parts_left.get() == 0
    }

    /// The same, with knowledge of which types the kernel has: of those of the old side, and of those of the
    /// new one. It is asked about types that one side describes, and that the other one knows by their name
    /// and the kernel's hash only.
    #[must_use]
    pub fn with_kernel(self, old: Box<dyn KernelTypes + 't>, new: Box<dyn KernelTypes + 't>) -> Self {
        Self { kernel: Some([old, new]), ..self }
    }

    /// Compares one type of each side. What was found equal is not compared again by a later call.
    ///
    /// # Errors
    /// The difference nearest to the variable.
    pub fn of(&self, old: TypeId, new: TypeId) -> Result<Completeness, TypeDifference> {
        if let Some(known) = self.known.borrow().get(&(old, new)) {
            return Ok(*known);
        }
        let (old_types, new_types) = (self.old, self.new);
        let mut seen = HashMap::from([((old, new), 0)]);
        let mut pairs = vec![Pair { old, new, from: None, step: None, behind_pointer: false }];
        let mut partial = PartialPairs::default();
        let mut next = 0;
        while let Some(pair) = pairs.get(next) {
            let (old, new) = (old_types.get(pair.old), new_types.get(pair.new));
            let parts = match self.without_parts((&old, pair.old), (&new, pair.new), pair.behind_pointer) {
                Verdict::Same(parts) => parts,
                Verdict::Unknown => {
                    partial.add(next);
                    Vec::new()
                }
                Verdict::Differs(what) => {
                    let texts = [c_text(old_types, pair.old), c_text(new_types, pair.new)];
                    return Err(TypeDifference {
                        steps: steps(&pairs, next),
                        what: with_types(&what, &texts),
                    });
                }
            };
            match self.parts_left.get().checked_sub(parts.len().saturating_add(1)) {
                Some(left) => self.parts_left.set(left),
                None => {
                    self.parts_left.set(0);
                    return Ok(Completeness::Partial);
                }
            }
            let behind = pair.behind_pointer || matches!(&*old, Type::Pointer { .. });
            for (old, new, step) in parts {
                match self.known.borrow().get(&(old, new)) {
                    Some(Completeness::Full) => continue,
                    Some(Completeness::Partial) => {
                        partial.add(next);
                        continue;
                    }
                    None => {}
                }
                let part = *seen.entry((old, new)).or_insert_with(|| {
                    let (from, step) = (Some(next), Some(step));
                    pairs.push(Pair { old, new, from, step, behind_pointer: behind });
                    pairs.len().saturating_sub(1)
                });
                partial.leads_to(next, part);
            }
            next = next.saturating_add(1);
        }
        let partial = partial.all();
        let completeness = |index: &usize| match partial.contains(index) {
            true => Completeness::Partial,
            false => Completeness::Full,
        };
        self.known.borrow_mut().extend(seen.iter().map(|(pair, index)| (*pair, completeness(index))));
        Ok(completeness(&0))
    }

    /// Two types without what they refer to, or by hash where one of them is the kernel's.
    fn without_parts(
        &self,
        (old, old_id): (&Type, TypeId),
        (new, new_id): (&Type, TypeId),
        behind_pointer: bool,
    ) -> Verdict {
        let kernel = self.kernel.as_ref();
        let (hash, computed, by_kernel) = match (old, new) {
            (Type::Kernel { hash, .. }, Type::Record { .. } | Type::Enumeration { .. }) => {
                (hash, layout_hash(self.new, new_id), kernel.and_then(|[_, has]| has.find(new_id)))
            }
            (Type::Record { .. } | Type::Enumeration { .. }, Type::Kernel { hash, .. }) => {
                (hash, layout_hash(self.old, old_id), kernel.and_then(|[has, _]| has.find(old_id)))
            }
            _ => {
                let flat = self.old.flattens_arrays() || self.new.flattens_arrays();
                return without_parts(old, new, behind_pointer, flat);
            }
        };
        if let Some(difference) = same_tag(old, new) {
            return Verdict::Differs(difference);
        }
        if computed == *hash {
            return Verdict::Same(Vec::new());
        }
        // The hash also differs where one version includes a header more, and so has a definition more. What
        // the kernel does not have may be in one of its modules that is not loaded now.
        match by_kernel {
            Some(other) if other == *hash => Verdict::Same(Vec::new()),
            Some(_) => Verdict::Differs("layout is no longer that of the kernel's own type".to_owned()),
            None => Verdict::Unknown,
        }
    }
}

/// Which pairs lead to something that is not known.
#[derive(Debug, Default)]
struct PartialPairs {
    /// Those that have it among their own parts.
    own: Vec<usize>,
    /// A part, and a pair that has it.
    edges: Vec<(usize, usize)>,
}

impl PartialPairs {
    fn add(&mut self, pair: usize) {
        self.own.push(pair);
    }

    fn leads_to(&mut self, pair: usize, part: usize) {
        self.edges.push((part, pair));
    }

    fn all(mut self) -> HashSet<usize> {
        let mut found = HashSet::new();
        let mut pending = self.own;
        if !pending.is_empty() {
            self.edges.sort_unstable();
        }
        while let Some(pair) = pending.pop() {
            if found.insert(pair) {
                let start = self.edges.partition_point(|(part, _)| *part < pair);
                let parents = self.edges.iter().skip(start).take_while(|(part, _)| *part == pair);
                pending.extend(parents.map(|(_, parent)| *parent));
            }
        }
        found
    }
}

fn steps(pairs: &[Pair], last: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = Some(last);
    while let Some(pair) = at.and_then(|index| pairs.get(index)) {
        steps.extend(pair.step.clone());
        at = pair.from;
    }
    steps.reverse();
    steps
}

fn with_types(what: &str, [old, new]: &[String; 2]) -> String {
    if old == new { format!("{what} ({old})") } else { format!("{what} ({old}, now {new})") }
}
