// SPDX-License-Identifier: MIT OR Apache-2.0
//! Third-party notices: name, version, licence and licence text of everything that is linked into the
//! programs.
//!
//! The list comes from `cargo metadata`, the texts from the crates' sources in cargo's registry folder. A
//! licence that is not in the list of known ones is an error, because somebody has to read it first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::programs::{PACKAGES, TARGET};
use super::release::VERSION;
use crate::metadata::{self, Metadata, Package};
use crate::workspace;

/// Licences that require no more than a notice from programs that link the code; the preferred ones first.
const KNOWN: &[&str] = &[
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
];

/// How names of licence files begin.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"];

/// The text of `THIRD-PARTY.txt`.
pub fn make() -> Result<Vec<u8>> {
    let metadata = metadata::with_dependencies(TARGET)?;
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in linked(&metadata)? {
        let name = format!("{} {}", package.name, package.version);
        let expression = package.license.as_deref().with_context(|| format!("{name} names no licence"))?;
        let chosen = choose(expression).with_context(|| format!("{name} is under {expression}"))?;
        list.push_str(&format!("{name:32}  {expression}\n"));
        for text in licence_texts(package, &chosen)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let mut file = format!(
        "modpersist {VERSION}: third-party notices\n\n\
         The programs are linked statically. They contain the crates and libraries below.\n\n{list}\n"
    );
    file.push_str(&packaged("runtime.txt")?);
    for (text, names) in by_first_name(texts) {
        file.push_str(&format!("\n{:=<100}\n{}\n\n{text}\n", "", names.join(", ")));
    }
    file.push_str(&format!("\n{:=<100}\nThe GNU C library\n\n{}", "", packaged("LGPL-2.1")?));
    Ok(file.into_bytes())
}

fn packaged(name: &str) -> Result<String> {
    let path = workspace::root().join("packaging/third-party").join(name);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Sorts the texts by the crates that they are for.
fn by_first_name(texts: BTreeMap<String, Vec<String>>) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<_> = texts.into_iter().collect();
    all.sort_by(|one, other| one.1.cmp(&other.1));
    all
}

/// The third-party crates that end up in the programs. Dependencies of build scripts, and procedural macros,
/// do not.
fn linked(metadata: &Metadata) -> Result<Vec<&Package>> {
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let resolve = metadata.resolve.as_ref().context("cargo metadata has no dependency graph")?;
    let own = |package: &&Package| package.source.is_none() && PACKAGES.contains(&package.name.as_str());
    let mut pending: Vec<&str> =
        metadata.packages.iter().filter(own).map(|package| package.id.as_str()).collect();
    ensure!(pending.len() == PACKAGES.len(), "cargo metadata lacks one of {PACKAGES:?}");
    let mut seen = BTreeSet::new();
    while let Some(id) = pending.pop() {
        let package = packages.get(id).with_context(|| format!("cargo metadata lacks {id}"))?;
        if package.targets.iter().any(|target| target.is("proc-macro")) || !seen.insert(id) {
            continue;
        }
        let node =
            resolve.nodes.iter().find(|node| node.id == id).with_context(|| format!("no node for {id}"))?;
        let linked = node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        pending.extend(linked.map(|dep| dep.pkg.as_str()));
    }
    let mut linked: Vec<&Package> = seen.iter().filter_map(|id| packages.get(id).copied()).collect();
    linked.retain(|package| package.source.is_some());
    linked.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Ok(linked)
}

/// The licence that we choose from each group of alternatives in an SPDX expression.
fn choose(expression: &str) -> Result<Vec<&'static str>> {
    let mut chosen = Vec::new();
    for part in expression.split(" AND ") {
        let part = part.trim().trim_start_matches('(').trim_end_matches(')');
        // Old manifests write a slash for OR.
        let offered: Vec<&str> = part.split(" OR ").flat_map(|name| name.split('/')).map(str::trim).collect();
        match KNOWN.iter().find(|known| offered.contains(known)) {
            Some(known) => chosen.push(*known),
            None => bail!("no known licence in {part}; see xtask/src/dist/notices.rs"),
        }
    }
    Ok(chosen)
}

/// C libraries that crates bring along in a folder, with licences of their own.
const BUNDLED: &[(&str, &str)] = &[("capstone-sys", "capstone")];

/// The licence texts of a crate. If it has several files, the licence is part of their names.
fn licence_texts(package: &Package, chosen: &[&str]) -> Result<Vec<String>> {
    let folder = package.folder();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if NAMES.iter().any(|start| name.to_uppercase().starts_with(start)) && folder.join(&name).is_file() {
            files.push(name);
        }
    }
    files.sort();
    let names_mit = |name: &String| name.to_uppercase().contains("MIT");
    if chosen == ["MIT"] && files.iter().any(names_mit) {
        files.retain(|name| names_mit(name) || name.to_uppercase().starts_with("NOTICE"));
    }
    for (_, library) in BUNDLED.iter().filter(|(name, _)| *name == package.name) {
        let inside = fs::read_dir(folder.join(library));
        for entry in inside.with_context(|| format!("{} has no folder {library}", package.name))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if NAMES.iter().any(|start| name.to_uppercase().starts_with(start)) {
                files.push(format!("{library}/{name}"));
            }
        }
    }
    files.sort();
    let read = |name: &String| normalised(&folder.join(name));
    let texts = files.iter().map(read).collect::<Result<Vec<String>>>()?;
    match (texts.is_empty(), chosen) {
        (false, _) => Ok(texts),
        (true, ["MIT"]) => Ok(vec![mit_of(package)?]),
        (true, _) => bail!("{} {} has no licence file", package.name, package.version),
    }
}

/// The MIT licence, for a crate that does not bring its text.
fn mit_of(package: &Package) -> Result<String> {
    let text = normalised(&workspace::root().join("LICENSE-MIT"))?;
    let authors = if package.authors.is_empty() {
        format!("the authors of {}", package.name)
    } else {
        package.authors.join(", ")
    };
    let line = |line: &str| match line.starts_with("Copyright") {
        true => format!("Copyright (c) {authors}"),
        false => line.to_owned(),
    };
    Ok(text.lines().map(line).collect::<Vec<_>>().join("\n"))
}

/// Reads a text and normalises what differs between copies of it: trailing blanks and line ends.
fn normalised(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    Ok(lines.join("\n").trim_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_licences_a_known_one_is_taken() {
        assert_eq!(choose("Unlicense OR MIT").unwrap(), ["MIT"]);
        assert_eq!(choose("MIT/Apache-2.0").unwrap(), ["MIT"]);
        assert_eq!(
            choose("(Apache-2.0 OR GPL-3.0-only) AND Unicode-3.0").unwrap(),
            ["Apache-2.0", "Unicode-3.0"]
        );
    }

    #[test]
    fn an_unknown_licence_is_an_error() {
        assert!(choose("GPL-3.0-only").is_err());
        assert!(choose("MIT AND Proprietary").is_err());
        assert!(choose("").is_err());
    }

    #[test]
    fn every_crate_that_is_linked_has_its_text() {
        let text = String::from_utf8(make().unwrap()).unwrap();
        for wanted in
            ["clap ", "Apache License", "GNU LESSER GENERAL PUBLIC LICENSE", "The Rust standard library"]
        {
            assert!(text.contains(wanted), "no {wanted}");
        }
        assert!(!text.contains("serde_derive"), "a macro is not linked");
    }
}
