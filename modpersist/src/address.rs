// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses of sections, in tables.

use libmodfmt::persist::PersistentSection;
use libmodsys::SectionAddress;
use modkeep::Region;

/// The address of a section; `(hidden)` if the kernel shows zeros, `(denied)` if it shows nothing.
pub(crate) fn text(region: &Region, role: PersistentSection) -> String {
    let found = region.addresses.iter().find(|(own, _)| *own == role).map(|(_, address)| *address);
    match found.unwrap_or(SectionAddress::Denied) {
        SectionAddress::Known(address) => format!("{address:#018x}"),
        SectionAddress::Hidden => "(hidden)".to_owned(),
        SectionAddress::Denied => "(denied)".to_owned(),
    }
}
