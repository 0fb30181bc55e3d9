// SPDX-License-Identifier: MIT OR Apache-2.0
//! Directories of runs: `target/vm/RELEASE-TIME-PID/boot-N/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::workspace;

/// How many runs are kept.
const KEPT: usize = 8;

/// A directory for a new run.
pub fn create(release: &str) -> Result<PathBuf> {
    let base = workspace::target().join("vm");
    fs::create_dir_all(&base).with_context(|| format!("cannot create {}", base.display()))?;
    remove_oldest(&base)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let run = base.join(format!("{release}-{seconds}-{}", std::process::id()));
    fs::create_dir_all(&run).with_context(|| format!("cannot create {}", run.display()))?;
    Ok(run)
}

/// A directory for the next boot of a run.
pub fn boot(run: &Path) -> Result<PathBuf> {
    let number = fs::read_dir(run)?.filter_map(Result::ok).filter(|entry| entry.path().is_dir()).count();
    let boot = run.join(format!("boot-{number}"));
    fs::create_dir_all(&boot).with_context(|| format!("cannot create {}", boot.display()))?;
    Ok(boot)
}

fn remove_oldest(base: &Path) -> Result<()> {
    let mut runs: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(base)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            runs.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    runs.sort();
    let surplus = (runs.len() + 1).saturating_sub(KEPT);
    for (_, run) in runs.iter().take(surplus) {
        // Another run may be at the same; what stays is removed by the next.
        let _ = fs::remove_dir_all(run);
    }
    Ok(())
}
