// SPDX-License-Identifier: MIT OR Apache-2.0
//! From bytes to a listing.

use super::architecture::Architecture;
#[cfg(feature = "capstone")]
use super::by_capstone::CapstoneDisassembler;
use super::disassembler::{Decoded, Disassembler};
use super::error::CodeError;
use super::in_file::InFile;
use super::input::{CodeBytes, Context};
use super::instruction_start;
use super::listing::{Instruction, Listing};
use super::loongarch::LoongArch;
use super::x86::X86;

/// Disassembles the bytes of a `Code:` line.
///
/// # Errors
///
/// [`CodeError`] if there are no bytes, the marker is not among them, or there is no disassembler for the
/// instruction set.
pub fn decode(
    architecture: Architecture,
    code: &CodeBytes,
    context: &Context<'_>,
) -> Result<Listing, CodeError> {
    let size = code.bytes.len();
    let marker = code.marker.unwrap_or(0);
    if size == 0 {
        return Err(CodeError::Empty);
    }
    if marker >= size {
        return Err(CodeError::Marker { marker, size });
    }
    let disassembler = disassembler(architecture)?;
    let pc = context.pc.unwrap_or(0);
    let address = |index: usize| pc.wrapping_add(index as u64).wrapping_sub(marker as u64);
    let file = InFile::new(&*disassembler, context);
    let start_of_function = || marker.checked_sub(usize::try_from(context.function?.offset).ok()?);
    let known = match &file {
        _ if code.begins_with_instruction => Some(0),
        Some(file) => file.first_start(marker),
        None => start_of_function(),
    };
    let start = instruction_start::find(&*disassembler, &code.bytes, marker, known, context, &address);
    let name = |target: u64| name(target, distance(architecture, pc, target), context);
    let mut listing = Listing { skipped: start.first, ..Listing::default() };
    let mut at = start.first;
    while let Some(rest) = code.bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(data) = bug_data(architecture, code, marker, at) {
            for (text, bytes) in data {
                let offset = i64::try_from(at.saturating_sub(marker)).unwrap_or(i64::MAX);
                listing.instructions.push(Instruction {
                    offset,
                    address: address(at),
                    bytes: bytes.to_vec(),
                    encoding: architecture.encoding(bytes),
                    text,
                    valid: true,
                    ..Instruction::default()
                });
                at = at.saturating_add(bytes.len());
            }
            continue;
        }
        let address = address(at);
        let decoded = disassembler.decode(rest, address);
        // A bad instruction must not swallow the marked byte.
        let room = if at < marker { marker.saturating_sub(at) } else { rest.len() };
        let length = decoded.length.clamp(1, room);
        let bytes = rest.get(..length).unwrap_or_default();
        if at == marker {
            listing.marked = Some(listing.instructions.len());
            listing.trap = decoded.trap;
            listing.access = disassembler.accesses(rest, address, context);
        }
        let offset = i64::try_from(at).unwrap_or(i64::MAX).saturating_sub_unsigned(marker as u64);
        let (patched, in_file) = match &file {
            // What was cut is not compared.
            Some(file) if decoded.valid => file.compare(&*disassembler, bytes, offset, address, &name),
            _ => (false, None),
        };
        listing.instructions.push(Instruction {
            offset,
            address,
            bytes: bytes.to_vec(),
            encoding: architecture.encoding(bytes),
            text: text(architecture, &decoded, address, context),
            valid: decoded.valid,
            doubtful: at < start.sure,
            patched,
            in_file,
            target: decoded.target.filter(|_| context.pc.is_some()),
            symbol: decoded.target.filter(|_| context.pc.is_some() || decoded.branches).and_then(|target| {
                let symbol = context.pc.and_then(|_| (context.symbolize)(target));
                symbol.or_else(|| name(target).filter(|_| decoded.branches))
            }),
        });
        at = at.saturating_add(length);
    }
    Ok(listing)
}

/// The data behind the `ud2` of `BUG()`, if it is at `at`: the line, and the pointer to the file's name.
fn bug_data(
    architecture: Architecture,
    code: &CodeBytes,
    marker: usize,
    at: usize,
) -> Option<Vec<(String, &[u8])>> {
    const UD2: &[u8] = &[0x0f, 0x0b];
    let line = code.bug_line.filter(|_| architecture == Architecture::X86)?;
    let (trap, rest) = code.bytes.get(marker..)?.split_at_checked(UD2.len())?;
    let (found, rest) = rest.split_first_chunk::<2>()?;
    if trap != UD2 || at != marker.checked_add(UD2.len())? || u16::from_le_bytes(*found) != line {
        return None;
    }
    let mut data = vec![(format!(".word {line}"), &found[..])];
    match rest.split_first_chunk::<4>() {
        Some((file, _)) => data.push((format!(".long {:#x}", u32::from_le_bytes(*file)), &file[..])),
        None if rest.is_empty() => {}
        None => data.push(("(cut)".to_owned(), rest)),
    }
    Some(data)
}

/// The symbol of an address; else its distance from the start of the marked byte's function.
fn name(address: u64, distance: i64, context: &Context<'_>) -> Option<String> {
    let symbol = context.pc.and_then(|_| (context.symbolize)(address));
    symbol.or_else(|| Some(context.function?.place(distance)))
}

/// How far an address is behind another one.
fn distance(architecture: Architecture, from: u64, to: u64) -> i64 {
    let unused = 64_u32.saturating_sub(architecture.bits());
    (to.wrapping_sub(from) << unused).cast_signed() >> unused
}

/// The text of an instruction. If its address is not known, neither is that of its target.
fn text(architecture: Architecture, decoded: &Decoded, address: u64, context: &Context<'_>) -> String {
    let Some(target) = decoded.target.filter(|_| decoded.branches && context.pc.is_none()) else {
        return decoded.text.clone();
    };
    let distance = distance(architecture, address, target);
    let sign = if distance < 0 { '-' } else { '+' };
    let number = format!("{target:#x}");
    match decoded.text.rfind(&number).and_then(|at| decoded.text.split_at_checked(at)) {
        Some((before, _)) => {
            format!("{}.{sign}{:#x}", before.trim_end_matches('#'), distance.unsigned_abs())
        }
        None => decoded.text.clone(),
    }
}

fn disassembler(architecture: Architecture) -> Result<Box<dyn Disassembler>, CodeError> {
    match architecture {
        Architecture::X86_64 => Ok(Box::new(X86 { bits: 64 })),
        Architecture::X86 => Ok(Box::new(X86 { bits: 32 })),
        Architecture::LoongArch64 => Ok(Box::new(LoongArch)),
        #[cfg(feature = "capstone")]
        other => match CapstoneDisassembler::new(other) {
            Some(disassembler) => Ok(Box::new(disassembler)),
            None => Err(CodeError::Architecture { architecture: other }),
        },
        #[cfg(not(feature = "capstone"))]
        other => Err(CodeError::Architecture { architecture: other }),
    }
}
