// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `modpersist` reads of 500 variables of the kernel's types, against what gdb prints of the same bytes.
//! The comparison is a test of modpersist that is ignored unless it is told of the module.

use anyhow::Result;

use crate::args::KernelArgs;
use crate::{fixtures, process, setup, workspace};

/// Builds the module with the kernel's headers and compares, value by value.
pub fn check(args: &KernelArgs) -> Result<bool> {
    let kernel = setup::ready(args)?.kernel;
    let stage = workspace::target().join("kernel-types").join(&kernel.release);
    let source = workspace::root().join("tests/fixtures/kernel_types/kernel_types.c");
    let module = fixtures::build_file(&kernel, &stage, &source)?;
    let mut command = workspace::cargo();
    command.args(["test", "--quiet", "--package", "modpersist", "--test", "integration"]);
    command.args(["gdb_prints_the_same_of_kernel_types", "--", "--ignored", "--nocapture"]);
    process::shown(command.env("MODPERSIST_KERNEL_TYPES", module))
}
