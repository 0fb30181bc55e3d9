// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disassembles the `Code:` line.

use libksym::code::{Architecture, CodeBytes, Context, Listing, decode};
use liboops::report::{Code, Origin, State};

use super::AnnotationKind;
use super::lookup::Lookup;
use super::registers;

/// Old kernels printed this many bytes from the instruction pointer on, without a mark.
const UNMARKED_BYTES: usize = 20;

/// Disassembles the bytes of a `Code:` line, and looks up the data that the instructions refer to.
pub(super) fn annotations(code: &Code, state: &State, lookup: &Lookup<'_>) -> Vec<AnnotationKind> {
    let listing = match listing(code, state, lookup) {
        Ok(listing) => listing,
        Err(why) => return vec![AnnotationKind::NoInstructions(why)],
    };
    let accessed = listing.access.iter().map(|access| (access.operand.as_str(), access.address));
    let targets = listing.instructions.iter().map(|instruction| ("code", instruction.target));
    let persistent: Vec<_> = accessed
        .chain(targets)
        .filter_map(|(label, address)| {
            let address = Box::new(lookup.persistent(address?)?);
            Some(AnnotationKind::Persistent { label: label.to_owned(), address })
        })
        .collect();
    std::iter::once(AnnotationKind::Instructions(Box::new(listing))).chain(persistent).collect()
}

/// The instructions, or why there are none.
fn listing(code: &Code, state: &State, lookup: &Lookup<'_>) -> Result<Listing, String> {
    // Any other line without a mark was cut, and nobody knows where.
    if code.marker.is_none() && code.bytes.len() != UNMARKED_BYTES {
        return Err("no byte is marked as the one at the instruction pointer: the line was cut".to_owned());
    }
    let report = lookup.report;
    let architecture = match report.arch {
        Some("x86_64") => Architecture::X86_64,
        Some("i386") => Architecture::X86,
        Some(other) => return Err(format!("instructions of {other} are not decoded")),
        None => return Err("nothing in the report tells the processor".to_owned()),
    };
    let bytes = CodeBytes::new(code.bytes.clone(), code.marker);
    let register = |name: &str| registers::value(state, name);
    let symbolize = |address| lookup.name(address);
    let mut context = Context::default();
    context.pc = lookup.instruction_pointer(state);
    context.register = &register;
    context.fault_address = report.fault_address().filter(|_| state.origin == Origin::Fault);
    context.symbolize = &symbolize;
    decode(architecture, &bytes, &context).map_err(|error| error.to_string())
}
