// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which of the instruction's accesses failed.

use super::address_space::half;
use super::{Access, Facts, Half};
use crate::report::Kind;

/// The access that failed: by the address that the log has, or, where it has none, the only one to an address
/// that no page can have.
#[must_use]
pub fn failed_access<'f>(facts: &'f Facts<'_>) -> Option<&'f Access> {
    if !facts.is_of_access() {
        return None;
    }
    let by_address = facts.accesses.iter().find(|access| access.is_fault == Some(true));
    let is_protection = matches!(facts.report.kind, Kind::GeneralProtection | Kind::StackSegment);
    if by_address.is_some() || !is_protection || facts.report.fault_address().is_some() {
        return by_address;
    }
    let half = |access: &&Access| access.address.map(|at| half(facts.report.arch, at, facts));
    let mut between = facts.accesses.iter().filter(|access| half(access) == Some(Half::Between));
    between.next().filter(|_| between.next().is_none())
}
