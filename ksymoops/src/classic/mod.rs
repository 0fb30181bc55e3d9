// SPDX-License-Identifier: MIT OR Apache-2.0
//! The output of ksymoops 2.4 (`--format=ksymoops`), for scripts and people that expect it.
//!
//! ```text
//! EIP:    0010:[<c0144b14>]    Not tainted
//! ...
//! >>EIP; c0144b14 <__remove_from_queues+14/30>   <=====
//! Trace; c0147ddf <try_to_free_buffers+7f/170>
//! Code;  c0144b14 <__remove_from_queues+14/30>   <=====
//!    0:   89 02                     mov    %eax,(%edx)   <=====
//! ```
//!
//! That program went through a log line by line: it printed the lines that looked like an oops, collected
//! the addresses in them, and printed their names after the `Code:` line, or after some lines without
//! an oops. [`Classic`] does the same with its forms of lines (`shown`, `program_counter`,
//! `registers`, `trace`), for kernels from 2.0 to 2.6. What `liboops` finds in addition, such as the frames
//! of later kernels, is named too.
//!
//! Lines of ours have `;` where the kernel has `:`, so that the output can be read again.

mod classic_log;
mod code_bytes;
mod disassembly;
mod entry;
mod line_text;
mod names;
mod options;
mod pattern;
mod program_counter;
mod registers;
mod reported;
mod shown;
mod target;
mod trace;
mod writer;

pub use classic_log::Classic;
pub use names::{AddressName, AddressNames, MapNames, ResolverNames};
pub use options::Options;
pub use target::{TARGETS, Target};
