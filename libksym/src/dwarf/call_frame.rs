// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the frame of a function is at an instruction: the stack pointer before its call (CFA), by
//! `.debug_frame` or `.eh_frame`.

use gimli::{
    BaseAddresses, CfaRule, DebugFrame, EhFrame, Section, UnwindContext, UnwindSection, UnwindTableRow,
};

use super::debug_sections::{DebugSections, Slice};
use crate::machine_state::MachineState;

/// That of a kernel has 3 MB.
const MAX_SECTION_BYTES: u64 = 32 << 20;

/// The frame's address; `None` if no table tells it, or a register that it takes is unknown.
pub(super) fn address(
    sections: &DebugSections,
    address_size: u8,
    pc: u64,
    state: &dyn MachineState,
) -> Option<u64> {
    let (register, offset) =
        in_debug_frame(sections, address_size, pc).or_else(|| in_eh_frame(sections, address_size, pc))?;
    Some(state.register(register)?.wrapping_add_signed(offset))
}

/// The register, and the distance of the frame from what it has.
type Rule = (u16, i64);

fn in_debug_frame(sections: &DebugSections, address_size: u8, pc: u64) -> Option<Rule> {
    let bytes = sections.read(".debug_frame", 0, MAX_SECTION_BYTES).ok().filter(|bytes| !bytes.is_empty())?;
    let mut section = DebugFrame::from(sections.slice(&bytes));
    section.set_address_size(address_size);
    rule(&section, &BaseAddresses::default(), pc)
}

fn in_eh_frame(sections: &DebugSections, address_size: u8, pc: u64) -> Option<Rule> {
    let bytes = sections.read(EhFrame::<Slice<'_>>::section_name(), 0, MAX_SECTION_BYTES).ok();
    let bytes = bytes.filter(|bytes| !bytes.is_empty())?;
    let mut section = EhFrame::from(sections.slice(&bytes));
    section.set_address_size(address_size);
    let bases = BaseAddresses::default().set_eh_frame(sections.address(".eh_frame")?);
    rule(&section, &bases, pc)
}

fn rule<'d, S>(section: &S, bases: &BaseAddresses, pc: u64) -> Option<Rule>
where
    S: UnwindSection<Slice<'d>>,
{
    let mut context = UnwindContext::new();
    let row: &UnwindTableRow<_> =
        section.unwind_info_for_address(bases, &mut context, pc, S::cie_from_offset).ok()?;
    match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => Some((register.0, *offset)),
        CfaRule::Expression(_) => None,
    }
}
