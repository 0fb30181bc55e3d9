// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which processor state of a report a line with registers or code belongs to.
//!
//! A report may show several: those of the fault, of an exception within the trace, of the program that
//! entered the kernel, and the first one again at the end.

use super::block::Report;
use super::kind::Kind;
use super::place::Place;
use super::state::{Code, Origin, Register, State};
use crate::arch::Pc;

/// What part of a report is being read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Section {
    /// A call trace has begun.
    pub traced: bool,
    /// It is about another processor now.
    pub other_cpu: bool,
    /// A line that ends reports was seen.
    pub ended: bool,
}

/// Takes in the instruction pointer of a line. Returns whether it begins a state.
pub(super) fn pc(report: &mut Report, found: Pc, section: Section) -> bool {
    let Pc { segment, user, repeated, place } = found;
    let is_x86 = matches!(report.arch, None | Some("x86_64" | "i386"));
    if let Some(state) = report.states.last_mut().filter(|_| segment.is_none() && !repeated)
        && let Some(pc) = &mut state.pc
        // The registers of x86 come last: what follows them is another state.
        && (!is_x86 || state.registers.iter().all(|one| one.name == "EFLAGS") && state.origin != Origin::User)
        && completed(pc, &place)
    {
        return false;
    }
    let same = report.fault().and_then(|state| state.pc.as_ref()).is_some_and(|pc| {
        let is_named = place.symbol.is_some() || pc.address == place.address;
        segment.is_none() && is_named && pc.symbol == place.symbol && pc.offset == place.offset
    });
    let origin = if user {
        Origin::User
    } else if repeated || same || section.ended {
        Origin::Repeat
    } else if section.other_cpu {
        Origin::OtherCpu
    } else if section.traced {
        Origin::Interrupted
    } else {
        Origin::Fault
    };
    // MIPS prints most of the registers first.
    if let Some(state) = report.states.last_mut()
        && segment.is_none()
        && !repeated
        && state.pc.is_none()
        && (!state.registers.is_empty() || state.return_address.is_some())
    {
        // arm64's `pstate` is in front of the instruction pointer, and says that it is a program's.
        if state.origin != Origin::User {
            state.origin = origin;
        }
        state.pc = Some(place);
    } else {
        report.states.push(State { segment, pc: Some(place), ..State::new(origin) });
    }
    true
}

/// Takes in the register that holds a return address.
pub(super) fn return_address(report: &mut Report, place: Place, section: Section) {
    let state = current(report, section, |_| false);
    match &mut state.return_address {
        Some(known) => {
            completed(known, &place);
        }
        None => state.return_address = Some(place),
    }
}

/// Takes in registers.
pub(super) fn registers(report: &mut Report, mut registers: Vec<Register>, section: Section) {
    // States of x86 are told apart by what comes again. Others have some registers in two lines.
    let is_x86 = matches!(report.arch, None | Some("x86_64" | "i386"));
    if let Some(state) = report.states.last().filter(|_| !is_x86) {
        registers.retain(|new| state.register(new.name) != Some(new.value.0));
    }
    // Below the registers of a program, x86 prints the address of the fault once more.
    let is_user = report.states.last().is_some_and(|state| state.origin == Origin::User);
    if let [Register { name: "CR2", value, .. }] = registers[..]
        && is_user
        && let Some(fault) = report.states.iter_mut().find(|state| state.origin == Origin::Fault)
    {
        match fault.register("CR2") {
            None => fault.registers.extend(registers),
            Some(known) if known == value.0 => {}
            Some(_) => report.states.push(State { registers, ..State::new(Origin::Repeat) }),
        }
        return;
    }
    let has_one = |state: &State| registers.iter().any(|register| state.register(register.name).is_some());
    let state = current(report, section, has_one);
    state.registers.extend(registers);
}

/// Takes in a line with code. `after_pc` is whether the line before had an instruction pointer.
pub(super) fn code(report: &mut Report, code: Code, section: Section, after_pc: bool) {
    // Up to 4.17 x86 kernels printed it last, after the registers of the program. Others still do.
    let without_code = |state: &State| state.origin == Origin::Fault && state.code.is_none();
    let first = report.states.iter().position(without_code).filter(|_| !after_pc);
    // Where the first lines are missing, so is the state that it belongs to.
    let is_last_user = report.states.last().is_some_and(|state| state.origin == Origin::User);
    if report.kind == Kind::Fragment && first.is_none() && is_last_user && !after_pc {
        report.states.push(State::new(Origin::Fault));
    }
    let state = match first {
        Some(first) => report.states.get_mut(first),
        None => Some(current(report, section, |state| state.code.is_some())),
    };
    if let Some(state) = state {
        state.code = Some(code);
    }
}

/// Takes in a further row of code.
pub(super) fn more_code(report: &mut Report, row: Code) {
    let with_code = |state: &&mut State| state.code.is_some();
    if let Some(code) = report.states.iter_mut().rev().find(with_code).and_then(|state| state.code.as_mut()) {
        code.append(row);
    }
}

/// The registers read last are those of a program.
pub(super) fn user(report: &mut Report) {
    if let Some(state) = report.states.last_mut() {
        state.origin = Origin::User;
    }
}

/// The latest state, or a new one if there is none that can take more.
fn current(report: &mut Report, section: Section, is_full: impl Fn(&State) -> bool) -> &mut State {
    let new = match report.states.last() {
        None if section.other_cpu => Some(Origin::OtherCpu),
        None => Some(Origin::Fault),
        Some(state) if is_full(state) => Some(Origin::Repeat),
        Some(_) => None,
    };
    if let Some(origin) = new {
        report.states.push(State::new(origin));
    }
    let last = report.states.len().saturating_sub(1);
    #[expect(clippy::indexing_slicing, reason = "a state was pushed if there was none")]
    &mut report.states[last]
}

/// Takes in what another line says of the same place: one has the address, the other one the name. `EIP is at
/// f+0x1/0x2`, `pc : [<c0123456>]`, `NIP [c000] f+0x1/0x2`.
fn completed(known: &mut Place, new: &Place) -> bool {
    match (&known.symbol, &new.symbol) {
        (None, Some(_))
            if known.address.is_some() && (new.address.is_none() || new.address == known.address) =>
        {
            *known = Place { address: known.address, ..new.clone() };
            true
        }
        (Some(_), None) if known.address.is_none() && new.address.is_some() => {
            known.address = new.address;
            true
        }
        // `PC is at 0x0`, then `pc : [<00000000>]`.
        (None, None) => known.address.is_some() && known.address == new.address,
        _ => false,
    }
}
