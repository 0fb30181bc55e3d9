// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux kernel addresses to functions, source lines and inlined calls.
//!
//! A [`Resolver`] takes what an oops, a lockdep splat or a profile prints (`symbol+offset/size`, with or
//! without a module, or a bare address) and returns the function, the file and line, and every call that
//! was inlined there. It works from vmlinux, separate debug files, modules (compressed or not),
//! `System.map` and a saved `/proc/kallsyms`. [`code`] disassembles the bytes of a `Code:` line.
//!
//! It never guesses. A file of another build is reported as a [`Warning`] and not used; a symbol whose
//! size differs from the report's is [`Unresolved`]; a name that several functions have yields each of
//! them.
//!
//! Nothing is read before a query needs it, and then only the parts that it needs: the debug file of a
//! distribution's kernel has hundreds of megabytes.
//!
//! ```
//! use libksym::{FileSearch, Query, Resolver, Sources, Unresolved};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let map = folder.path().join("System.map");
//! # std::fs::write(&map, "ffffffff81000000 T _text\nffffffff81000010 T vfs_read\nffffffff81000210 T x\n")?;
//! let mut sources = Sources::new(FileSearch::Named); // no search in /boot, /lib/modules, /usr/lib/debug
//! sources.system_map = Some(map); // no lines in it; `vmlinux` has them
//! let resolver = Resolver::new(sources);
//!
//! // `vfs_read+0x1b/0x200` of a call trace, which is a return address.
//! let answer = resolver.symbolize(&Query::symbol(None, "vfs_read", 0x1b, Some(0x200)).returning());
//! let place = &answer.candidates[0];
//! assert_eq!((place.symbol.as_str(), place.link_address), ("vfs_read", 0xffff_ffff_8100_002b));
//! for frame in &place.frames {
//!     println!("{:?} {:?}:{:?}", frame.function, frame.file, frame.line);
//! }
//! assert!(matches!(answer.unresolved, Some(Unresolved::NoDebugInfo { .. })));
//! for warning in resolver.take_warnings() {
//!     eprintln!("{warning}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Addresses
//!
//! Two kinds of addresses appear, and each item says which one it means:
//! - **linked**: as in vmlinux or `System.map`; in a module, which is not linked to an address, the offset
//!   in its section.
//! - **run-time**: where the code was in memory. For the kernel it is the linked address plus the
//!   [KASLR offset](KaslrOffset), for a module the address of the section plus the offset in it.
//!
//! # Features
//!
//! - `capstone` (off): [`code::decode`] for other processors than x86. Needs a C compiler to build.

#![forbid(unsafe_code)]

mod answer;
mod build_id;
mod caller;
pub mod code;
mod dwarf;
pub mod files;
mod image;
mod kaslr_hint;
mod machine_state;
pub mod merged;
mod query;
mod resolve;
mod search;
mod sources;
mod symbols;
mod symbols_and_debug;
mod unresolved;
mod variable;
mod warning;
mod warning_log;

pub use answer::{Answer, Frame, Location};
pub use build_id::{BuildId, BuildIdError};
pub use caller::CallerState;
pub use kaslr_hint::{KaslrHint, KaslrOffset, KaslrPair, KaslrSource};
pub use machine_state::MachineState;
pub use query::Query;
pub use resolve::{FunctionCode, Resolver, SymbolAddresses};
pub use sources::{Discover, FileSearch, LoadedModule, Sources};
pub use unresolved::Unresolved;
pub use variable::{Variable, VariableValue};
pub use warning::Warning;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
