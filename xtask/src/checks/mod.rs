// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks of `cargo xtask test` that need more than one cargo command.

pub mod accuracy;
pub mod builtin;
pub mod circles;
pub mod features;
pub mod fuzz;
pub mod ladder;
pub mod papers;
pub mod patch;
pub mod peers;
pub mod publish;
pub mod tools;
pub mod twins;

use anyhow::Result;

use crate::args::KernelArgs;
use crate::setup;

/// What libmodfmt reads from modules built for a kernel, and from the kernel's own files, against others who read them.
pub fn fixtures(args: &KernelArgs) -> Result<bool> {
    let kernel = setup::ready(args)?.kernel;
    let out = crate::fixtures::build(&kernel)?;
    Ok(tools::check(&out)?
        & builtin::check(&out)?
        & peers::check(&out)?
        & ladder::check(&kernel)?
        & twins::check(&kernel)?)
}
