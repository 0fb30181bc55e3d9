// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask dist`: a tarball and a Debian package, both of static programs.
//!
//! What is installed, and where, is one list ([`tree`]); both are made from it.

mod build;
mod check;
mod chroot;
mod complete;
mod deb;
mod early;
mod man;
mod notices;
mod pages;
mod programs;
mod release;
mod reload;
mod tarball;
mod tree;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::DistArgs;

/// `cargo xtask dist`.
pub fn run(args: &DistArgs) -> Result<ExitCode> {
    let built = build::build()?;
    if args.check {
        check::run(&built)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes both and checks them in a Debian of its own.
pub fn check() -> Result<()> {
    check::run(&build::build()?)
}
