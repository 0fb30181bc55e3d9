// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel's debugging options have found that is not in the log: leaked memory (kmemleak), and
//! whether lock checking (lockdep) is still on.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Ctx;

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";
const LOCKDEP: &str = "/proc/lockdep_stats";

/// Whether this kernel has kmemleak.
pub fn has_kmemleak() -> bool {
    Path::new(KMEMLEAK).exists()
}

/// Makes kmemleak forget the leaks found so far.
pub fn forget_leaks() -> Result<()> {
    fs::write(KMEMLEAK, "clear").context("clearing kmemleak")
}

/// The leaks. kmemleak reports an object only after two scans have found it, and only if it is older than
/// five seconds. A scan takes ten seconds under emulation.
pub fn leaks(ctx: &Ctx) -> Result<String> {
    thread::sleep(Duration::from_secs(6));
    for _ in 0..2 {
        fs::write(KMEMLEAK, "scan").context("scanning")?;
    }
    ctx.read(KMEMLEAK)
}

/// Checks that the kernel has leaked no memory and that lockdep is still on: it turns itself off after some
/// faults, and when the kernel is tainted in some ways.
pub fn check(ctx: &mut Ctx) -> Result<()> {
    if let Ok(stats) = fs::read_to_string(LOCKDEP) {
        let is_on = stats.lines().any(|line| line.split_whitespace().eq(["debug_locks:", "1"]));
        ensure!(is_on, "lockdep has turned itself off");
    }
    if !has_kmemleak() {
        return Ok(());
    }
    match OpenOptions::new().write(true).open(KMEMLEAK) {
        Ok(_) => {}
        // Lockdown forbids it.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            ctx.note("kmemleak is not accessible in this boot (lockdown)");
            return Ok(());
        }
        Err(error) => return Err(error).context(KMEMLEAK),
    }
    let found = leaks(ctx)?;
    ensure!(found.is_empty(), "kmemleak:\n{found}");
    ctx.note("kmemleak found nothing in this boot, and lockdep is still on");
    Ok(())
}
