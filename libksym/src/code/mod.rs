// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disassembles the `Code:` bytes of a report.
//!
//! [`decode()`] chooses the start so that an instruction begins at the marked byte, and works out from the
//! registers which memory that instruction accessed. It has no symbols of its own: the caller's function
//! in [`Context`] names addresses.
//!
//! ```
//! use libksym::code::{Architecture, CodeBytes, Context, decode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Code: 31 c0 <48> 8b 47 10: `xor %eax,%eax`, then `mov 0x10(%rdi),%rax`, which failed.
//! let code = CodeBytes::new(vec![0x31, 0xc0, 0x48, 0x8b, 0x47, 0x10], Some(2));
//! let mut context = Context::default();
//! context.pc = Some(0xffff_ffff_8100_0002);
//! context.register = &|name| (name == "rdi").then_some(0);
//! context.fault_address = Some(0x10);
//! let listing = decode(Architecture::X86_64, &code, &context)?;
//! assert_eq!(listing.instructions[1].text, "mov 0x10(%rdi),%rax");
//! assert_eq!(listing.access[0].is_fault, Some(true));
//! # Ok(())
//! # }
//! ```

mod access;
mod architecture;
#[cfg(feature = "capstone")]
mod by_capstone;
mod decode;
mod disassembler;
mod error;
mod in_file;
mod input;
mod instruction_start;
mod listing;
#[cfg(any(feature = "capstone", test))]
mod load_store;
#[cfg(any(feature = "capstone", test))]
mod load_store_mnemonics;
mod loongarch;
#[cfg(feature = "capstone")]
mod riscv_branch;
mod x86;
mod x86_costs;
mod x86_memory;
mod x86_model;
mod x86_token;

pub use access::{Access, AccessKind};
pub use architecture::Architecture;
pub use decode::decode;
pub use error::CodeError;
pub use input::{CodeBytes, Context, FileCode, Function};
pub use listing::{Instruction, Listing, Trap};
