// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disassembles the code around a place, as the file of the kernel or module has it.

use libmodfmt::elf::{ByteOrder, Class, Machine};
use object::elf;

use super::function_code;
use super::open_files::OpenFiles;
use crate::answer::Location;
use crate::code::decode;
use crate::code::{Architecture, CodeBytes, CodeError, Context, FileCode, Function, Instruction, Listing};
use crate::image::{Image, Reference};
use crate::symbols_and_debug::Binary;

/// Disassembles up to `before` bytes before a place and `after` behind its first byte.
pub(super) fn around(
    files: &OpenFiles,
    place: &Location,
    before: usize,
    after: usize,
) -> Result<Listing, CodeError> {
    match &place.module {
        None => files.kernel().and_then(|kernel| of_binary(kernel, place, before, after)),
        Some(module) => files.module(module).and_then(|module| of_binary(&module, place, before, after)),
    }
    .unwrap_or_else(|| Err(CodeError::NoFile { symbol: place.symbol.clone() }))
}

/// `None` if the file has no code of the function.
fn of_binary(
    binary: &Binary,
    place: &Location,
    before: usize,
    after: usize,
) -> Option<Result<Listing, CodeError>> {
    let image = &binary.image;
    let extent = function_code::extent(binary, place)?;
    let bytes = image.read_raw(extent.section, extent.offset, extent.size).ok()?;
    let size = bytes.len();
    let outside = || CodeError::Outside { symbol: place.symbol.clone(), offset: place.offset, size };
    let Some(at) = usize::try_from(place.offset).ok().filter(|at| *at < size) else {
        return Some(Err(outside()));
    };
    let architecture = match architecture(image) {
        Ok(architecture) => architecture,
        Err(error) => return Some(Err(error)),
    };
    let start = at.saturating_sub(before);
    let end = at.saturating_add(after.max(MAX_INSTRUCTION_BYTES)).min(size);
    let code = CodeBytes::new(bytes.get(start..end)?.to_vec(), Some(at.saturating_sub(start)));
    let in_image = extent.address.wrapping_add(place.offset);
    let pc = place.address.unwrap_or(place.link_address);
    let name = |address: u64| {
        let address = address.wrapping_sub(pc).wrapping_add(in_image);
        let section = binary.section(address)?;
        let symbol = binary.table.by_address(address).filter(|symbol| symbol.address >= section.address)?;
        let module = place.module.as_ref().map(|module| format!(" [{module}]")).unwrap_or_default();
        let offset = address.wrapping_sub(symbol.address);
        Some(format!("{}+{offset:#x}{module}", String::from_utf8_lossy(binary.table.name(symbol))))
    };
    let mut function = Function::new(&place.symbol, place.offset);
    (function.module, function.size) = (place.module.as_deref(), place.size);
    function.in_file = Some(FileCode { bytes: &bytes, is_linked: !image.is_relocatable() });
    let context = Context { pc: Some(pc), function: Some(function), symbolize: &name, ..Context::default() };
    Some(decode(architecture, &code, &context).map(|mut listing| {
        // What is cut at the end was not asked for.
        if end < size && listing.instructions.last().is_some_and(|last| !last.valid && last.offset > 0) {
            listing.instructions.pop();
        }
        let references = image.references(extent.section, extent.offset, extent.size).unwrap_or_default();
        for instruction in &mut listing.instructions {
            let from = extent.offset.wrapping_add(place.offset).wrapping_add_signed(instruction.offset);
            name_reference(instruction, from, &references, architecture);
        }
        listing
    }))
}

/// The longest instruction of any processor.
const MAX_INSTRUCTION_BYTES: usize = 16;

/// Names what an instruction that is not linked refers to. `from` is its offset in the section.
fn name_reference(
    instruction: &mut Instruction,
    from: u64,
    references: &[Reference],
    architecture: Architecture,
) {
    let end = from.saturating_add(instruction.bytes.len() as u64);
    let first = references.partition_point(|reference| reference.offset < from);
    let Some(reference) = references.get(first).filter(|reference| reference.offset < end) else { return };
    // On x86 distances are counted from the end of the instruction.
    let is_x86 = matches!(architecture, Architecture::X86 | Architecture::X86_64);
    let counted = if is_x86 && reference.is_relative { end.wrapping_sub(reference.offset) } else { 0 };
    let addend = reference.addend.wrapping_add_unsigned(counted);
    let sign = if addend < 0 { '-' } else { '+' };
    let name = match addend {
        0 => reference.name.clone(),
        _ => format!("{}{sign}{:#x}", reference.name, addend.unsigned_abs()),
    };
    if instruction.target.take().is_some() && reference.is_relative {
        let mnemonic = instruction.text.split(' ').next().unwrap_or_default().to_owned();
        // The number in a branch is not filled in; other operands stay, as they have registers, too.
        if instruction.text.split(' ').count() == 2 && !instruction.text.contains('(') {
            instruction.text = format!("{mnemonic} {name}");
        }
    }
    instruction.symbol = Some(name);
}

/// The instruction set of a file. Thumb and microMIPS have the same machine as ARM and MIPS.
fn architecture(image: &Image) -> Result<Architecture, CodeError> {
    let (Machine(machine), class, order) = image.machine();
    let is_64 = class == Class::Elf64;
    let is_little = order == ByteOrder::Little;
    Ok(match elf::Machine(machine) {
        elf::EM_X86_64 => Architecture::X86_64,
        elf::EM_386 => Architecture::X86,
        elf::EM_AARCH64 => Architecture::Arm64,
        elf::EM_ARM => Architecture::Arm,
        elf::EM_RISCV if is_64 => Architecture::Riscv64,
        elf::EM_RISCV => Architecture::Riscv32,
        elf::EM_PPC64 if is_little => Architecture::PowerPc64Le,
        elf::EM_PPC64 => Architecture::PowerPc64,
        elf::EM_PPC => Architecture::PowerPc,
        elf::EM_S390 if is_64 => Architecture::S390x,
        elf::EM_MIPS => match (is_64, is_little) {
            (true, true) => Architecture::Mips64Le,
            (true, false) => Architecture::Mips64,
            (false, true) => Architecture::MipsLe,
            (false, false) => Architecture::Mips,
        },
        elf::EM_SPARCV9 => Architecture::Sparc64,
        elf::EM_LOONGARCH if is_64 => Architecture::LoongArch64,
        _ => return Err(CodeError::Machine { machine }),
    })
}
