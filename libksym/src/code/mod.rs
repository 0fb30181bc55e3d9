// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `Code:` bytes of a report as instructions.
//!
//! [`decode`] finds where an instruction must start for one to start at the marked byte, marks that
//! one, and works out from the registers what it accessed. It knows no symbols: the caller's
//! function in [`Context`] names addresses.
//!
//! ```
//! use libksym::code::{Architecture, CodeBytes, Context, decode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // xor %eax,%eax; mov 0x10(%rdi),%rax, and the second one failed.
//! let code = CodeBytes { bytes: vec![0x31, 0xc0, 0x48, 0x8b, 0x47, 0x10], trap: Some(2) };
//! let context = Context {
//!     pc: Some(0xffff_ffff_8100_0002),
//!     register: &|name| (name == "rdi").then_some(0),
//!     fault_address: Some(0x10),
//!     symbolize: &|_| None,
//! };
//! let listing = decode(Architecture::X86_64, &code, &context)?;
//! assert_eq!(listing.instructions[1].text, "mov 0x10(%rdi),%rax");
//! assert_eq!(listing.access[0].is_fault, Some(true));
//! # Ok(())
//! # }
//! ```

mod access;
mod align;
mod disassembler;
mod error;
mod listing;
#[cfg(feature = "capstone")]
mod other;
mod x86;
mod x86_memory;

pub use access::{Access, AccessKind};
pub use error::CodeError;
pub use listing::{Architecture, CodeBytes, Context, Instruction, Listing, Trap};

use disassembler::Disassembler;

/// Disassembles the bytes of a `Code:` line.
///
/// # Errors
///
/// [`CodeError`], if there is nothing to decode or nothing to decode it with.
pub fn decode(
    architecture: Architecture,
    code: &CodeBytes,
    context: &Context<'_>,
) -> Result<Listing, CodeError> {
    let size = code.bytes.len();
    let mark = code.trap.unwrap_or(0);
    if size == 0 {
        return Err(CodeError::Empty);
    }
    if mark >= size {
        return Err(CodeError::Mark { trap: mark, size });
    }
    let disassembler = disassembler(architecture)?;
    let pc = context.pc.unwrap_or(0);
    let address = |index: usize| pc.wrapping_add(index as u64).wrapping_sub(mark as u64);
    let skipped = align::start(&*disassembler, &code.bytes, mark, &address);
    let mut listing = Listing { skipped, ..Listing::default() };
    let mut at = skipped;
    while let Some(rest) = code.bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let decoded = disassembler.decode(rest, address(at));
        // What a bad instruction swallowed must not hide the mark.
        let room = if at < mark { mark.saturating_sub(at) } else { rest.len() };
        let length = decoded.length.clamp(1, room);
        if at == mark {
            listing.trap = Some(listing.instructions.len());
            listing.kind = decoded.trap;
            listing.access = disassembler.accesses(rest, address(at), context);
        }
        let target = decoded.target.filter(|_| context.pc.is_some());
        listing.instructions.push(Instruction {
            offset: i64::try_from(at).unwrap_or(i64::MAX).saturating_sub_unsigned(mark as u64),
            address: address(at),
            bytes: rest.get(..length).unwrap_or_default().to_vec(),
            text: decoded.text,
            valid: decoded.valid,
            target,
            symbol: target.and_then(|target| (context.symbolize)(target)),
        });
        at = at.saturating_add(length);
    }
    Ok(listing)
}

fn disassembler(architecture: Architecture) -> Result<Box<dyn Disassembler>, CodeError> {
    match architecture {
        Architecture::X86_64 => Ok(Box::new(x86::X86 { bits: 64 })),
        Architecture::X86 => Ok(Box::new(x86::X86 { bits: 32 })),
        #[cfg(feature = "capstone")]
        other => match other::Other::new(other) {
            Some(disassembler) => Ok(Box::new(disassembler)),
            None => Err(CodeError::Architecture { architecture: other }),
        },
        #[cfg(not(feature = "capstone"))]
        other => Err(CodeError::Architecture { architecture: other }),
    }
}
