// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names addresses in modules that had been unloaded, by the journal: `sof_pci+0x60`, if a file of the build
//! that was loaded is at hand, else module, section and offset.

use std::collections::HashSet;

use libksym::Query;
use libmodfmt::elf::Object;
use libmodfmt::file::ModuleFile;
use libmodfmt::module;
use libmodsys::files;
use liboops::explain::{Statement, StatementKind};
use liboops::report::{Origin, Report};

use super::Decoder;
use super::decode_context::{DecodeContext, loaded_module};
use super::labels;
use crate::journal::{End, Loads, Unloaded};

/// So many addresses are named.
const MAX_NAMED: usize = 8;
/// A larger module file is not read, nor decompressed to more than this.
const MAX_MODULE_BYTES: u64 = 512 << 20;

/// Appends a statement about each address of the report that is in a module that was gone.
pub(super) fn explain(
    decoder: &Decoder,
    report: &Report,
    kernel: &DecodeContext,
    statements: &mut Vec<Statement>,
) {
    let Some(boot) = &kernel.boot else { return };
    let Some(loads) = Loads::of_boot(&decoder.journal, boot, report) else { return };
    let mut seen = HashSet::new();
    let mut named = 0_usize;
    for place in addresses(report) {
        if named >= MAX_NAMED {
            return;
        }
        if !seen.insert(place.value) {
            continue;
        }
        let looked_up = place.value.wrapping_sub(u64::from(place.is_return));
        let Some(unloaded) = loads.find(report, looked_up) else { continue };
        statements.push(statement(decoder, kernel, &place, &unloaded));
        named = named.saturating_add(1);
    }
}

/// An address of the report that has no symbol.
struct Address {
    label: String,
    value: u64,
    is_return: bool,
}

/// The fault address, the instruction pointer, registers, entries of call traces.
fn addresses(report: &Report) -> Vec<Address> {
    let address = |label: &str, value, is_return| Address { label: label.to_owned(), value, is_return };
    let mut all: Vec<_> =
        report.fault_address().map(|value| address("fault address", value, false)).into_iter().collect();
    let states =
        report.states.iter().filter(|state| matches!(state.origin, Origin::Fault | Origin::Interrupted));
    for state in states {
        let pc = state.pc.iter().filter(|pc| pc.symbol.is_none()).filter_map(|pc| pc.address);
        all.extend(pc.map(|pc| address(labels::instruction_pointer(report.arch), pc.0, false)));
        let registers = state.registers.iter().filter(|register| labels::may_point_to_data(register.name));
        all.extend(registers.map(|register| address(register.name, register.value.0, false)));
    }
    let frames = report.frames.iter().map(|frame| &frame.place).filter(|place| place.symbol.is_none());
    all.extend(frames.filter_map(|place| Some(address("call trace", place.address?.0, !place.exact))));
    all
}

fn statement(decoder: &Decoder, kernel: &DecodeContext, place: &Address, found: &Unloaded<'_>) -> Statement {
    let name = &found.module.name;
    let offset = found.offset.wrapping_add(u64::from(place.is_return));
    let what = symbol(decoder, kernel, place, found)
        .unwrap_or_else(|| format!("{}+{offset:#x} of module {name}", found.section));
    let end = match found.end {
        End::Removed(ago) => format!("unloaded {} before", duration(ago)),
        End::Noticed(ago) => format!("unloaded without a record, found gone {} before", duration(ago)),
        End::NotListed => "unloaded without a record: it is not in the list of modules".to_owned(),
        End::InitFreed => "in memory that was freed after its init".to_owned(),
    };
    let text = format!("{} {:#x} was {what}, {end}", place.label, place.value);
    let statement = Statement::new(StatementKind::UnloadedModule, text).with("address", place.value);
    statement.with("section", place.value.wrapping_sub(offset)).with("offset", offset)
}

/// The symbol, by a file with the build id of the module that was loaded.
fn symbol(
    decoder: &Decoder,
    kernel: &DecodeContext,
    place: &Address,
    found: &Unloaded<'_>,
) -> Option<String> {
    let wanted = found.module.build_id.as_slice();
    if wanted.is_empty() {
        return None;
    }
    let mut sources = kernel.sources.clone();
    sources.loaded = vec![loaded_module(found.module)];
    // What is loaded now has nothing to do with it.
    sources.modules_text = None;
    sources.kallsyms = None;
    let resolver = decoder.resolver(sources);
    let answer = resolver.symbolize(&Query::Address { address: place.value, is_return: place.is_return });
    let [only] = answer.candidates.as_slice() else { return None };
    let is_of_module =
        only.module.as_deref().map(|own| own.replace('-', "_")) == Some(found.module.name.clone());
    if !is_of_module || only.section.as_deref().is_some_and(|section| section != found.section) {
        return None;
    }
    let bytes = files::read_regular(&only.symbol_source, MAX_MODULE_BYTES).ok()?;
    let file = ModuleFile::new(bytes, MAX_MODULE_BYTES);
    let object = Object::parse(file.unsigned_image().ok()?).ok()?;
    if module::build_id(&object).as_deref() != Some(wanted) {
        return None;
    }
    let (symbol, offset) = (&only.symbol, only.offset);
    Some(format!("{symbol}+{offset:#x} [{}]", found.module.name))
}

/// A duration given in microseconds, in words. The clocks of log and journal differ a little.
fn duration(microseconds: u64) -> String {
    match microseconds / 1_000_000 {
        0 => "less than 1 s".to_owned(),
        seconds @ 1..120 => format!("about {seconds} s"),
        seconds @ 120..7200 => format!("about {} min", seconds / 60),
        seconds => format!("about {} h", seconds / 3600),
    }
}
