// SPDX-License-Identifier: MIT OR Apache-2.0
//! From bytes to a listing.

use super::architecture::Architecture;
#[cfg(feature = "capstone")]
use super::by_capstone::CapstoneDisassembler;
use super::disassembler::Disassembler;
use super::error::CodeError;
use super::input::{CodeBytes, Context};
use super::instruction_start;
use super::listing::{Instruction, Listing};
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
    let start = instruction_start::find(&*disassembler, &code.bytes, marker, context, &address);
    let skipped = start.first;
    let mut listing = Listing { skipped, ..Listing::default() };
    let mut at = skipped;
    while let Some(rest) = code.bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let decoded = disassembler.decode(rest, address(at));
        // A bad instruction must not swallow the marked byte.
        let room = if at < marker { marker.saturating_sub(at) } else { rest.len() };
        let length = decoded.length.clamp(1, room);
        if at == marker {
            listing.marked = Some(listing.instructions.len());
            listing.trap = decoded.trap;
            listing.access = disassembler.accesses(rest, address(at), context);
        }
        let target = decoded.target.filter(|_| context.pc.is_some());
        listing.instructions.push(Instruction {
            offset: i64::try_from(at).unwrap_or(i64::MAX).saturating_sub_unsigned(marker as u64),
            address: address(at),
            bytes: rest.get(..length).unwrap_or_default().to_vec(),
            text: decoded.text,
            valid: decoded.valid,
            doubtful: at < start.sure,
            target,
            symbol: target.and_then(|target| (context.symbolize)(target)),
        });
        at = at.saturating_add(length);
    }
    Ok(listing)
}

fn disassembler(architecture: Architecture) -> Result<Box<dyn Disassembler>, CodeError> {
    match architecture {
        Architecture::X86_64 => Ok(Box::new(X86 { bits: 64 })),
        Architecture::X86 => Ok(Box::new(X86 { bits: 32 })),
        #[cfg(feature = "capstone")]
        other => match CapstoneDisassembler::new(other) {
            Some(disassembler) => Ok(Box::new(disassembler)),
            None => Err(CodeError::Architecture { architecture: other }),
        },
        #[cfg(not(feature = "capstone"))]
        other => Err(CodeError::Architecture { architecture: other }),
    }
}
