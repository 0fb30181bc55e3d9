// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which commits to replay: those that change the text of what is kept, and that build.

use anyhow::Result;

use super::build::{self, Built};
use super::described::Described;
use super::git::{Commit, Repository};
use super::table::Entry;
use super::text;
use crate::kernel::Kernel;
use crate::ui;

/// After so many commits in a row that do not build, older ones are not tried.
const MAX_FAILURES: usize = 8;

/// The versions of a module, oldest first, and how they were found.
pub struct Selection {
    /// Commits that touch the module's files, from the oldest version on.
    pub commits: usize,
    /// Commits that do not build with these headers, of those that were tried.
    pub failed: usize,
    /// Those to replay. Of any two in a row, the kept data differs.
    pub versions: Vec<(Built, Described)>,
}

/// Builds commits, the newest first, until there are `limit` versions.
pub fn select(kernel: &Kernel, entry: &Entry, repository: &Repository, limit: usize) -> Result<Selection> {
    let commits = repository.commits(entry)?;
    let changed = changed(entry, repository, &commits)?;
    let mut selection = Selection { commits: 0, failed: 0, versions: Vec::new() };
    let mut in_a_row = 0;
    for commit in changed.iter().rev() {
        if selection.versions.len() == limit || in_a_row == MAX_FAILURES {
            break;
        }
        ui::transient(&format!("  ... building {} of {}", entry.name, commit.name()));
        let Some(built) = build::build(kernel, entry, repository, commit)? else {
            selection.failed += 1;
            in_a_row += 1;
            continue;
        };
        in_a_row = 0;
        let described = Described::read(entry, &built)?;
        // The text may have changed where the types have not.
        match selection.versions.last_mut() {
            Some(newer) if newer.1.agrees(&described) => *newer = (built, described),
            _ => selection.versions.push((built, described)),
        }
    }
    selection.versions.reverse();
    if let Some((oldest, _)) = selection.versions.first() {
        let earlier = commits.iter().take_while(|commit| commit.name() != oldest.name).count();
        selection.commits = commits.len() - earlier;
    }
    Ok(selection)
}

/// The commits whose text of what is kept differs from the commit before.
fn changed(entry: &Entry, repository: &Repository, commits: &[Commit]) -> Result<Vec<Commit>> {
    let variables = entry.variable_names();
    let mut before = String::new();
    let mut changed = Vec::new();
    for commit in commits {
        ui::transient(&format!("  ... reading {} of {}", entry.name, commit.name()));
        let files = repository.files(commit, &entry.directory)?;
        let text = text::kept_text(&build::sources(&files), &variables);
        if text != before && !text.is_empty() {
            changed.push(commit.clone());
        }
        before = text;
    }
    Ok(changed)
}
