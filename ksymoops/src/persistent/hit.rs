// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an address in persistent data is.

use serde::Serialize;

use super::{Fields, Region};
use libksym::Resolver;
use liboops::report::{Hex, Report};

/// Whether the owner of persistent data was loaded when the report was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// It was.
    Loaded,
    /// Its init had not ended.
    Loading,
    /// Its exit was running.
    Unloading,
    /// It was not: whoever held the address held on to it too long.
    NotLoaded,
    /// Nobody tells.
    Unknown,
}

impl Owner {
    /// The words for a reader.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Loaded => "loaded then",
            Self::Loading => "loading then (in its init)",
            Self::Unloading => "unloading then (in its exit)",
            Self::NotLoaded => "not loaded then",
            Self::Unknown => "unknown whether loaded then",
        }
    }
}

/// What an address in persistent data is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The address.
    pub address: Hex,
    /// The module whose data they are.
    pub owner: String,
    /// The section.
    pub section: &'static str,
    /// Where the section was.
    pub section_address: Hex,
    /// Its size.
    pub section_size: u64,
    /// Offset in the section.
    pub offset: u64,
    /// The variable, with its source file where that is known.
    pub variable: Option<String>,
    /// Offset in the variable.
    pub variable_offset: Option<u64>,
    /// The C type of the variable.
    pub type_name: Option<String>,
    /// The field, from the variable's name on: `stats.hits[1]`.
    pub path: Option<String>,
    /// Whether the owner was loaded then.
    pub owner_state: Owner,
    /// The data had been dropped by then.
    pub discarded: bool,
    /// Who told where the data were.
    pub source: String,
}

impl Hit {
    /// False for the first address behind the section.
    #[must_use]
    pub const fn is_inside(&self) -> bool {
        self.offset < self.section_size
    }
}

/// Looks an address up. The resolver knows files of the report's kernel.
#[must_use]
pub fn find(
    regions: &[Region],
    fields: &Fields,
    resolver: &Resolver,
    report: &Report,
    address: u64,
) -> Option<Hit> {
    let look = |discarded: bool, behind: bool| {
        let mut regions = regions.iter().filter(|region| region.discarded == discarded);
        regions.find_map(|region| at(region, fields, resolver, report, address, behind))
    };
    // The end of one section may be the start of another one, which the address is in then. What was dropped may have made room for either.
    look(false, false).or_else(|| look(false, true)).or_else(|| look(true, false))
}

/// In a region, or (`behind`) the first address behind it, where a loop over its data ends.
fn at(
    region: &Region,
    fields: &Fields,
    resolver: &Resolver,
    report: &Report,
    address: u64,
    behind: bool,
) -> Option<Hit> {
    let (role, base) = region.addresses.iter().find(|(role, base)| {
        let size = region.header.section(*role).map_or(0, |section| section.size);
        let offset = address.checked_sub(*base);
        offset.is_some_and(|offset| if behind { offset == size && size > 0 } else { offset < size })
    })?;
    let section = region.header.section(*role)?;
    let offset = address.checked_sub(*base)?;
    let variable = section
        .variables
        .iter()
        .find(|variable| offset.checked_sub(variable.offset).is_some_and(|inner| inner < variable.size));
    let inner = variable.and_then(|variable| offset.checked_sub(variable.offset));
    Some(Hit {
        address: Hex(address),
        owner: region.header.owner.clone(),
        section: role.section_name(),
        section_address: Hex(*base),
        section_size: section.size,
        offset,
        variable: variable.map(ToString::to_string),
        variable_offset: inner,
        type_name: variable.and_then(|variable| variable.type_name.clone()),
        path: variable
            .zip(inner)
            .and_then(|(variable, inner)| fields.path(region, *role, variable, inner, resolver)),
        owner_state: owner_state(report, region),
        discarded: region.discarded,
        source: region.source.clone(),
    })
}

/// By the report's list of modules; where it has none, by the region's source.
fn owner_state(report: &Report, region: &Region) -> Owner {
    if let Some(modules) = &report.context.modules {
        return match modules.iter().find(|module| module.name == region.header.owner) {
            None => Owner::NotLoaded,
            Some(module) if module.flags.contains('+') => Owner::Loading,
            Some(module) if module.flags.contains('-') => Owner::Unloading,
            Some(_) => Owner::Loaded,
        };
    }
    match region.owner_loaded {
        Some(true) => Owner::Loaded,
        Some(false) => Owner::NotLoaded,
        None => Owner::Unknown,
    }
}
