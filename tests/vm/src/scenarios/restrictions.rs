// SPDX-License-Identifier: MIT OR Apache-2.0
//! Systems that hide or forbid things: no sysfs, a `/run` that cannot be written, lockdown that cannot be
//! seen, loading switched off. What is kept stays, and each command says what is the matter.

use std::fs;

use anyhow::{Result, ensure};

use super::fixture_report::FixtureReport;
use crate::ctx::Ctx;
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("restricted-no-sysfs", "without /sys nothing is lost, and nothing is claimed", no_sysfs)
        .needs(Needs::Stock)
        .alone(),
    Scenario::new("restricted-run", "/run/modpersist is there, but cannot be written", read_only_run).alone(),
    Scenario::new("restricted-signatures", "sig_enforce: explained, checked, no false remedy", signatures)
        .needs(Needs::Stock)
        .alone(),
    Scenario::new("restricted-lockdown", "lockdown, with and without securityfs", lockdown)
        .needs(Needs::Stock)
        .alone(),
    Scenario::new("restricted-disabled", "kernel.modules_disabled while data is kept", disabled)
        .needs(Needs::Stock)
        .alone()
        .leaves_modules(),
];

const SECURITYFS: &str = "/sys/kernel/security";

/// Loads and removes `layout`, so that its data is kept.
fn keep(ctx: &mut Ctx) -> Result<String> {
    let file = ctx.fixture("layout")?;
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["layout"])?.success()?.silent()?;
    Ok(file)
}

/// The kept data is there, and a load uses it: `first` counts the loads.
fn still_kept(ctx: &mut Ctx, file: &str, first: &str) -> Result<()> {
    ctx.insmod([file])?.success()?.silent()?;
    let report = FixtureReport::read(ctx, "layout")?;
    ensure!(report.value("first")? == first, "wanted {first}: {report:?}");
    ctx.rmmod(["layout"])?.success()?.silent()?;
    Ok(())
}

fn no_sysfs(ctx: &mut Ctx) -> Result<()> {
    const HIDDEN: &str = "what is kept cannot be seen: /sys/module is not there";
    const KEEPER: &str = "layout__persist is loaded, but what it keeps cannot be seen";
    let file = ctx.fixture("layout")?;
    ctx.sh("mount -t tmpfs none /sys")?;
    // No keeper is loaded, so this is true.
    ctx.modpersist(["list"])?.success()?.stdout_has("Nothing is kept.")?;
    ctx.modpersist(["check", &file])?.code(1)?.stdout_has("would be loaded plainly")?.stdout_has(HIDDEN)?;
    ctx.insmod(["--keep=require", file.as_str()])?.code(1)?.stderr_has(HIDDEN)?;
    let output = ctx.insmod([&file])?.success()?.stderr_has(HIDDEN)?;
    ensure!(output.stderr.lines().count() == 1, "expected one warning: {output}");
    ensure!(!ctx.is_loaded("layout__persist")?, "a keeper was loaded that nobody can read");
    let again = ctx.insmod(["--explain", file.as_str()])?.code(1)?.stderr_has("File exists")?;
    ensure!(!again.stderr.contains("its init function"), "{again}");
    ctx.rmmod(["--explain", "layout"])?
        .code(1)?
        .stderr_has("Module layout is not currently loaded")?
        .stderr_has("is sysfs mounted?")?;
    ctx.sh("umount /sys")?;
    ctx.rmmod(["layout"])?.success()?.silent()?;

    keep(ctx)?;
    ctx.sh("mount -t tmpfs none /sys")?;
    ctx.modpersist(["list"])?.code(1)?.stdout_has(KEEPER)?;
    ctx.modpersist(["show", "layout"])?.code(2)?.stderr_has(KEEPER)?;
    ctx.modpersist(["check", &file])?.code(1)?.stdout_has(KEEPER)?;
    for option in ["--keep=auto", "--keep=require", "--fresh"] {
        ctx.insmod([option, file.as_str()])?.code(1)?.stderr_has(KEEPER)?.stderr_has("mount -t sysfs")?;
    }
    let dropped = ctx.rmmod(["--discard", "layout"])?.code(1)?;
    ensure!(ctx.is_loaded("layout__persist")?, "the keeper was removed unread: {dropped}");
    ctx.sh("umount /sys")?;
    still_kept(ctx, &file, "3")?;
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    Ok(())
}

fn read_only_run(ctx: &mut Ctx) -> Result<()> {
    let file = keep(ctx)?;
    ctx.sh("mount -t tmpfs -o ro,mode=0700 none /run/modpersist")?;
    let unlocked = "continuing without a lock";
    ctx.insmod([&file])?.success()?.silent()?;
    ctx.rmmod(["-v", "layout"])?.success()?.stderr_has(unlocked)?;
    ctx.insmod(["-v", file.as_str()])?.success()?.stderr_has(unlocked)?;
    ctx.modpersist(["reload", &file])?.success()?;
    ctx.rmmod(["layout"])?.success()?.silent()?;
    still_kept(ctx, &file, "6")?;
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    ctx.sh("umount /run/modpersist")?;
    Ok(())
}

fn signatures(ctx: &mut Ctx) -> Result<()> {
    const REASON: &str = "it is not signed, and the kernel loads only signed modules (module.sig_enforce)";
    let file = keep(ctx)?;
    fs::write("/sys/module/module/parameters/sig_enforce", "1")?;
    for output in [
        ctx.modpersist(["check", &file])?,
        ctx.insmod([&file])?,
        ctx.insmod(["--keep=require", file.as_str()])?,
    ] {
        let output = output.code(1)?;
        let said = format!("{}{}", output.stdout, output.stderr);
        ensure!(said.contains("the data of layout is untouched"), "{output}");
        ensure!(!said.contains("--keep=off"), "it would not help: {output}");
        ensure!(said.contains("the file is not signed"), "{output}");
    }
    ctx.insmod(["--explain", "--keep=off", file.as_str()])?.code(1)?.stderr_has(REASON)?;
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    ctx.modpersist(["check", &file])?.code(1)?.stdout_has(&format!("would not be loaded: {REASON}"))?;
    ctx.insmod(["--explain", file.as_str()])?
        .code(1)?
        .stderr_has("Key was rejected by service")?
        .stderr_has(REASON)?;
    let required = ctx.insmod(["--keep=require", file.as_str()])?.code(1)?;
    ensure!(!required.stderr.contains("--keep=auto"), "it would not help: {required}");
    Ok(())
}

fn lockdown(ctx: &mut Ctx) -> Result<()> {
    let file = keep(ctx)?;
    ctx.sh(&format!("mount -t securityfs none {SECURITYFS}"))?;
    if fs::read_to_string(format!("{SECURITYFS}/lockdown")).is_err() {
        return ctx.skip("this kernel has no lockdown");
    }
    fs::write(format!("{SECURITYFS}/lockdown"), "integrity")?;
    ctx.insmod([&file])?
        .code(1)?
        .stderr_has("this kernel loads only signed modules (lockdown)")?
        .stderr_has("the data of layout is untouched")?;
    let plain = ["--explain", "--keep=off", file.as_str()];
    ctx.insmod(plain)?.code(1)?.stderr_has("loads only signed modules (lockdown)")?;
    ctx.modpersist(["check", &file])?.code(1)?.stdout_has("would not be loaded")?;

    ctx.sh(&format!("umount {SECURITYFS}"))?;
    // The tools cannot know it now, but they lose nothing, and do not blame the user.
    let kept = ctx.insmod(["--explain", file.as_str()])?.code(1)?;
    let kept = kept.stderr_has("32 bytes of data of layout stay kept and untouched")?;
    for output in [kept, ctx.insmod(plain)?.code(1)?] {
        let output = output.stderr_has("Operation not permitted")?.stderr_has("securityfs is not mounted")?;
        ensure!(!output.stderr.contains("only root"), "{output}");
    }
    ctx.modpersist(["list"])?.success()?.stdout_has("layout__persist")?;
    ctx.rmmod(["--discard", "layout"])?.success()?.silent()?;
    Ok(())
}

fn disabled(ctx: &mut Ctx) -> Result<()> {
    const REASON: &str = "module loading is disabled until the next boot (kernel.modules_disabled)";
    let file = keep(ctx)?;
    fs::write("/proc/sys/kernel/modules_disabled", "1")?;
    ctx.modpersist(["check", &file])?.code(1)?.stdout_has(&format!("would not be loaded: {REASON}"))?;
    for options in [&["--explain"][..], &["--explain", "--keep=off"], &["--explain", "--keep=require"]] {
        let output = ctx.insmod(options.iter().copied().chain([file.as_str()]))?.code(1)?;
        output.stderr_has("Operation not permitted")?.stderr_has(REASON)?;
    }
    let discard = ctx.rmmod(["--discard", "layout"])?.code(1)?;
    ensure!(discard.stderr.contains("Operation not permitted"), "{discard}");
    ctx.modpersist(["list"])?.success()?.stdout_has("layout__persist")?;
    ctx.modpersist(["reload", &file])?.code(1)?.stderr_has(REASON)?;
    Ok(())
}
