// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds the start of the first instruction.
//!
//! A `Code:` line begins a fixed number of bytes before the marker, usually in the middle of an
//! instruction.

use super::disassembler::Disassembler;

/// No instruction is longer (x86): one that starts before the bytes ends within this many.
const MAX_INSTRUCTION_BYTES: usize = 15;

/// The first index from which valid instructions lead exactly to the marker; the marker itself if there
/// is none.
pub(super) fn find(
    disassembler: &dyn Disassembler,
    bytes: &[u8],
    marker: usize,
    address: &dyn Fn(usize) -> u64,
) -> usize {
    let step = disassembler.alignment();
    let leads_to_marker = |start: usize| {
        let mut at = start;
        while at < marker {
            let decoded = disassembler.decode(bytes.get(at..).unwrap_or_default(), address(at));
            if !decoded.valid {
                return false;
            }
            at = at.saturating_add(decoded.length.max(1));
        }
        at == marker
    };
    (marker % step..=marker.min(MAX_INSTRUCTION_BYTES))
        .step_by(step)
        .find(|&start| leads_to_marker(start))
        .unwrap_or(marker)
}
