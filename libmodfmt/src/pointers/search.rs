// SPDX-License-Identifier: MIT OR Apache-2.0
//! Goes through bytes, word by word or from pointer to pointer.

use std::fmt::Write;

use super::holder::Holder;
use super::map::{Node, PointerMap};
use super::ranges::AddressRanges;
use crate::elf::{ByteOrder, Class};
use crate::types::{Type, TypeId, Types, size_of};

/// Most places that one search reports.
const MAX_FOUND: usize = 1 << 16;

/// Bytes that are searched: a variable, a unit whose types are not known, or an object in memory.
#[derive(Debug, Clone, Copy)]
pub struct Searched<'s> {
    /// What it is called: the variable, or the pointer that leads to it.
    pub name: &'s str,
    /// A pointer leads to it: its fields are `name->field`.
    pub is_behind_pointer: bool,
    /// The bytes, as they are in memory from an aligned address on.
    pub bytes: &'s [u8],
    /// Its type, if that is known.
    pub ty: Option<(&'s dyn Types, TypeId)>,
}

/// A word that is an address in one of the ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointerFound {
    /// As C writes it: `ops.fn`; `name+0x18` where no field is known.
    pub path: String,
    /// Offset in the bytes.
    pub offset: u64,
    /// The address.
    pub address: u64,
    /// Label of the range.
    pub label: String,
    /// Distance from the start of the range, in bytes.
    pub distance: u64,
    /// By its type it need not be a pointer: nothing is known about it, or it is in a union.
    pub is_guess: bool,
    /// The innermost structure that it is in, if that is one of these.
    pub holder: Option<Holder>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointerSearch {
    /// The places, by offset as far as types are known.
    pub found: Vec<PointerFound>,
    /// There are more, or the type says that more stands in the bytes than can.
    pub is_cut: bool,
}

/// A pointer that may be followed: an object one pointer away.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lead {
    /// The pointer, as C writes it.
    pub path: String,
    /// The address in it, never 0.
    pub address: u64,
    /// The type that it leads to; `void` and what is only declared has no size.
    pub target: TypeId,
    /// Size of the object in bytes, if the type has one.
    pub size: Option<u64>,
    /// It is in a union, and another member may be in use.
    pub is_guess: bool,
}

/// Searches bytes for addresses in some ranges. If the type is known its pointers are looked at, and nothing
/// else: a type without pointers costs nothing. Otherwise every aligned word is.
#[must_use]
pub fn search(
    searched: Searched<'_>,
    ranges: &AddressRanges,
    order: ByteOrder,
    class: Class,
) -> PointerSearch {
    search_for(searched, ranges, order, class, &mut |_| true)
}

/// As [`search`], for the addresses in those ranges whose labels are wanted. Others cost hardly anything.
#[must_use]
pub fn search_for(
    searched: Searched<'_>,
    ranges: &AddressRanges,
    order: ByteOrder,
    class: Class,
    is_wanted: &mut dyn FnMut(&str) -> bool,
) -> PointerSearch {
    let mut result = PointerSearch::default();
    if ranges.is_empty() {
        return result;
    }
    let is_complete = walk(searched, order, class, &mut |word| {
        let found = ranges.find(word.value).filter(|(label, _)| is_wanted(label));
        let Some((label, distance)) = found else { return true };
        if result.found.len() >= MAX_FOUND {
            return false;
        }
        result.found.push(PointerFound {
            path: word.path(&searched),
            offset: word.offset,
            address: word.value,
            label: label.to_owned(),
            distance,
            is_guess: word.target.is_none() || word.in_union,
            holder: word.holder,
        });
        true
    });
    result.is_cut = !is_complete;
    result
}

/// Whether a type has a place for a pointer. If not, its bytes need not be read.
#[must_use]
pub fn may_hold_pointers(types: &dyn Types, id: TypeId) -> bool {
    PointerMap::of(types, id).root.is_some()
}

/// The objects one pointer away, in the order of the pointers, at most `most`; those at addresses that are
/// not wanted are passed over. The caller reads their memory and searches it, with the lead's path as name.
#[must_use]
pub fn leads(
    searched: Searched<'_>,
    order: ByteOrder,
    class: Class,
    most: usize,
    is_wanted: &mut dyn FnMut(u64) -> bool,
) -> Vec<Lead> {
    let mut leads = Vec::new();
    let Some((types, _)) = searched.ty else { return leads };
    walk(searched, order, class, &mut |word| {
        let Some(target) = word.target.filter(|_| word.value != 0 && is_wanted(word.value)) else {
            return true;
        };
        let is_code = matches!(&*types.get(target), Type::Function { .. });
        if !is_code {
            leads.push(Lead {
                path: word.path(&searched),
                address: word.value,
                target,
                size: size_of(types, target),
                is_guess: word.in_union,
            });
        }
        leads.len() < most
    });
    leads
}

/// The head of a list or tree.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainHead {
    /// As C writes it.
    pub path: String,
    /// Which kind: [`Holder::List`], [`Holder::HashList`] or [`Holder::Tree`].
    pub kind: Holder,
    /// Offset in the bytes.
    pub offset: u64,
    /// The address of the first node, or of the root, never 0.
    pub first: u64,
}

/// The heads of lists and trees in some bytes whose type is known, at most `most`. A node of a list is one as
/// well: the list is a ring. What is in a union is left out.
#[must_use]
pub fn chain_heads(searched: Searched<'_>, order: ByteOrder, class: Class, most: usize) -> Vec<ChainHead> {
    let mut heads = Vec::new();
    walk(searched, order, class, &mut |word| {
        let first = match word.holder {
            Some(Holder::List) => "next",
            Some(Holder::HashList) => "first",
            Some(Holder::Tree) => "rb_node",
            _ => return true,
        };
        let leads_to_first = matches!(word.steps.last(), Some(Step::Field(name)) if *name == first);
        if let Some(kind) = word.holder.filter(|_| leads_to_first && word.value != 0 && !word.in_union) {
            let steps = word.steps.split_last().map_or(word.steps, |(_, before)| before);
            let path = Word { steps, ..word }.path(&searched);
            heads.push(ChainHead { path, kind, offset: word.offset, first: word.value });
        }
        heads.len() < most
    });
    heads
}

/// One word, on the way.
struct Word<'w> {
    offset: u64,
    value: u64,
    /// `None` if it need not be a pointer.
    target: Option<TypeId>,
    in_union: bool,
    holder: Option<Holder>,
    steps: &'w [Step<'w>],
}

#[derive(Clone, Copy)]
enum Step<'m> {
    Field(&'m str),
    Element(u64),
}

impl Word<'_> {
    fn path(&self, searched: &Searched<'_>) -> String {
        let mut path = searched.name.to_owned();
        let mut is_behind = searched.is_behind_pointer;
        if self.target.is_none() {
            // Writing to a String does not fail.
            let _ = write!(path, "+{:#x}", self.offset);
            return path;
        }
        for step in self.steps {
            let _ = match step {
                Step::Field("") => continue,
                Step::Field(name) => write!(path, "{}{name}", if is_behind { "->" } else { "." }),
                Step::Element(index) if is_behind => {
                    path = format!("(*{path})[{index}]");
                    Ok(())
                }
                Step::Element(index) => write!(path, "[{index}]"),
            };
            is_behind = false;
        }
        if is_behind { format!("*{path}") } else { path }
    }
}

/// Calls `each` for every word that may be a pointer until it returns false; whether all were seen.
fn walk(
    searched: Searched<'_>,
    order: ByteOrder,
    class: Class,
    each: &mut dyn FnMut(Word<'_>) -> bool,
) -> bool {
    let bytes = searched.bytes;
    let Some((types, id)) = searched.ty else {
        return words(bytes, 0, order, class, &mut |offset, value| {
            each(Word { offset, value, target: None, in_union: false, holder: None, steps: &[] })
        });
    };
    let map = PointerMap::of(types, id);
    let Some(root) = map.root else { return true };
    // A consistent type has a pointer at most once at each place of each member of its unions.
    let steps_left = (bytes.len() as u64).saturating_mul(16).saturating_add(1 << 16);
    let mut walk = Walk { map: &map, bytes, order, class, each, steps: Vec::new(), steps_left };
    walk.node(root, 0, Place::default())
}

/// Every aligned word of some bytes.
fn words(
    bytes: &[u8],
    base: u64,
    order: ByteOrder,
    class: Class,
    each: &mut dyn FnMut(u64, u64) -> bool,
) -> bool {
    let mut offset = base;
    match class {
        Class::Elf64 => bytes.as_chunks::<8>().0.iter().all(|word| {
            let at = offset;
            offset = offset.saturating_add(8);
            each(at, order.u64(*word))
        }),
        Class::Elf32 => bytes.as_chunks::<4>().0.iter().all(|word| {
            let at = offset;
            offset = offset.saturating_add(4);
            each(at, order.u32(*word).into())
        }),
    }
}

/// What is known of a place by the types around it.
#[derive(Clone, Copy, Default)]
struct Place {
    in_union: bool,
    holder: Option<Holder>,
}

struct Walk<'w, 'e> {
    map: &'w PointerMap,
    bytes: &'w [u8],
    order: ByteOrder,
    class: Class,
    each: &'e mut dyn FnMut(Word<'_>) -> bool,
    steps: Vec<Step<'w>>,
    steps_left: u64,
}

impl Walk<'_, '_> {
    /// Whether the walk goes on.
    fn node(&mut self, id: usize, offset: u64, place: Place) -> bool {
        let Some(left) = self.steps_left.checked_sub(1) else { return false };
        self.steps_left = left;
        let map = self.map;
        match map.node(id) {
            None => true,
            Some(Node::Pointer { size, target }) => {
                let Some(value) = self.value(offset, *size) else { return true };
                let target = Some(*target);
                let Place { in_union, holder } = place;
                (self.each)(Word { offset, value, target, in_union, holder, steps: &self.steps })
            }
            Some(Node::Bytes { size, holder }) => {
                let Place { in_union, holder } = self.within(place, *holder, offset);
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(usize::try_from(*size).unwrap_or(usize::MAX));
                let part = self.bytes.get(start..end.min(self.bytes.len())).unwrap_or_default();
                let each = &mut self.each;
                words(part, offset, self.order, self.class, &mut |offset, value| {
                    each(Word { offset, value, target: None, in_union, holder, steps: &[] })
                })
            }
            Some(Node::Array { count, stride, element }) => {
                for index in 0..*count {
                    let at = index.checked_mul(*stride).and_then(|distance| offset.checked_add(distance));
                    // What goes on past the bytes is not there.
                    let Some(at) = at.filter(|at| *at < self.bytes.len() as u64) else { break };
                    self.steps.push(Step::Element(index));
                    let goes_on = self.node(*element, at, place);
                    self.steps.pop();
                    if !goes_on {
                        return false;
                    }
                }
                true
            }
            Some(Node::Record { parts, is_union, holder }) => {
                let mut place = self.within(place, *holder, offset);
                place.in_union |= is_union;
                for (name, distance, part) in parts {
                    let Some(at) = offset.checked_add(*distance) else { return true };
                    self.steps.push(Step::Field(name));
                    let goes_on = self.node(*part, at, place);
                    self.steps.pop();
                    if !goes_on {
                        return false;
                    }
                }
                true
            }
        }
    }

    /// What is known of the places in a structure at an offset.
    fn within(&self, place: Place, holder: Option<Holder>, offset: u64) -> Place {
        let word: u64 = match self.class {
            Class::Elf64 => 8,
            Class::Elf32 => 4,
        };
        let second = || self.value(offset.checked_add(word)?, word);
        let holder = holder.map(|holder| holder.with_second_word(second())).or(place.holder);
        Place { holder, ..place }
    }

    fn value(&self, offset: u64, size: u64) -> Option<u64> {
        let bytes = self.bytes.get(usize::try_from(offset).ok()?..)?;
        match size {
            8 => bytes.first_chunk().map(|word| self.order.u64(*word)),
            4 => bytes.first_chunk().map(|word| self.order.u32(*word).into()),
            _ => None,
        }
    }
}
