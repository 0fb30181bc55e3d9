// SPDX-License-Identifier: MIT OR Apache-2.0
//! A repository: its commits, and the files of each.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::table::Entry;
use crate::process;

/// A commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its hash.
    pub id: String,
    /// Its date.
    pub date: String,
}

impl Commit {
    /// The date and the start of the hash.
    pub fn name(&self) -> String {
        format!("{}-{}", self.date, self.id.get(..8).unwrap_or(&self.id))
    }
}

/// A git directory or a checkout.
#[derive(Clone, Debug)]
pub struct Repository {
    path: PathBuf,
}

impl Repository {
    /// The one at `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let repository = Self { path: path.to_owned() };
        process::quiet(repository.git().args(["rev-parse", "HEAD"]))
            .with_context(|| format!("{} is not a git repository with a commit", path.display()))?;
        Ok(repository)
    }

    fn git(&self) -> Command {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.path).args(["-c", "safe.directory=*", "-c", "core.quotePath=false"]);
        git
    }

    /// The commits of the main line that touch the module's files, oldest first.
    pub fn commits(&self, entry: &Entry) -> Result<Vec<Commit>> {
        let mut log = self.git();
        log.args(["log", "--first-parent", "-m", "--reverse", "--format=%H %cs", "--"]);
        for pattern in &entry.source {
            // Git takes the patterns from the top of the repository on.
            log.arg(
                format!(":(glob){}", Path::new(&entry.directory).join(pattern).display()).replace("/./", "/"),
            );
        }
        let text = process::output(&mut log)?;
        let mut commits: Vec<Commit> = Vec::new();
        for line in text.lines() {
            if let Some((id, date)) = line.split_once(' ')
                && commits.last().is_none_or(|last| last.id != id)
            {
                commits.push(Commit { id: id.to_owned(), date: date.to_owned() });
            }
        }
        Ok(commits)
    }

    /// The files below the module's directory in a commit, by their paths from there.
    pub fn files(&self, commit: &Commit, directory: &str) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut archive = self.git();
        archive.args(["archive", "--format=tar", &commit.id, directory]);
        let mut child =
            archive.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start git")?;
        let mut files = BTreeMap::new();
        let output = child.stdout.take().context("git has no standard output")?;
        let mut tar = tar::Archive::new(output);
        for file in tar.entries()? {
            let mut file = file?;
            if !file.header().entry_type().is_file() {
                continue;
            }
            let path = file.path()?.into_owned();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            files.insert(path.strip_prefix(directory).map(Path::to_owned).unwrap_or(path), bytes);
        }
        ensure!(child.wait()?.success(), "git archive of {} failed", commit.id);
        Ok(files)
    }
}
