// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the frame of a function is at an instruction: the stack pointer before its call (CFA), and what its
//! caller has in registers, by `.debug_frame` or `.eh_frame`.

use gimli::{
    BaseAddresses, CfaRule, DebugFrame, EhFrame, RegisterRule, Section, UnwindContext, UnwindSection,
    UnwindTableRow,
};

use super::debug_sections::{DebugSections, Slice};
use crate::caller::{CallerRegister, CallerState};
use crate::machine_state::MachineState;

/// That of a kernel has 3 MB.
const MAX_SECTION_BYTES: u64 = 32 << 20;

/// Registers of x86-64 that a function leaves as they were if no rule says otherwise: rbx, rbp, r12 to r15.
const KEPT: [u16; 6] = [3, 6, 12, 13, 14, 15];
/// The stack pointer of x86-64, and the number that stands for the return address.
const STACK_POINTER: u16 = 7;
const RETURN_ADDRESS: u16 = 16;
const WORD_BYTES: u64 = 8;

/// The frame's address; `None` if no table tells it, or a register that it takes is unknown.
pub(super) fn address(
    sections: &DebugSections,
    address_size: u8,
    pc: u64,
    state: &dyn MachineState,
) -> Option<u64> {
    Row::at(sections, address_size, pc)?.frame(state)
}

/// What the caller of the function at `pc`, in an image for x86-64, has in its registers: those that have not
/// been changed since, and those that are saved in memory that is known.
pub(super) fn caller(sections: &DebugSections, pc: u64, state: &dyn MachineState) -> Option<CallerState> {
    let row = Row::at(sections, 8, pc)?;
    let frame = row.frame(state)?;
    // Where an exception or a signal was taken nothing was called, and the stack pointer is saved like
    // others.
    if row.is_interrupted || row.rule(STACK_POINTER).is_some() {
        return None;
    }
    // Code that returns in another way was not called.
    let return_slot = match row.rule(RETURN_ADDRESS)? {
        Rule::Saved(offset) => frame.checked_add_signed(*offset)?,
        _ => return None,
    };
    let registers = KEPT.into_iter().filter_map(|number| {
        let (value, was_saved) = match row.rule(number) {
            None | Some(Rule::Same) => (state.register(number)?, state.was_saved(number)),
            Some(Rule::Saved(offset)) => {
                (state.memory(frame.checked_add_signed(*offset)?, WORD_BYTES)?, true)
            }
            Some(Rule::Unknown) => return None,
        };
        Some(CallerRegister { number, value, was_saved })
    });
    let pointer = CallerRegister { number: STACK_POINTER, value: frame, was_saved: false };
    Some(CallerState { return_slot, registers: registers.chain([pointer]).collect() })
}

/// How the value that a register has in the caller is found.
enum Rule {
    Same,
    /// At this distance from the frame.
    Saved(i64),
    Unknown,
}

/// A row of the table.
struct Row {
    /// The register, and the distance of the frame from what it has.
    frame: (u16, i64),
    rules: Vec<(u16, Rule)>,
    /// It is of a frame that an exception or a signal has made.
    is_interrupted: bool,
}

impl Row {
    fn at(sections: &DebugSections, address_size: u8, pc: u64) -> Option<Self> {
        Self::in_debug_frame(sections, address_size, pc)
            .or_else(|| Self::in_eh_frame(sections, address_size, pc))
    }

    fn in_debug_frame(sections: &DebugSections, address_size: u8, pc: u64) -> Option<Self> {
        let bytes =
            sections.read(".debug_frame", 0, MAX_SECTION_BYTES).ok().filter(|bytes| !bytes.is_empty())?;
        let mut section = DebugFrame::from(sections.slice(&bytes));
        section.set_address_size(address_size);
        Self::find(&section, &BaseAddresses::default(), pc)
    }

    fn in_eh_frame(sections: &DebugSections, address_size: u8, pc: u64) -> Option<Self> {
        let bytes = sections.read(EhFrame::<Slice<'_>>::section_name(), 0, MAX_SECTION_BYTES).ok();
        let bytes = bytes.filter(|bytes| !bytes.is_empty())?;
        let mut section = EhFrame::from(sections.slice(&bytes));
        section.set_address_size(address_size);
        let bases = BaseAddresses::default().set_eh_frame(sections.address(".eh_frame")?);
        Self::find(&section, &bases, pc)
    }

    fn find<'d, S>(section: &S, bases: &BaseAddresses, pc: u64) -> Option<Self>
    where
        S: UnwindSection<Slice<'d>>,
    {
        let mut context = UnwindContext::new();
        let entry = section.fde_for_address(bases, pc, S::cie_from_offset).ok()?;
        let row: &UnwindTableRow<_> = entry.unwind_info_for_address(section, bases, &mut context, pc).ok()?;
        let frame = match row.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => (register.0, *offset),
            CfaRule::Expression(_) => return None,
        };
        let rule = |rule: &RegisterRule<_>| match rule {
            RegisterRule::SameValue => Rule::Same,
            RegisterRule::Offset(offset) => Rule::Saved(*offset),
            _ => Rule::Unknown,
        };
        let rules = row.registers().map(|(register, own)| (register.0, rule(own))).collect();
        Some(Self { frame, rules, is_interrupted: entry.is_signal_trampoline() })
    }

    fn frame(&self, state: &dyn MachineState) -> Option<u64> {
        let (register, offset) = self.frame;
        Some(state.register(register)?.wrapping_add_signed(offset))
    }

    fn rule(&self, register: u16) -> Option<&Rule> {
        self.rules.iter().find(|(number, _)| *number == register).map(|(_, rule)| rule)
    }
}
