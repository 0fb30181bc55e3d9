// SPDX-License-Identifier: MIT OR Apache-2.0
//! Was the kernel at the address (KASLR) that the journal recorded for a boot?

use std::ops::Range;

use libmodfmt::journal::Boot;
use liboops::report::Report;

use super::evidence::{Evidence, Verdict};

/// The lowest link-time address of an x86-64 kernel, which `Kernel Offset` counts from.
const LINK_BASE: u64 = 0xffff_ffff_8100_0000;
/// Where x86-64 kernels may be.
const KERNEL_RANGE: Range<u64> = 0xffff_ffff_8000_0000..0xffff_ffff_c000_0000;
/// `_stext` is at most this far after `_text`.
const MAX_STEXT_DISTANCE: u64 = 0x20_0000;
/// No kernel image is larger.
const MAX_KERNEL_BYTES: u64 = 256 << 20;

/// Compares the recorded address of the kernel with the report's `Kernel Offset`, the user's KASLR offset,
/// symbols at known addresses, and the report's addresses that have a symbol.
pub(super) fn verdict(boot: &Boot, report: &Report, evidence: &Evidence<'_>) -> Verdict {
    let Some((symbol, address)) = &boot.text else { return Verdict::Neutral };
    let offset = report.context.kernel_offset.filter(|offset| !offset.is_disabled());
    let by_report = offset.map(|offset| (offset.base.map_or(LINK_BASE, |base| base.0), offset.slide.0));
    let by_user = evidence.kaslr_offset.filter(|_| KERNEL_RANGE.contains(address));
    let mut supports = false;
    for (base, offset) in by_report.into_iter().chain(by_user.map(|offset| (LINK_BASE, offset))) {
        let distance = address.wrapping_sub(base.wrapping_add(offset));
        if if symbol == "_text" { distance != 0 } else { distance >= MAX_STEXT_DISTANCE } {
            return Verdict::Contradicts;
        }
        supports |= offset != 0;
    }
    for found in (evidence.symbol_addresses)(symbol) {
        if found.address != *address {
            return Verdict::Contradicts;
        }
        supports |= found.relocated;
    }
    // This works without the kernel's symbols as well: an address that has a symbol is within the kernel.
    let mut anchors = report.anchors().filter(|(_, place)| place.module.is_none());
    let start = address.wrapping_sub(MAX_STEXT_DISTANCE);
    let is_elsewhere = |at: u64| at.wrapping_sub(start) > MAX_KERNEL_BYTES;
    if KERNEL_RANGE.contains(address)
        && anchors.any(|(at, _)| KERNEL_RANGE.contains(&at.0) && is_elsewhere(at.0))
    {
        return Verdict::Contradicts;
    }
    if supports { Verdict::Supports } else { Verdict::Neutral }
}
