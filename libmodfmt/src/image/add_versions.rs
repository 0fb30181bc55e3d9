// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbol versions for base symbols that an image imports.

use super::{Base, ImageError};
use crate::elf::Object;
use crate::versions::{ExtendedVersions, Versions};

/// Kernels with CONFIG_MODVERSIONS expect a version for every import; Debian's refuse one without.
pub(super) fn add_versions<'b>(
    object: &mut Object<'_>,
    bases: impl Iterator<Item = &'b Base> + Clone,
) -> Result<(), ImageError> {
    let ident = object.ident;
    if let Some((index, section)) = object.section("__versions") {
        let data = section.data.to_vec();
        let mut versions = Versions::parse(&data, ident.class, ident.order)?;
        for base in bases.clone() {
            versions.push(base.symbol.as_bytes(), base.crc)?;
        }
        let data = versions.into_bytes().into_owned();
        if let Some(section) = object.sections.get_mut(index) {
            section.set_data(data);
        }
    }
    let crcs = object.section("__version_ext_crcs").map(|(index, section)| (index, section.data.to_vec()));
    let names = object.section("__version_ext_names").map(|(index, section)| (index, section.data.to_vec()));
    if let (Some((crcs_index, crcs)), Some((names_index, names))) = (crcs, names) {
        let mut versions = ExtendedVersions::parse(&crcs, &names, ident.order)?;
        for base in bases.clone() {
            versions.push(base.symbol.as_bytes(), base.crc)?;
        }
        let (crcs, names) = versions.into_bytes();
        if let Some(section) = object.sections.get_mut(crcs_index) {
            section.set_data(crcs);
        }
        if let Some(section) = object.sections.get_mut(names_index) {
            section.set_data(names);
        }
    }
    Ok(())
}
