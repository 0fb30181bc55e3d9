// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the site has decided in `/etc/modpersist.conf`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Result, ensure};

use super::keep::is_kept;
use crate::ctx::Ctx;
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "site-policy",
    "keep and journal by /etc/modpersist.conf; the command line wins",
    policy,
)];

const CONFIG: &str = "/etc/modpersist.conf";
const DIRECTORY: &str = "/etc/modpersist.conf.d";
const JOURNAL: &str = "/var/log/ksymoops";

fn policy(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("count")?;
    let decide = |text: &str| -> Result<()> {
        fs::write(CONFIG, text)?;
        Ok(fs::set_permissions(CONFIG, PermissionsExt::from_mode(0o644))?)
    };
    decide("keep=off\n")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["count"])?.success()?;
    ensure!(!is_kept(ctx, "count")?, "kept in spite of keep=off");
    ctx.insmod(["--keep=auto", file.as_str()])?.success()?.silent()?;
    ctx.rmmod(["count"])?.success()?;
    ensure!(is_kept(ctx, "count")?, "the command line does not win");
    ctx.rmmod(["--discard", "count"])?.success()?;

    // A file of the directory comes later.
    fs::create_dir(DIRECTORY)?;
    fs::write(format!("{DIRECTORY}/50-count.conf"), "keep.count=require\n")?;
    ctx.modpersist(["config", "count"])?.success()?.stdout_has("/etc/modpersist.conf.d/50-count.conf:1")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["count"])?.success()?;
    ensure!(is_kept(ctx, "count")?, "not kept");

    // No journal, although its directory is there.
    decide("journal=off\n")?;
    ctx.sh(&format!("rm -rf {JOURNAL}"))?;
    fs::create_dir_all(JOURNAL)?;
    fs::set_permissions(JOURNAL, PermissionsExt::from_mode(0o700))?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["--discard", "count"])?.success()?;
    ensure!(fs::read_dir(JOURNAL)?.count() == 0, "a journal was written");
    decide("journal=on\n")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["--discard", "count"])?.success()?;
    ensure!(fs::read_dir(JOURNAL)?.count() == 1, "no journal was written");

    // What is wrong is said, and no reason not to load.
    decide("keep=requrie\n")?;
    ctx.modpersist(["config"])?
        .code(1)?
        .stderr_has("/etc/modpersist.conf:1: keep is auto, require or off")?;
    ctx.insmod([&file])?.success()?.stderr_has("/etc/modpersist.conf:1: keep is auto")?;
    ctx.rmmod(["--discard", "count"])?.success()?;
    decide("keep=off\n")?;
    fs::set_permissions(CONFIG, PermissionsExt::from_mode(0o666))?;
    fs::remove_dir_all(DIRECTORY)?;
    ctx.insmod([&file])?.success()?.stderr_has("not used, since it is not root's alone to write")?;
    ctx.rmmod(["count"])?.success()?;
    ensure!(is_kept(ctx, "count")?, "a file that anybody may write to was used");
    ctx.rmmod(["--discard", "count"])?.success()?;
    fs::remove_dir_all(JOURNAL)?;
    fs::remove_file(CONFIG)?;
    ensure!(!Path::new(CONFIG).exists());
    Ok(())
}
