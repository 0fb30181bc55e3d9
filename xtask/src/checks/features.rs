// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each library must build without warnings: with none of its features, with each one alone, and with all.
//!
//! The features are read from the manifests, so a new one is not forgotten.

use anyhow::Result;

use crate::metadata::{self, Package};
use crate::{process, ui, workspace};

/// Checks the libraries that can be published.
pub fn check() -> Result<bool> {
    let mut good = true;
    for package in metadata::members()?.iter().filter(|package| package.is_published_library()) {
        for features in combinations(package) {
            ui::transient(&format!("{} {}", package.name, features.join(" ")));
            good &= builds(&package.name, &features)?;
        }
    }
    Ok(good)
}

/// Cargo's options for each combination.
fn combinations(package: &Package) -> Vec<Vec<String>> {
    let names = package.features.keys().filter(|name| *name != "default");
    let mut all = vec![vec!["--no-default-features".to_owned()]];
    all.extend(names.map(|name| vec!["--no-default-features".to_owned(), format!("--features={name}")]));
    if !package.features.is_empty() {
        all.push(vec!["--all-features".to_owned()]);
    }
    all
}

/// Builds only the library. Tests and examples have dependencies that would turn on its features.
fn builds(package: &str, features: &[String]) -> Result<bool> {
    let mut command = workspace::cargo();
    command.args(["clippy", "--quiet", "--package", package, "--lib"]).args(features);
    command.args(["--", "--deny", "warnings"]);
    let good = process::shown(&mut command)?;
    if !good {
        ui::line(&format!("{package} does not build with {}", features.join(" ")));
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_tried_alone_and_none_is_forgotten() {
        let json = r#"{"name": "formats", "version": "1.0.0", "id": "formats", "manifest_path": "Cargo.toml",
            "targets": [], "features": {"default": ["one"], "one": [], "two": ["dep:two"]}}"#;
        let package: Package = serde_json::from_str(json).unwrap();
        let tried: Vec<String> = combinations(&package).iter().map(|options| options.join(" ")).collect();
        let none = "--no-default-features";
        let wanted =
            [none, &format!("{none} --features=one"), &format!("{none} --features=two"), "--all-features"];
        assert_eq!(tried, wanted);
    }
}
