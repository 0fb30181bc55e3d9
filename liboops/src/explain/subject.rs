// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address that a report is about.

use super::failed_access::failed_access;
use super::{Access, Facts};

/// The address that a report is about.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// The address. Of KASAN's it is the first of eight.
    pub address: u64,
    /// Number of addresses that it may be, from `address` on.
    pub width: u64,
    /// The access, if it is known which one it was and the address is that of the access itself.
    pub access: Option<Access>,
}

impl Subject {
    /// The address that the log has, or that of the access that failed.
    pub fn of(facts: &Facts<'_>) -> Option<Self> {
        if !facts.is_of_access() {
            return None;
        }
        let access = failed_access(facts).cloned();
        let of_access = access.as_ref().and_then(|access| access.address);
        // On s390 the log has the address of the page only. Elsewhere that of the log may be further on,
        // where an access continues into the next page.
        let address = match facts.report.arch {
            Some("s390x" | "s390") => of_access?,
            _ => of_access.or_else(|| facts.report.fault_address())?,
        };
        Some(Self { address, width: 1, access })
    }

    /// The only register of the access, its value, and how far behind it the access is.
    pub fn pointer(&self) -> Option<(&str, u64, u64)> {
        let (name, value) = self.access.as_ref()?.only_pointer()?;
        Some((name, value, self.address.wrapping_sub(value)))
    }
}
