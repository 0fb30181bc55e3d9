// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask canary`: what a kernel's own files say about loading modules, compared with what libmodfmt
//! expects, and with what the last kernel that was looked at had.
//!
//! What libmodfmt relies on must be so. All else is written down in `tests/fixtures/canary/expected.txt`: the
//! members of the kernel's structures, flags, and the sections of its modules. A difference there is named,
//! member by member, for somebody to look at; `--accept` writes the file anew.

mod btf;
mod observed;
mod relied_on;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::args::{CanaryArgs, KernelArgs};
use crate::kernel::{self, Kernel};
use crate::{ui, workspace};
use observed::Observed;
pub use relied_on::Facts;

/// What was accepted last, from the root of the checkout.
const EXPECTED: &str = "tests/fixtures/canary/expected.txt";

/// `cargo xtask canary`.
pub fn run(args: &CanaryArgs) -> Result<ExitCode> {
    let kernel = find(&args.kernel)?;
    if args.accept {
        let path = path();
        fs::write(&path, Observed::of(&kernel)?.to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        ui::line(&format!("{EXPECTED} has what Linux {} has", kernel.release));
    }
    Ok(if compare(&kernel)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same as a step of `cargo xtask test`.
pub fn check() -> Result<bool> {
    compare(&find("newest")?)
}

fn find(name: &str) -> Result<Kernel> {
    kernel::find(&KernelArgs { kernel: name.to_owned(), ..KernelArgs::default() })
}

fn path() -> PathBuf {
    workspace::root().join(EXPECTED)
}

/// Compares and prints. False if libmodfmt cannot make modules for this kernel.
fn compare(kernel: &Kernel) -> Result<bool> {
    let facts = Facts::of(kernel)?;
    for fact in &facts.known {
        ui::line(&format!("  {fact}"));
    }
    for problem in &facts.problems {
        ui::line(&format!("  WRONG: {problem}"));
    }
    let text = fs::read_to_string(path()).with_context(|| format!("cannot read {EXPECTED}"))?;
    let expected = Observed::parse(&text)?;
    let observed = Observed::of(kernel)?;
    let differences = observed.differences_from(&expected);
    for difference in &differences {
        ui::line(&format!("  {difference}"));
    }
    ui::line(&format!(
        "Linux {}: {} of what libmodfmt relies on is wrong, {} differences from {}",
        observed.release,
        facts.problems.len(),
        differences.len(),
        expected.release
    ));
    Ok(facts.problems.is_empty())
}
