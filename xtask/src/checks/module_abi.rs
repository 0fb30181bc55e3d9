// SPDX-License-Identifier: MIT OR Apache-2.0
//! The extended kernel must have the module ABI of the same kernel without the option: the same `struct
//! module`, to the byte, and the same versions of all exported symbols. Then modules that were built and
//! signed for one load on the other. The patch itself is checked, too.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use vmguest::KernelKind;

use crate::kernel::{Kernel, Ours, Series, Variant, build};
use crate::{process, ui};

/// Compares the two. Passes if `kernel` is neither of them.
pub fn check(kernel: &Kernel) -> Result<bool> {
    if !matches!(kernel.kind, KernelKind::Extended | KernelKind::Plain) {
        return Ok(true);
    }
    // A kernel that was given by path may be any.
    let Some(series) = Series::of_release(&kernel.release) else { return Ok(true) };
    let tree = |variant| build(Ours { variant, series }).map(|kernel| kernel.build);
    let (extended, plain) = (tree(Variant::Extended)?, tree(Variant::Plain)?);
    let same_versions = same("versions of exported symbols", &symbols(&extended)?, &symbols(&plain)?);
    let same_module = same("struct module", &layout(&extended)?, &layout(&plain)?);
    Ok(same_versions & same_module & super::checkpatch::check(series)?)
}

/// Every exported symbol with its version.
fn symbols(tree: &Path) -> Result<String> {
    let path = tree.join("Module.symvers");
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// `struct module` as the compiler laid it out, nested structures included.
fn layout(tree: &Path) -> Result<String> {
    let mut pahole = Command::new("pahole");
    pahole.args(["--expand_types", "--class_name", "module"]).arg(tree.join("vmlinux"));
    process::output(&mut pahole)
}

fn same(what: &str, one: &str, other: &str) -> bool {
    let (count, same) = (one.lines().count(), one == other && !one.is_empty());
    let word = if same { "the same with and without the option" } else { "DIFFERENT with the option" };
    ui::line(&format!("  {what}: {word} ({count} lines)"));
    same
}
