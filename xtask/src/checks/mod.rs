// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of `cargo xtask test` that need more than one cargo command.

pub mod accuracy;
pub mod builtin_code;
pub mod checkpatch;
pub mod circles;
pub mod compile_errors;
pub mod crashes;
pub mod documents;
pub mod export_layout;
pub mod features;
pub mod fuzz;
pub mod gdb;
pub mod module_abi;
pub mod publish;
pub mod readelf_modinfo;
pub mod tools;

use anyhow::Result;

use crate::args::KernelArgs;
use crate::setup;

/// Builds the fixture modules for a kernel and checks what libmodfmt reads from them, and from the kernel's
/// own files, against what other tools read.
pub fn fixtures(args: &KernelArgs) -> Result<bool> {
    let kernel = setup::ready(args)?.kernel;
    let out = crate::fixtures::build(&kernel)?;
    Ok(compile_errors::check(&kernel)?
        & tools::check(&out)?
        & builtin_code::check(&out)?
        & readelf_modinfo::check(&out)?
        & export_layout::check(&kernel)?
        & module_abi::check(&kernel)?)
}
