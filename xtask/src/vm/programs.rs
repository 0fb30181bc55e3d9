// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds our programs for the guest: static, as the guest has no libraries of ours.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{process, ui, workspace};

/// The target, named so that the flags below do not apply to build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages with the program of the same name.
const PACKAGES: &[&str] = &["vmguest", "insmod", "rmmod", "modpersist", "ksymoops"];

/// Checks stay on, as in a debug build, but emulation wants smaller and faster code.
const PROFILE: &[&str] = &[
    "profile.guest.inherits='dev'",
    "profile.guest.opt-level=1",
    "profile.guest.debug=false",
    "profile.guest.strip='debuginfo'",
];

/// Builds them; gives each name with its file.
pub fn build() -> Result<Vec<(&'static str, PathBuf)>> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--profile", "guest", "--target", TARGET]);
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    cargo.env("RUSTFLAGS", format!("{flags} -C target-feature=+crt-static"));
    ui::step("building the guest's programs", || match process::shown(&mut cargo)? {
        true => Ok(()),
        false => bail!("the programs for the guest do not build"),
    })?;
    let directory = workspace::target().join(TARGET).join("guest");
    Ok(PACKAGES.iter().map(|name| (*name, directory.join(name))).collect())
}
