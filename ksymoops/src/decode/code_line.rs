// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disassembles the `Code:` line.

use libksym::FunctionCode;
use libksym::code::{Architecture, CodeBytes, Context, FileCode, Function, Listing, decode};
use liboops::report::{Code, Origin, Place, Report, State};

use super::lookup::Lookup;
use super::{AnnotationKind, code_processor, registers};

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
            let (address, label) = (address?, label.to_owned());
            match lookup.persistent(address) {
                Some(found) => Some(AnnotationKind::Persistent { label, address: Box::new(found) }),
                None => {
                    let address = Box::new(lookup.token(address)?);
                    Some(AnnotationKind::Token { label, address })
                }
            }
        })
        .collect();
    let arch = lookup.report.arch.is_none().then(|| code_processor::of(lookup.report, code)).flatten();
    let arch = arch.map(|arch| AnnotationKind::Explained(format!("by its bytes, this is code of {arch}")));
    let instructions = AnnotationKind::Instructions(Box::new(listing));
    arch.into_iter().chain([instructions]).chain(persistent).collect()
}

/// The instructions, or why there are none.
fn listing(code: &Code, state: &State, lookup: &Lookup<'_>) -> Result<Listing, String> {
    let report = lookup.report;
    let Some(arch) = report.arch.or_else(|| code_processor::of(report, code)) else {
        return Err("nothing in the report tells the processor".to_owned());
    };
    // Any other line without a mark was cut, and nobody knows where.
    if code.marker.is_none() && code.bytes.len() != UNMARKED_BYTES {
        return Err("no byte is marked as the one at the instruction pointer: the line was cut".to_owned());
    }
    let Some(architecture) = architecture(arch, code, state) else {
        return Err(format!("instructions of {arch} are not decoded"));
    };
    // The instruction that the report is about may be before or behind the instruction pointer.
    let distance = state.instruction_offset;
    let marker = code.marker.map_or(0, |marker| marker as u64).checked_add_signed(distance);
    let marker = marker.and_then(|marker| usize::try_from(marker).ok());
    let Some(marker) = marker.filter(|marker| *marker < code.bytes.len()) else {
        return Err("the instruction that the report is about is not in the line".to_owned());
    };
    let mut bytes = CodeBytes::new(code.bytes.clone(), Some(marker));
    bytes.begins_with_instruction = architecture == Architecture::S390x;
    bytes.bug_line = bug_line(&report.title.value);
    let register = |name: &str| registers::value(state, name);
    let symbolize = |address| lookup.name(address);
    let pc = state.pc.as_ref();
    let found = pc.and_then(|pc| lookup.code(pc)).filter(|answer| answer.candidates.len() == 1);
    let in_file = found.and_then(|found| lookup.kernel.resolver.function_code(found.candidates.first()?));
    let mut context = Context::default();
    context.pc = lookup.instruction_pointer(state).map(|pc| pc.wrapping_add_signed(distance));
    context.function = pc.and_then(|pc| function(pc, distance, in_file.as_ref()));
    context.register = &register;
    context.fault_address = report.fault_address().filter(|_| state.origin == Origin::Fault);
    context.symbolize = &symbolize;
    decode(architecture, &bytes, &context).map_err(|error| error.to_string())
}

/// The line in `kernel BUG at skbuff.c:315!`
fn bug_line(title: &str) -> Option<u16> {
    let (_, place) = title.split_once("kernel BUG at ")?;
    place.trim_end().strip_suffix('!')?.rsplit_once(':')?.1.parse().ok()
}

/// The function of the instruction at a distance from the instruction pointer, as the log names it.
fn function<'a>(pc: &'a Place, distance: i64, in_file: Option<&'a FunctionCode>) -> Option<Function<'a>> {
    let mut function = Function::new(pc.symbol.as_deref()?, pc.offset.checked_add_signed(distance)?);
    (function.module, function.size) = (pc.module.as_deref(), pc.size);
    function.in_file = in_file.map(|code| FileCode { bytes: &code.bytes, is_linked: code.is_linked });
    Some(function)
}

/// The instruction set of a processor, named as by `uname -m`.
fn architecture(arch: &str, code: &Code, state: &State) -> Option<Architecture> {
    let has_halves = code.word_bytes == 2;
    // The log does not tell the byte order of mips: its words are numbers, as in a big-endian kernel.
    Some(match arch {
        "x86_64" => Architecture::X86_64,
        "i386" => Architecture::X86,
        "aarch64" => Architecture::Arm64,
        "arm" if has_halves || registers::is_thumb(state) => Architecture::Thumb,
        "arm" => Architecture::Arm,
        "riscv32" => Architecture::Riscv32,
        "riscv64" => Architecture::Riscv64,
        "ppc" => Architecture::PowerPc,
        "ppc64" => Architecture::PowerPc64,
        "ppc64le" => Architecture::PowerPc64Le,
        "s390x" => Architecture::S390x,
        "mips" | "mips64" if has_halves => Architecture::MicroMips,
        "mips" => Architecture::Mips,
        "mips64" => Architecture::Mips64,
        "sparc64" => Architecture::Sparc64,
        "loongarch64" => Architecture::LoongArch64,
        _ => return None,
    })
}

/// The address that the processor was to execute, if it holds no code: a null function pointer was called.
pub(super) fn called_address(state: &State, report: &Report) -> Option<u64> {
    let pc = state.pc.as_ref().filter(|pc| pc.symbol.is_none() && state.origin == Origin::Fault)?;
    // On s390 the first page can be read, so the zeros there were executed, and printed as code.
    let at = pc.address.and_then(|address| address.0.checked_add_signed(state.instruction_offset));
    if at == Some(0) && report.arch == Some("s390x") {
        return at;
    }
    let fault = report.fault_address()?;
    // Where the kernel had code, it printed it. `RIP: 0010:0x0` has too few digits to be taken for an
    // address.
    let has_code = state.code.as_ref().is_some_and(|code| !code.bytes.is_empty());
    let is_unreadable = state.code.as_ref().is_some_and(|code| code.unreadable.is_some());
    let is_there = pc.address.map_or(is_unreadable, |address| address.0 == fault);
    (!has_code && is_there).then_some(fault)
}
