// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a kernel that looks for its own faults has found, beyond what it logs by itself.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Ctx;

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";
const LOCKDEP: &str = "/proc/lockdep_stats";

/// Whether this kernel looks for memory that nothing points to.
pub fn has_kmemleak() -> bool {
    Path::new(KMEMLEAK).exists()
}

/// Forgets what was lost so far.
pub fn forget_leaks() -> Result<()> {
    fs::write(KMEMLEAK, "clear").context("clearing kmemleak")
}

/// What is lost. Kmemleak reports what two scans have found, and nothing younger than five seconds. A
/// scan takes ten seconds under emulation.
pub fn leaks(ctx: &Ctx) -> Result<String> {
    thread::sleep(Duration::from_secs(6));
    for _ in 0..2 {
        fs::write(KMEMLEAK, "scan").context("scanning")?;
    }
    ctx.read(KMEMLEAK)
}

/// Insists that the kernel has lost no memory and still watches its locks: it stops that by itself
/// after some faults, and at some taints.
pub fn check(ctx: &mut Ctx) -> Result<()> {
    if let Ok(stats) = fs::read_to_string(LOCKDEP) {
        let watches = stats.lines().any(|line| line.split_whitespace().eq(["debug_locks:", "1"]));
        ensure!(watches, "the kernel does not watch its locks any more");
    }
    if !has_kmemleak() {
        return Ok(());
    }
    match OpenOptions::new().write(true).open(KMEMLEAK) {
        Ok(_) => {}
        // Under lockdown nobody may ask.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            ctx.note("kmemleak may not be asked in this boot");
            return Ok(());
        }
        Err(error) => return Err(error).context(KMEMLEAK),
    }
    let found = leaks(ctx)?;
    ensure!(found.is_empty(), "kmemleak:\n{found}");
    ctx.note("kmemleak has found nothing in this boot, and locks are still watched");
    Ok(())
}
