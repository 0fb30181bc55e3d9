// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which crates of the workspace may depend on what.

use std::fs;
use std::path::{Path, PathBuf};

/// Crates that are never shipped: what tests share, the test guest, the build tool.
const NOT_SHIPPED: [&str; 3] = ["modtest", "tests/vm", "xtask"];

/// A workspace member: its folder and the names in the tables of normal and build dependencies.
struct Member {
    folder: String,
    dependencies: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn shipped() -> Vec<Member> {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = workspace.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    let folders = members.split(',').map(|name| name.trim().trim_matches('"'));
    let members: Vec<Member> = folders
        .filter(|folder| !folder.is_empty() && !NOT_SHIPPED.contains(folder))
        .map(|folder| {
            let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
            Member { folder: folder.to_owned(), dependencies: dependencies(&manifest) }
        })
        .collect();
    assert!(members.len() > 5 && members.iter().any(|member| member.folder == "libmodsys"));
    members
}

fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut in_table = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let (path, last) = table.rsplit_once('.').unwrap_or(("", table));
            in_table = !is_for_tests(table) && is_dependencies(last);
            // [dependencies.NAME]
            if !is_for_tests(table) && is_dependencies(path.rsplit('.').next().unwrap()) {
                names.push(last.to_owned());
            }
        } else if in_table && let Some((name, _)) = line.split_once('=') {
            names.push(name.trim().trim_end_matches(".workspace").to_owned());
        }
    }
    names
}

fn is_dependencies(table: &str) -> bool {
    matches!(table, "dependencies" | "build-dependencies")
}

fn is_for_tests(table: &str) -> bool {
    table.contains("dev-dependencies")
}

fn offenders(allowed: &str, forbidden: &[&str]) -> Vec<String> {
    let of_member = |member: Member| {
        let found = member.dependencies.into_iter().filter(|name| forbidden.contains(&name.as_str()));
        found.map(|name| format!("{} depends on {name}", member.folder)).collect::<Vec<_>>()
    };
    shipped().into_iter().filter(|member| member.folder != allowed).flat_map(of_member).collect()
}

#[test]
fn only_this_crate_talks_to_linux() {
    assert_eq!(offenders("libmodsys", &["nix", "libc", "rustix"]), Vec::<String>::new());
    let own = shipped().into_iter().find(|member| member.folder == "libmodsys").unwrap();
    assert!(own.dependencies.iter().any(|name| name == "nix"), "this test reads the manifests wrongly");
}

#[test]
fn what_tests_share_is_not_shipped() {
    // The fuzz targets are tests as well.
    assert_eq!(offenders("fuzz", &["modtest"]), Vec::<String>::new());
}

#[test]
fn tables_of_a_manifest() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n\
                    [dev-dependencies]\nc = \"1\"\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n\
                    [dependencies.e]\nversion = \"1\"\n[dev-dependencies.f]\nversion = \"1\"\n";
    assert_eq!(dependencies(manifest), ["a", "b", "d", "e"]);
}
