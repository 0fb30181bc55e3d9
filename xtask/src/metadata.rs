// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `cargo metadata` says about the workspace and the crates that it depends on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{process, workspace};

/// The packages, and how they depend on each other.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    /// Every package that was asked for.
    pub packages: Vec<Package>,
    /// The dependency graph; absent from [`members`].
    pub resolve: Option<Resolve>,
}

/// One package.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Cargo's identifier for it.
    pub id: String,
    /// Its licence, as an SPDX expression.
    pub license: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub authors: Vec<String>,
    /// Where it comes from; `None` for the packages of this workspace.
    pub source: Option<String>,
    /// The path of its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// The registries that it may be published to: `None` means any, an empty list none.
    pub publish: Option<Vec<String>>,
    /// Each feature with what it turns on.
    pub features: BTreeMap<String, Vec<String>>,
    /// Its libraries, programs and tests.
    pub targets: Vec<Target>,
}

/// Something that cargo builds from a package.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// `lib`, `bin`, `test` and so on.
    pub kind: Vec<String>,
    /// The file that it is compiled from.
    pub src_path: PathBuf,
}

/// The dependency graph.
#[derive(Debug, Deserialize)]
pub struct Resolve {
    /// A node for each package.
    pub nodes: Vec<Node>,
}

/// What one package depends on.
#[derive(Debug, Deserialize)]
pub struct Node {
    /// The package.
    pub id: String,
    /// Its dependencies.
    pub deps: Vec<Dependency>,
}

/// A dependency on a package.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The package that is depended on.
    pub pkg: String,
    /// For what.
    pub dep_kinds: Vec<DependencyKind>,
}

/// What a dependency is for.
#[derive(Debug, Deserialize)]
pub struct DependencyKind {
    /// `None` for the package itself, else `dev` or `build`.
    pub kind: Option<String>,
}

impl Package {
    /// The folder of its `Cargo.toml`.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }

    /// Whether it is a library that may be published.
    pub fn is_published_library(&self) -> bool {
        self.publish.is_none() && self.targets.iter().any(|target| target.is("lib"))
    }
}

impl Target {
    /// Whether it is of this kind.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|own| own == kind)
    }
}

/// The packages of the workspace.
pub fn members() -> Result<Vec<Package>> {
    Ok(read(&["--no-deps"])?.packages)
}

/// The workspace with all that it depends on when built for `target`.
pub fn with_dependencies(target: &str) -> Result<Metadata> {
    read(&["--filter-platform", target])
}

fn read(args: &[&str]) -> Result<Metadata> {
    let mut command = workspace::cargo();
    command.args(["metadata", "--format-version", "1"]).args(args);
    let output = process::raw(&mut command)?;
    anyhow::ensure!(
        output.status.success(),
        "{} failed:\n{}",
        process::line(&command),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{} is not as expected", process::line(&command)))
}
