// SPDX-License-Identifier: MIT OR Apache-2.0
//! Our own programs for another processor: static, built by this machine's Rust if rustup has the standard
//! library for it. Otherwise by the Rust and the cross compiler of a newer release of Debian, whose packages
//! have it for each of its processors.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::table::Processor;
use crate::kernel::build_root::BuildRoot;
use crate::setup::packages::{install_libraries, install_named};
use crate::setup::release::Release;
use crate::{cache, process, ui, workspace};

/// The release, and the suite that adds a newer Rust to it than its own: that of Debian 13 is too old.
const SUITES: [&str; 2] = ["trixie", "trixie-backports"];

/// The packages that the suite has newer ones of.
const RUST: [&str; 3] = ["rustc", "cargo", "libstd-rust-dev"];

/// The linker for programs that the build itself runs: that of the release's gcc.
const OWN_LINKER: &str = "x86_64-linux-gnu-gcc-14";

/// Builds these packages, each with a program of the same name, in a profile that `settings` describe.
/// Returns the names with the files.
pub fn build<'n>(
    processor: &Processor,
    packages: &[&'n str],
    profile: &str,
    settings: &[&str],
) -> Result<Vec<(&'n str, PathBuf)>> {
    let root = if has_target(processor)? { None } else { Some(root(processor)?) };
    let directory = workspace::target().join("other-processors");
    let mut cargo = root.as_ref().map_or_else(workspace::cargo, |root| root.command("cargo"));
    cargo.current_dir(workspace::root());
    cargo.args(["build", "--quiet", "--locked", "--target", processor.target, "--profile", profile]);
    cargo.args(settings.iter().flat_map(|setting| ["--config", setting]));
    cargo.arg("--manifest-path").arg(workspace::root().join("Cargo.toml"));
    for package in packages {
        cargo.args(["--package", package]);
    }
    let variable = |target: &str| format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
    cargo.env(variable(processor.target), format!("{}gcc", processor.prefix));
    cargo.env("CARGO_TARGET_DIR", &directory).env("RUSTFLAGS", "-C target-feature=+crt-static");
    if root.is_some() {
        cargo.arg("--offline").env(variable("x86_64-unknown-linux-gnu"), OWN_LINKER);
        cargo.env("CARGO_HOME", workspace::cargo_home().context("there is no CARGO_HOME")?);
        cargo.env_remove("RUSTC").env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    }
    ui::step(&format!("building our programs for {}", processor.name), || {
        match process::shown(&mut cargo)? {
            true => Ok(()),
            false => bail!("building them failed; see the compiler's messages above"),
        }
    })?;
    let built = directory.join(processor.target).join(profile);
    Ok(packages.iter().map(|name| (*name, built.join(name))).collect())
}

/// Whether this machine can build for the processor. What is missing is installed: the standard library by
/// rustup, if that is there, and the cross compiler with its C library.
fn has_target(processor: &Processor) -> Result<bool> {
    let target = processor.target;
    if !has_library(target) {
        let mut add = Command::new("rustup");
        add.args(["target", "add", target]);
        let what = format!("rustup target add {target}");
        if process::find("rustup").is_none() || ui::step(&what, || process::quiet(&mut add)).is_err() {
            return Ok(false);
        }
    }
    let compiler = format!("{}gcc", processor.prefix);
    install_named(&[(&compiler, processor.compiler, "links our programs")])?;
    install_libraries(&[c_library(processor)], "the C library of our programs")?;
    Ok(has_library(target))
}

/// Whether this machine's Rust has the standard library for a target.
fn has_library(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let directory =
        process::output(Command::new(rustc).args(["--print", "target-libdir", "--target", target]));
    directory.is_ok_and(|directory| Path::new(directory.trim()).is_dir())
}

/// The package of the C library to link with.
fn c_library(processor: &Processor) -> String {
    format!("libc6-dev-{}-cross", processor.debian)
}

/// The system with the compilers.
pub fn root(processor: &Processor) -> Result<BuildRoot> {
    let release = Release::of_suites(&SUITES)?;
    let version = release.package_of(SUITES[1], RUST[0])?.version.replace(':', "_");
    let entry = cache::entry(&format!("rust/{}_{version}", processor.debian), |directory| {
        let newer = |name: &str| format!("{name}/{}", SUITES[1]);
        let mut names: Vec<String> = RUST.iter().map(|name| newer(name)).collect();
        names.extend([processor.compiler.to_owned(), c_library(processor)]);
        ui::step("downloading a small Debian with Rust and the cross compiler", || {
            BuildRoot::unpack(&release, &names, directory)?;
            let foreign = Release::of_suites_for(&SUITES, processor.debian)?;
            foreign.unpack(&[newer(RUST[2])], directory)
        })
    })?;
    BuildRoot::enter(&entry)
}
