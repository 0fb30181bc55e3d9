// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the first instruction starts.
//!
//! A `Code:` line begins so many bytes before the mark, which is in the middle of an instruction
//! more often than not.

use super::disassembler::Disassembler;

/// The longest instruction of x86 has 15 bytes: one that starts before the bytes ends by then.
const LONGEST: usize = 15;

/// The first place from which instructions lead to the mark, all of them good; the mark itself if
/// there is none.
pub(super) fn start(
    disassembler: &dyn Disassembler,
    bytes: &[u8],
    mark: usize,
    address: &dyn Fn(usize) -> u64,
) -> usize {
    let step = disassembler.alignment();
    let leads_to_mark = |start: usize| {
        let mut at = start;
        while at < mark {
            let decoded = disassembler.decode(bytes.get(at..).unwrap_or_default(), address(at));
            if !decoded.valid {
                return false;
            }
            at = at.saturating_add(decoded.length.max(1));
        }
        at == mark
    };
    (mark % step..=mark.min(LONGEST)).step_by(step).find(|&start| leads_to_mark(start)).unwrap_or(mark)
}
