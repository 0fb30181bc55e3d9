// SPDX-License-Identifier: MIT OR Apache-2.0
//! The documents must fit the tree: ARCHITECTURE.md has a line for each folder, links lead to files that
//! exist, and the README shows the example as it is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{metadata, ui, workspace};

/// The longest line that the README may have.
const MAX_LINE_CHARS: usize = 120;

/// Documents at the top level. Those in `docs/` are checked as well.
const DOCUMENTS: &[&str] =
    &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];

/// Checks them, and prints what is wrong.
pub fn check() -> Result<bool> {
    let mut wrong = folders_without_a_line()?;
    let mut documents: Vec<PathBuf> = DOCUMENTS.iter().map(PathBuf::from).collect();
    // There are pictures as well.
    let texts = entries(&workspace::root().join("docs"))?.into_iter().filter(|name| name.ends_with(".md"));
    documents.extend(texts.map(|name| Path::new("docs").join(name)));
    for document in &documents {
        wrong.extend(dead_links(document)?);
    }
    let readme = read(Path::new("README.md"))?;
    wrong.extend(long_lines(&readme));
    let example = read(Path::new("kernel/examples/count.c"))?;
    let (_, example) = example.split_once('\n').context("count.c is empty")?;
    if !readme.contains(&format!("```c\n{example}```")) {
        wrong.push("README.md: the example is not kernel/examples/count.c".to_owned());
    }
    wrong.iter().for_each(|line| ui::line(line));
    Ok(wrong.is_empty())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(workspace::root().join(path))
        .with_context(|| format!("cannot read {}", path.display()))
}

/// Names in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<String>> {
    let list = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in list {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Folders that no table row in ARCHITECTURE.md begins with, and rows whose folder does not exist. Folders
/// are those at the top level and those in each crate's `src`, except for the test harness (xtask and
/// vmguest).
fn folders_without_a_line() -> Result<Vec<String>> {
    let text = read(Path::new("ARCHITECTURE.md"))?;
    let root = workspace::root();
    let mut rows = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = if heading.ends_with("/src") { format!("{heading}/") } else { String::new() };
        } else if let Some(first) = line.strip_prefix("| `").and_then(|rest| rest.split(" |").next()) {
            let names = first.split('`').filter(|name| name.ends_with('/'));
            rows.extend(names.map(|name| format!("{section}{}", name.trim_end_matches('/'))));
        }
    }
    let mut wrong: Vec<String> = rows
        .iter()
        .filter(|row| !root.join(row).is_dir())
        .map(|row| format!("ARCHITECTURE.md: there is no folder {row}"))
        .collect();
    let mut folders: Vec<String> = entries(root)?.into_iter().filter(|name| is_source(name)).collect();
    for package in metadata::members()? {
        let source = package.folder().join("src");
        let name = source.strip_prefix(root).unwrap_or(&source).display().to_string();
        if !matches!(package.name.as_str(), "xtask" | "vmguest") {
            folders.extend(entries(&source)?.iter().map(|entry| format!("{name}/{entry}")));
        }
    }
    for folder in folders.iter().filter(|folder| root.join(folder).is_dir() && !rows.contains(folder)) {
        wrong.push(format!("ARCHITECTURE.md: no line for {folder}"));
    }
    Ok(wrong)
}

/// Whether a name at the top level is part of the source, and not made by git, cargo or an editor.
fn is_source(name: &str) -> bool {
    matches!(name, ".ci" | ".cargo") || !name.starts_with('.') && name != "target"
}

/// Links to files that do not exist.
fn dead_links(document: &Path) -> Result<Vec<String>> {
    let folder = workspace::root().join(document).parent().map(Path::to_owned).unwrap_or_default();
    let text = read(document)?;
    let mut dead = Vec::new();
    for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let file = target.split('#').next().unwrap_or_default();
        if !file.is_empty() && !file.contains("://") && !folder.join(file).exists() {
            dead.push(format!("{}: a link to {file}, which does not exist", document.display()));
        }
    }
    Ok(dead)
}

fn long_lines(readme: &str) -> Vec<String> {
    let lines = readme.lines().enumerate().filter(|(_, line)| line.chars().count() > MAX_LINE_CHARS);
    lines.map(|(index, _)| format!("README.md: line {} is too long", index.saturating_add(1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_found_by_their_characters() {
        assert!(long_lines(&"ä".repeat(MAX_LINE_CHARS)).is_empty());
        assert_eq!(long_lines(&format!("short\n{}", "a".repeat(121))), ["README.md: line 2 is too long"]);
    }

    #[test]
    fn build_output_is_no_source() {
        assert!(is_source(".ci") && is_source("kernel") && !is_source("target") && !is_source(".git"));
    }
}
