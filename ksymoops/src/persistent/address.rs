// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is at an address in persistent data.

use libksym::Resolver;
use liboops::report::{Hex, Report};
use serde::Serialize;

use super::{FieldNames, KnownRegion, OwnerStatus};

/// What is at an address in persistent data. Its fields are those of `hit` in the JSON output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersistentAddress {
    /// The address.
    pub address: Hex,
    /// The module that owns the data.
    pub owner: String,
    /// Name of the section.
    pub section: String,
    /// Run-time address of the section.
    pub section_address: Hex,
    /// Size of the section in bytes.
    pub section_size: u64,
    /// Offset of the address in the section, in bytes.
    pub offset: u64,
    /// The variable, with its source file if that is known.
    pub variable: Option<String>,
    /// Offset of the address in the variable, in bytes.
    pub variable_offset: Option<u64>,
    /// C type of the variable.
    pub type_name: Option<String>,
    /// The field, starting with the variable's name: `stats.hits[1]`.
    pub path: Option<String>,
    /// Whether the owner was loaded then.
    pub owner_state: OwnerStatus,
    /// The data had been discarded by then.
    pub discarded: bool,
    /// Where the address of the section is known from.
    pub source: String,
}

impl PersistentAddress {
    /// False for the first address past the end of the section.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        self.offset < self.section_size
    }
}

/// Finds the region that an address is in. The resolver finds module files of the report's kernel.
///
/// The end of one section may be the start of another one, and then the address is in the second. Memory of
/// discarded data may have been reused, so discarded regions come last.
#[must_use]
pub fn find_address(
    regions: &[KnownRegion],
    names: &FieldNames,
    resolver: &Resolver,
    report: &Report,
    address: u64,
) -> Option<PersistentAddress> {
    let search = |discarded: bool, end: End| {
        let mut regions = regions.iter().filter(|region| region.discarded == discarded);
        regions.find_map(|region| in_region(region, names, resolver, report, address, end))
    };
    search(false, End::Excluded).or_else(|| search(false, End::Only)).or_else(|| search(true, End::Excluded))
}

/// Whether the first address past the end of a section is looked for, where a loop over the data ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Excluded,
    Only,
}

fn in_region(
    region: &KnownRegion,
    names: &FieldNames,
    resolver: &Resolver,
    report: &Report,
    address: u64,
    end: End,
) -> Option<PersistentAddress> {
    let (index, unit, base) = region.units().find(|(_, unit, base)| {
        address.checked_sub(*base).is_some_and(|offset| match end {
            End::Excluded => offset < unit.size,
            End::Only => offset == unit.size && unit.size > 0,
        })
    })?;
    let offset = address.checked_sub(base)?;
    let variable = unit
        .variables
        .iter()
        .find(|variable| offset.checked_sub(variable.offset).is_some_and(|inner| inner < variable.size));
    let inner = variable.and_then(|variable| offset.checked_sub(variable.offset));
    Some(PersistentAddress {
        address: Hex(address),
        owner: region.header.owner.clone(),
        section: unit.section.clone(),
        section_address: Hex(base),
        section_size: unit.size,
        offset,
        variable: variable.map(ToString::to_string),
        variable_offset: inner,
        type_name: variable.and_then(|variable| variable.type_name.clone()),
        path: variable
            .zip(inner)
            .and_then(|(variable, inner)| names.path(region, index, variable, inner, resolver)),
        owner_state: OwnerStatus::at_report(report, region),
        discarded: region.discarded,
        source: region.source.clone(),
    })
}
