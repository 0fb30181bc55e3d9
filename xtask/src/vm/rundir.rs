// SPDX-License-Identifier: MIT OR Apache-2.0
//! Directories for runs: `target/vm/RELEASE-TIME-PID/boot-N/`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::workspace;

/// How many runs are kept.
const MAX_RUNS: usize = 8;

/// Creates the directory for a new run.
pub fn create(release: &str) -> Result<PathBuf> {
    let base = workspace::target().join("vm");
    fs::create_dir_all(&base).with_context(|| format!("cannot create {}", base.display()))?;
    remove_oldest(&base)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let run = base.join(format!("{release}-{seconds}-{}", std::process::id()));
    fs::create_dir_all(&run).with_context(|| format!("cannot create {}", run.display()))?;
    Ok(run)
}

/// Creates the directory for the next boot of a run. Several threads may call this at the same time.
pub fn boot(run: &Path) -> Result<PathBuf> {
    let mut number = 0_usize;
    loop {
        let boot = run.join(format!("boot-{number}"));
        match fs::create_dir(&boot) {
            Ok(()) => return Ok(boot),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot create {}", boot.display()));
            }
        }
    }
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
    let surplus = (runs.len() + 1).saturating_sub(MAX_RUNS);
    for (_, run) in runs.iter().take(surplus) {
        // Another run may be removing it too; the next run removes what is left.
        let _ = fs::remove_dir_all(run);
    }
    Ok(())
}
