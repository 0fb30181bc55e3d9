// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask dist`: a tarball and a Debian package, both of static programs.
//!
//! Both are made from one list of files ([`installed_files`]).

mod architecture;
mod build;
mod check;
mod chroot;
mod completions;
mod deb;
mod debian_boot;
mod initramfs_boot;
mod installed_files;
mod man;
mod notices;
mod pages;
mod programs;
mod release;
mod tarball;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Architecture, DistArgs};

/// `cargo xtask dist`.
pub fn run(args: &DistArgs) -> Result<ExitCode> {
    let built = build::build(args.arch)?;
    if args.check {
        match args.arch.processor() {
            None => check::run(&built)?,
            Some(_) => check::other_processor::run(&built, args.arch)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes both and checks them in a Debian of its own.
pub fn check() -> Result<()> {
    check::run(&build::build(Architecture::Amd64)?)
}
