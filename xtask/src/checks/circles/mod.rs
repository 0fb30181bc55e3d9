// SPDX-License-Identifier: MIT OR Apache-2.0
//! Source files of a crate that import each other, directly or through others.
//!
//! Such files can only be read, tested and changed together, so the workspace has none. For example, if
//! `plan.rs` has `use crate::table::Row;` and `table.rs` has `use crate::plan::Plan;`, then
//! `cargo xtask circles modkeep` prints `modkeep: plan.rs -> table.rs -> plan.rs` and the names that
//! make each step.
//!
//! An import counts as one of the file that defines the name, however many re-exports lie between. Not
//! counted are: `mod` declarations, a module's re-exports of its own submodules, names that end in `Error`
//! (an error type gathers those of what it calls), and code under `#[cfg(test)]`. A path in code
//! (`crate::plan::run()`) counts like a `use` declaration; in the arguments of macros it is not seen.

mod cycles;
mod imports;
mod source;
mod tree;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use self::cycles::Cycle;
use self::tree::Tree;
use crate::args::CirclesArgs;
use crate::metadata::{self, Package};
use crate::ui;

/// Prints the circles of the crates that are named, or of all.
pub fn run(args: &CirclesArgs) -> Result<ExitCode> {
    let mut packages = metadata::members()?;
    for name in &args.crates {
        ensure!(
            packages.iter().any(|package| package.name == *name),
            "no crate of the workspace is named {name}"
        );
    }
    packages.retain(|package| args.crates.is_empty() || args.crates.contains(&package.name));
    Ok(if print(&packages)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same as a step of the tests: whether no crate of the workspace has a circle.
pub fn check() -> Result<bool> {
    print(&metadata::members()?)
}

fn print(packages: &[Package]) -> Result<bool> {
    let mut count = 0usize;
    for package in packages {
        for cycle in of_package(package)? {
            ui::line(&format!("{}: {cycle}", package.name));
            count = count.saturating_add(1);
        }
    }
    let word = if count == 1 { "circle" } else { "circles" };
    ui::line(&format!("{count} {word} in {} crates", packages.len()));
    Ok(count == 0)
}

/// The circles among the files of a package's library and of each of its programs.
fn of_package(package: &Package) -> Result<Vec<Cycle>> {
    let mut found = Vec::new();
    for target in package.targets.iter().filter(|target| target.is("lib") || target.is("bin")) {
        let read = |path: &Path| match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let tree = Tree::load(&target.src_path, &read)?;
        found.extend(cycles::find(&tree.files, &imports::between_files(&tree)));
    }
    Ok(found)
}
