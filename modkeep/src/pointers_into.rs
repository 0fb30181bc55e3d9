// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept data that points into a module: once that module is gone, such a pointer leads nowhere.
//!
//! All kept data is searched, of every owner, and the nodes of its lists and trees are looked at: a static
//! node of the module is found in the middle of a list as well. There a search ends if the module is gone, as
//! its memory may be mapped still, or be another module's. Other objects that kept data leads to are not
//! searched. An address that kept data has now is no such pointer: memory is used again.

use std::collections::HashSet;

use libmodfmt::elf::{ByteOrder, Class};
use libmodfmt::pointers::{
    AddressRanges, Holder, NodeWalk, Searched, chain_heads, may_hold_pointers, search,
};
use libmodsys::Kernel;

use crate::error::KeepError;
use crate::region::{KeptVariable, MAX_SEARCHED_BYTES, Region, variables_in_force};

/// Most pointers that a search reports.
pub const MAX_FOUND: usize = 4096;

/// Most nodes of lists and trees that are looked at, of all kept data together.
const MAX_NODES: usize = 1 << 14;

const CLASS: Class = Class::NATIVE;

/// A word of kept data that is an address in a module's sections.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointerInto {
    /// The owner of the kept data.
    pub owner: String,
    /// The kept variable: `meter.c:ops`.
    pub variable: String,
    /// Where the pointer is, as C writes it: `meter.c:ops.run`; of a node, which one it is:
    /// `meter.c:rooms[3]`.
    pub path: String,
    /// Where it leads.
    pub address: u64,
    /// The section that it leads to: the label of its range.
    pub section: String,
    /// Distance from the start of that section, in bytes.
    pub offset: u64,
    /// Its type is not known, or it is in a union: it may be a number that looks like an address.
    pub is_guess: bool,
    /// The structure that it is in, if that is one that is known.
    pub holder: Option<Holder>,
}

impl PointerInto {
    /// Whether code would follow it by itself, and a module that comes back need not have set it first: it is
    /// a node on a list or tree, or a timer that is pending.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        let pending = Holder::Timer { is_pending: true };
        matches!(self.holder, Some(Holder::List | Holder::HashList | Holder::Tree))
            || self.holder == Some(pending)
    }
}

/// What a search for such pointers gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointersInto {
    /// By owner and place; at most [`MAX_FOUND`].
    pub found: Vec<PointerInto>,
    /// What was not searched, and why: `meter: /proc/kcore: Operation not permitted`.
    pub not_searched: Vec<String>,
}

/// The pointers in kept data that lead into these ranges. Lists and trees are followed through those of them
/// that are `live`, which belong to a module that is loaded.
///
/// # Errors
/// The kernel does not tell which modules are loaded.
pub fn pointers_into(
    kernel: &dyn Kernel,
    ranges: &AddressRanges,
    live: &AddressRanges,
) -> Result<PointersInto, KeepError> {
    let mut result = PointersInto::default();
    if ranges.is_empty() {
        return Ok(result);
    }
    let mut regions = Vec::new();
    for entry in Region::entries(kernel)? {
        match entry {
            Ok(region) => regions.push(region),
            Err(unreadable) => {
                result.not_searched.push(format!("{}: {}", unreadable.kept_by, unreadable.error));
            }
        }
    }
    let mut kept = Vec::new();
    for region in &regions {
        match variables_in_force(region) {
            Ok(variables) => kept.extend(variables),
            Err(why) => result.not_searched.push(format!("{}: {why}", region.owner)),
        }
    }
    let units = AddressRanges::new(kept.iter().map(|variable| (variable.range(), String::new())).collect());
    let (found, seen) = (Vec::new(), HashSet::new());
    let mut search = Search { kernel, ranges, live, units: &units, found, seen, too_long: None };
    for variable in &kept {
        if let Err(why) = search.variable(variable) {
            let line = format!("{}: {why}", variable.owner);
            if result.not_searched.last() != Some(&line) {
                result.not_searched.push(line);
            }
        }
    }
    result.found = search.found;
    result.not_searched.extend(search.too_long);
    result.found.retain(|pointer| units.find(pointer.address).is_none());
    result.found.truncate(MAX_FOUND);
    Ok(result)
}

struct Search<'s> {
    kernel: &'s dyn Kernel,
    ranges: &'s AddressRanges,
    live: &'s AddressRanges,
    /// Where kept data is now.
    units: &'s AddressRanges,
    found: Vec<PointerInto>,
    /// Nodes and heads that were met.
    seen: HashSet<u64>,
    /// A list that has more nodes than are looked at.
    too_long: Option<String>,
}

impl Search<'_> {
    fn variable(&mut self, variable: &KeptVariable<'_>) -> Result<(), String> {
        let has_none = variable.ty.is_some_and(|(types, id)| !may_hold_pointers(types, id));
        if self.found.len() >= MAX_FOUND || has_none {
            return Ok(());
        }
        let size = usize::try_from(variable.size).ok().filter(|_| variable.size <= MAX_SEARCHED_BYTES);
        let size = size.ok_or_else(|| format!("{} has more than 64 MiB", variable.name))?;
        let bytes = self.kernel.read_memory(variable.address, size).map_err(|error| error.to_string())?;
        let searched =
            Searched { name: &variable.name, is_behind_pointer: false, bytes: &bytes, ty: variable.ty };
        let pointers = search(searched, self.ranges, ByteOrder::NATIVE, CLASS).found;
        let known: HashSet<u64> = pointers.iter().map(|pointer| pointer.address).collect();
        self.found.extend(pointers.into_iter().map(|pointer| PointerInto {
            owner: variable.owner.to_owned(),
            variable: variable.name.clone(),
            path: pointer.path,
            address: pointer.address,
            section: pointer.label,
            offset: pointer.distance,
            is_guess: pointer.is_guess,
            holder: pointer.holder,
        }));
        self.chains(variable, searched, &known);
        Ok(())
    }

    /// The nodes of lists and trees that begin in a variable. Those that are `known` were found in the
    /// variable itself, being the first or last of a list.
    fn chains(&mut self, variable: &KeptVariable<'_>, searched: Searched<'_>, known: &HashSet<u64>) {
        let read = |address| {
            let is_there = || [self.live, self.units].iter().any(|there| there.find(address).is_some());
            if self.ranges.find(address).is_some() && !is_there() {
                return None;
            }
            let bytes = self.kernel.read_memory(address, size_of::<usize>()).ok()?;
            bytes.first_chunk().map(|word| usize::from_ne_bytes(*word) as u64)
        };
        for head in chain_heads(searched, ByteOrder::NATIVE, CLASS, MAX_NODES) {
            let limit = MAX_NODES.saturating_sub(self.seen.len());
            let mut walk = NodeWalk { class: CLASS, read: &read, limit, seen: &mut self.seen };
            let nodes = match head.kind {
                Holder::List => walk.list(variable.address.saturating_add(head.offset), head.first),
                Holder::HashList => walk.hlist(head.first),
                Holder::Tree => walk.tree(head.first),
                _ => None,
            };
            let Some(nodes) = nodes else { continue };
            if nodes.nodes.len() >= limit {
                let what = format!("{}: {} has more entries than are searched", variable.owner, head.path);
                self.too_long.get_or_insert(what);
            }
            for (number, &node) in nodes.nodes.iter().chain(&nodes.unreadable).enumerate() {
                let Some((section, offset)) = self.ranges.find(node).filter(|_| !known.contains(&node))
                else {
                    continue;
                };
                if self.found.len() >= MAX_FOUND {
                    return;
                }
                self.found.push(PointerInto {
                    owner: variable.owner.to_owned(),
                    variable: variable.name.clone(),
                    path: format!("{}[{number}]", head.path),
                    address: node,
                    section: section.to_owned(),
                    offset,
                    is_guess: false,
                    holder: Some(head.kind),
                });
            }
        }
    }
}
