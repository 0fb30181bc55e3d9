// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loads a module with variables of the kernel's types and reports what `modpersist` reads of them. The host
//! reads the same memory with a debugger meanwhile.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::ctx::Ctx;

/// The module's file in the guest.
pub const MODULE: &str = "/modules/kernel_types.ko";

/// Name of the artifact with the values: JSON, compressed by gzip, in base64.
pub const VALUES: &str = "kernel_types.json.gz.base64";

/// How long the host has, on the guest's clock, which stands still while the debugger is at work.
const PATIENCE: Duration = Duration::from_secs(600);

/// Reports the values, and waits until the host ends the machine.
pub fn run(ctx: &mut Ctx) -> Result<()> {
    const SAVED: &str = "/tmp/saved.json";
    ctx.insmod([MODULE])?.success()?;
    // Nothing of a saved variable is left out.
    ctx.modpersist(["save", "kernel_types", SAVED])?.success()?;
    // Some 40 MB, which would take minutes on a serial port.
    let pack = format!("busybox gzip -c {SAVED} | busybox base64");
    let packed = Command::new("/bin/busybox").args(["sh", "-c", &pack]).env("PATH", "/bin").output()?;
    ensure!(packed.status.success(), "cannot pack the values: {}", String::from_utf8_lossy(&packed.stderr));
    ctx.artifact(VALUES, String::from_utf8(packed.stdout)?);
    thread::sleep(PATIENCE);
    Ok(())
}
