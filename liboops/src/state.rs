// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which processor state of a report a line about registers or code belongs to.

use super::arch::Item;
use super::open::{Last, Open};
use crate::report::{Origin, Place, Report, State};

impl Open {
    /// Takes in what a line says of the state of a processor. `last` is what the line before was.
    pub(super) fn item(&mut self, report: &mut Report, item: Item, last: Last) {
        match item {
            Item::Known => {}
            Item::Pc { segment: None, place, .. } if named(report, &place) => {}
            Item::Pc { segment, user, repeated, place } => {
                let same = report.fault().and_then(|state| state.pc.as_ref()).is_some_and(|pc| {
                    segment.is_none() && pc.symbol == place.symbol && pc.offset == place.offset
                });
                let origin = if user {
                    Origin::User
                } else if repeated || same || self.ended {
                    Origin::Repeat
                } else if self.other_cpu {
                    Origin::OtherCpu
                } else if self.traced {
                    Origin::Interrupted
                } else {
                    Origin::Fault
                };
                report.states.push(State { segment, pc: Some(place), ..State::new(origin) });
                self.last = Last::Pc;
            }
            Item::Registers(registers) => {
                let state = self.current(report, |state| {
                    registers.iter().any(|register| state.register(register.name).is_some())
                });
                state.registers.extend(registers);
            }
            Item::Code(code) => {
                // Up to 4.17 the kernel printed it last, behind the registers of the program.
                let first = report
                    .states
                    .iter()
                    .position(|state| state.origin == Origin::Fault && state.code.is_none());
                let state = match first.filter(|_| last != Last::Pc) {
                    Some(first) => report.states.get_mut(first),
                    None => Some(self.current(report, |state| state.code.is_some())),
                };
                if let Some(state) = state {
                    state.code = Some(code);
                }
            }
        }
    }

    /// The latest state, or a new one where there is none that can take more.
    fn current<'r>(&self, report: &'r mut Report, full: impl Fn(&State) -> bool) -> &'r mut State {
        let new = match report.states.last() {
            None if self.other_cpu => Some(Origin::OtherCpu),
            None => Some(Origin::Fault),
            Some(state) if full(state) => Some(Origin::Repeat),
            Some(_) => None,
        };
        if let Some(origin) = new {
            report.states.push(State::new(origin));
        }
        let last = report.states.len().saturating_sub(1);
        // Not empty: see above.
        #[expect(clippy::indexing_slicing, reason = "a state was pushed where there was none")]
        &mut report.states[last]
    }
}

/// Takes in the name of an instruction pointer whose line had the address only: `EIP is at f+0x1/0x2`.
fn named(report: &mut Report, name: &Place) -> bool {
    let Some(pc) = report.states.last_mut().and_then(|state| state.pc.as_mut()) else { return false };
    let fits = pc.symbol.is_none() && pc.address.is_some() && name.symbol.is_some() && name.address.is_none();
    if fits {
        *pc = Place { address: pc.address, ..name.clone() };
    }
    fits
}
