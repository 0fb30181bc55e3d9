// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which processor state of a report a line with registers or code belongs to.
//!
//! A report may show several: those of the fault, of an exception within the trace, of the program that
//! entered the kernel, and the first one again at the end.

use super::block::Report;
use super::kind::Kind;
use super::place::Place;
use super::state::{Origin, State};
use crate::arch::Item;

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

/// Takes in what a line says of the state of a processor. `after_pc` is whether the line before had an
/// instruction pointer. Returns whether this line has one that begins a state.
pub(super) fn take_in(report: &mut Report, item: Item, section: Section, after_pc: bool) -> bool {
    match item {
        Item::Known => {}
        Item::Pc { segment: None, place, .. } if named(report, &place) => {}
        Item::Pc { segment, user, repeated, place } => {
            let same = report.fault().and_then(|state| state.pc.as_ref()).is_some_and(|pc| {
                segment.is_none() && pc.symbol == place.symbol && pc.offset == place.offset
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
            report.states.push(State { segment, pc: Some(place), ..State::new(origin) });
            return true;
        }
        Item::Registers(registers) => {
            let has_one =
                |state: &State| registers.iter().any(|register| state.register(register.name).is_some());
            let state = current(report, section, has_one);
            state.registers.extend(registers);
        }
        Item::Code(code) => {
            // Up to 4.17 the kernel printed it last, after the registers of the program.
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
    }
    false
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

/// Takes in the name of an instruction pointer whose line had only the address: `EIP is at f+0x1/0x2`.
fn named(report: &mut Report, name: &Place) -> bool {
    let Some(pc) = report.states.last_mut().and_then(|state| state.pc.as_mut()) else { return false };
    let is_name =
        pc.symbol.is_none() && pc.address.is_some() && name.symbol.is_some() && name.address.is_none();
    if is_name {
        *pc = Place { address: pc.address, ..name.clone() };
    }
    is_name
}
