// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses, in tables.

use libmodsys::SectionAddress;

/// An address; `(hidden)` if the kernel shows zeros, `(denied)` if it shows nothing.
pub(crate) fn text(address: SectionAddress) -> String {
    match address {
        SectionAddress::Known(address) => format!("{address:#018x}"),
        SectionAddress::Hidden => "(hidden)".to_owned(),
        SectionAddress::Denied => "(denied)".to_owned(),
    }
}
