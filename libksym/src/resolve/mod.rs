// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers queries: picks the file, the symbol in it and the lines.

mod by_address;
mod by_symbol;
mod disassemble;
mod function_code;
mod kaslr_offset;
mod kernel_config;
mod module_memory;
mod open_files;
mod resolver;
mod symbol_match;

pub use function_code::FunctionCode;
pub use resolver::{Resolver, SymbolAddresses};
