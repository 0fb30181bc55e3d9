// SPDX-License-Identifier: MIT OR Apache-2.0
//! The text of `/proc/modules`, `/proc/kallsyms`, `/proc/name_tokens` and, of kernels before 2.6,
//! `/proc/ksyms`.
//!
//! All are iterators over a text that the caller has read, line by line and without copying, so that one
//! damaged line (an oops report may hold such a text too) costs one error and not the rest. Names are bytes:
//! the kernel does not promise UTF-8.
//!
//! ```
//! use libmodfmt::proc::{kallsyms, modules};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = b"foo 16384 0 - Live 0xffffffffc0a00000 (OE)\n\
//!              foo__persist 12288 1 foo, Live 0x0000000000000000 (OE)\n";
//! let all = modules(text).collect::<Result<Vec<_>, _>>()?;
//! assert_eq!(all[0].name, b"foo");
//! assert_eq!(all[1].users().collect::<Vec<_>>(), [b"foo"]);
//!
//! let text = b"ffffffffc0a03000 d foo_p\t[foo__persist]\n";
//! let symbol = kallsyms(text).next().ok_or("no line")??;
//! assert_eq!((symbol.address, symbol.module), (0xffff_ffff_c0a0_3000, Some(&b"foo__persist"[..])));
//! # Ok(())
//! # }
//! ```

mod error;
mod fields;
mod kallsyms;
mod ksyms;
mod modules;
mod name_tokens;
#[cfg(test)]
mod tests;

pub use error::ProcError;
pub use kallsyms::{Symbol, kallsyms};
pub use ksyms::{
    ExportedSymbol, InsmodSymbol, insmod_symbol, is_insmod_symbol, ksyms, without_symbol_version,
};
pub use modules::{LoadedModule, State, modules};
pub use name_tokens::{NameToken, name_tokens};
