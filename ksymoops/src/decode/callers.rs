// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters and local variables of the functions that called the one at the fault, where it is certain who
//! called, and what the caller has in its registers.
//!
//! What a caller has in registers is worked out from those at the fault by unwind information, and from the
//! stack as far as the log shows it. Who called is the entry of the call trace whose address is on the stack
//! where the unwind information has the return address. Without that word nobody is believed to have called:
//! entries of a trace may be lost.

use libksym::{CallerState, Location, MachineState, Variable};
use liboops::report::{Frame, Place, Report, State, Trace};

use super::lookup::Lookup;
use super::stack_words::StackWords;

/// So many callers are looked at.
const MAX_CALLERS: usize = 4;
const WORD_BYTES: u64 = 8;

/// A caller, the next one first.
pub(super) struct Caller {
    pub variables: Vec<Variable>,
    state: CallerState,
}

impl Caller {
    /// Whether the value of a register is from the stack.
    pub fn was_saved(&self, register: u16) -> bool {
        self.state.was_saved(register)
    }
}

/// A caller's registers, and the stack.
struct Shown<'a> {
    caller: &'a CallerState,
    stack: &'a StackWords,
}

impl MachineState for Shown<'_> {
    fn register(&self, number: u16) -> Option<u64> {
        self.caller.register(number)
    }

    fn memory(&self, address: u64, size: u64) -> Option<u64> {
        self.stack.number(address, size)
    }

    fn was_saved(&self, number: u16) -> bool {
        self.caller.was_saved(number)
    }
}

/// The callers of the function at `place`, where the fault was with these registers. `is_what_ran` says
/// whether the file with a place is of the build that ran.
pub(super) fn find(
    lookup: &Lookup<'_>,
    state: &State,
    place: &Location,
    shown: &dyn MachineState,
    stack: &StackWords,
    is_what_ran: &dyn Fn(&Location) -> bool,
) -> Vec<Caller> {
    let mut callers: Vec<Caller> = Vec::new();
    if stack.is_empty() {
        return callers;
    }
    let mut entries = trace(lookup.report, state);
    let resolver = &lookup.kernel.resolver;
    let mut callee = place.clone();
    while callers.len() < MAX_CALLERS {
        let next = match callers.last() {
            None => resolver.caller(&callee, shown),
            Some(last) => resolver.caller(&callee, &Shown { caller: &last.state, stack }),
        };
        let Some(next) = next else { break };
        let Some(returns_to) = stack.number(next.return_slot, WORD_BYTES) else { break };
        let entry = entries.by_ref().find(|entry| entry.place.address.is_some_and(|own| own.0 == returns_to));
        let Some(location) = entry.and_then(|entry| call(lookup, &entry.place)) else { break };
        if !is_what_ran(&location) {
            break;
        }
        let variables = resolver.variables(&location, &Shown { caller: &next, stack });
        callee = location;
        callers.push(Caller { variables, state: next });
    }
    callers
}

/// The entries of the trace that begins at the fault, up to where an exception or interrupt was taken.
fn trace<'r>(report: &'r Report, state: &State) -> impl Iterator<Item = &'r Frame> + use<'r> {
    let pc = state.pc.as_ref().map_or(u64::MAX, |pc| pc.span.start);
    let later = report.frames.iter().filter(move |frame| frame.place.span.start > pc);
    let mut own = later.filter(|frame| frame.trace == Trace::Own).peekable();
    let context = own.peek().and_then(|first| first.context.clone());
    own.take_while(move |frame| frame.context == context && !frame.place.exact)
}

/// The call instruction that returns to a place of the trace, if there is one answer with debug information.
fn call(lookup: &Lookup<'_>, place: &Place) -> Option<Location> {
    place.symbol.as_ref().filter(|_| !place.is_decoded())?;
    match lookup.code(place)?.candidates.as_slice() {
        [only] if !only.frames.is_empty() => Some(only.of_call()),
        _ => None,
    }
}
