// SPDX-License-Identifier: MIT OR Apache-2.0
//! All kept variables of all owners, by address: those that are shown, and those that pointers lead to.

use libmodfmt::persist::{Header, KeptPlace, LaterChanges};
use libmodfmt::types::{TypeId, Types, target_at};
use libmodsys::SectionAddress;
use modkeep::Region;

use super::kernel_types::{self, Source};

/// A kept variable as it is now.
#[derive(Debug)]
pub(super) struct KeptVariable<'k> {
    pub(super) owner: &'k str,
    /// `file.c:function:name`, as much of it as is known.
    pub(super) name: String,
    pub(super) plain_name: &'k str,
    pub(super) place: KeptPlace,
    pub(super) address: SectionAddress,
    /// Bytes.
    pub(super) size: u64,
    /// Its C type, if it is known.
    pub(super) type_name: Option<String>,
    /// Index in [`Kept::types`], and the type.
    pub(super) ty: Option<(usize, TypeId)>,
    /// It had so many bytes when it was made, if these were fewer or more.
    pub(super) grown_from: Option<u64>,
    /// It was converted or started afresh since: what it holds is not used again.
    pub(super) is_replaced: bool,
    /// The file that was loaded last does not have it.
    pub(super) is_unused: bool,
}

impl KeptVariable<'_> {
    /// What stands behind its name.
    pub(super) fn mark(&self) -> String {
        if self.is_replaced {
            " (replaced)".to_owned()
        } else if let Some(size) = self.grown_from {
            format!(" (grown from {size})")
        } else if self.is_unused {
            " (unused)".to_owned()
        } else {
            String::new()
        }
    }
}

/// All kept variables.
pub(super) struct Kept<'k> {
    pub(super) variables: Vec<KeptVariable<'k>>,
    /// The types of each generation.
    types: Vec<Box<dyn Types + 'k>>,
    /// The types of objects that lists and `void *` lead to, by generation.
    held: Vec<&'k [TypeId]>,
    /// Addresses with the indices of their variables, by address.
    by_address: Vec<(u64, usize)>,
}

impl<'k> Kept<'k> {
    /// The variables of these regions, in their order. `sources` are of the types that headers only name.
    pub(super) fn of(regions: &'k [Region], sources: &[Source<'k, 'k>]) -> Self {
        let (variables, by_address) = (Vec::new(), Vec::new());
        let mut kept = Self { variables, types: Vec::new(), held: Vec::new(), by_address };
        for region in regions {
            kept.add(region, sources);
        }
        let known = kept.variables.iter().enumerate();
        kept.by_address = known
            .filter(|(_, variable)| !variable.is_replaced)
            .filter_map(|(index, variable)| Some((variable.address.known()?, index)))
            .collect();
        kept.by_address.sort_unstable();
        kept
    }

    fn add(&mut self, region: &'k Region, sources: &[Source<'k, 'k>]) {
        let headers = region.headers();
        let later = LaterChanges::of(&headers);
        let first = self.types.len();
        for header in &headers {
            self.types.push(kernel_types::filled_in(&header.types, sources));
            self.held.push(header.types.held());
        }
        let types_index = |header: &Header| {
            headers.iter().position(|own| std::ptr::eq(*own, header)).and_then(|at| first.checked_add(at))
        };
        let unused = headers.last().map(|newest| newest.unused.as_slice()).unwrap_or_default();
        for generation in &region.generations {
            let header = &generation.header;
            for (ordinal, (unit, base)) in (0..).zip(generation.units()) {
                for variable in &unit.variables {
                    let place = KeptPlace { generation: header.generation, ordinal, offset: variable.offset };
                    let now = later.now(place, variable);
                    let typed_by = later.grown(place).map_or(header, |(header, _)| header);
                    let ty = types_index(typed_by).zip(now.type_id);
                    let address = match base {
                        SectionAddress::Known(base) => base
                            .checked_add(variable.offset)
                            .map_or(SectionAddress::Denied, SectionAddress::Known),
                        other => other,
                    };
                    self.variables.push(KeptVariable {
                        owner: &region.owner,
                        name: variable.to_string(),
                        plain_name: variable.plain_name(),
                        place,
                        address,
                        size: now.size,
                        type_name: now.type_name.clone(),
                        ty,
                        grown_from: (now.size != variable.size).then_some(variable.size),
                        is_replaced: later.is_replaced(place),
                        is_unused: unused.contains(&place),
                    });
                }
            }
        }
    }

    /// Types by their index in [`KeptVariable::ty`].
    pub(super) fn types(&self, index: usize) -> Option<&(dyn Types + 'k)> {
        self.types.get(index).map(|types| &**types)
    }

    /// What the authors of these types say that their variables lead to.
    pub(super) fn held(&self, index: usize) -> &'k [TypeId] {
        self.held.get(index).copied().unwrap_or_default()
    }

    /// The variable that has the byte at an address, and the way to its field: `.room[3]+0x1`.
    pub(super) fn find(&self, address: u64) -> Option<(&KeptVariable<'k>, String)> {
        let before = self.by_address.partition_point(|(start, _)| *start <= address).checked_sub(1)?;
        let (start, index) = self.by_address.get(before)?;
        let variable = self.variables.get(*index)?;
        let offset = address.checked_sub(*start)?;
        // A pointer to the end of an array is a pointer to the next variable, if to anything.
        if offset >= variable.size.max(1) {
            return None;
        }
        let typed = variable.ty.and_then(|(index, id)| Some((self.types(index)?, id)));
        let at = typed.and_then(|(types, id)| target_at(types, "", id, offset));
        let (path, rest) = at.map_or_else(|| (String::new(), offset), |at| (at.path, at.rest));
        Some((variable, if rest == 0 { path } else { format!("{path}+{rest:#x}") }))
    }
}
