// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading through the real modprobe, configured to run our insmod.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use super::keep::is_kept;
use crate::ctx::{Command, Ctx, Mark, Record, tools};
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "modprobe-conf",
        "with modprobe-conf's configuration, modprobe and aliases (as udev uses them) keep data",
        modprobe_conf,
    )
    .alone(),
    Scenario::new(
        "modprobe-autoload",
        "when the kernel asks for a module, a refusal is in the kernel's log",
        autoload,
    )
    .alone(),
];

fn link(target: &str, path: &str) -> Result<()> {
    if !Path::new(path).exists() {
        if let Some(directory) = Path::new(path).parent() {
            fs::create_dir_all(directory)?;
        }
        symlink(target, path)?;
    }
    Ok(())
}

/// Values with spaces and shell patterns survive the shell that modprobe runs.
fn options(ctx: &mut Ctx, extra: &str) -> Result<()> {
    fs::copy(ctx.fixture("params")?, format!("{extra}/params.ko"))?;
    Command::new(tools::PEER_DEPMOD).arg("--all").run()?.success()?;
    let config = ctx.modpersist(["modprobe-conf", "params"])?.success()?.stdout;
    fs::write("/etc/modprobe.d/persistent-params.conf", config)?;
    let modprobe = |args: &[&str]| {
        let command = Command::new(tools::PEER_MODPROBE).args(args).directory("/bin");
        command.env("PATH", "/sbin:/bin:/usr/sbin:/usr/bin").run()
    };
    for (value, wanted) in [("\"a b\"", "a b"), ("*", "*"), ("x-y/z,1", "x-y/z,1")] {
        fs::write("/etc/modprobe.d/params.conf", format!("options params word={value} num=4\n"))?;
        modprobe(&["params"])?.success()?.silent()?;
        ensure!(
            ctx.parameter("params", "word")? == wanted && ctx.parameter("params", "num")? == "4",
            "{value}"
        );
        modprobe(&["-r", "params"])?.success()?;
        ensure!(!ctx.is_loaded("params")?, "modprobe -r did not remove it");
    }
    Ok(())
}

/// Installs the programs where the configuration expects them. Returns the directory for modules.
pub(super) fn install(ctx: &Ctx) -> Result<String> {
    link(tools::INSMOD, "/usr/lib/modpersist/insmod")?;
    link("/peer/modinfo", "/sbin/modinfo")?;
    link("/peer/modprobe", "/sbin/modprobe")?;
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    let extra = format!("/lib/modules/{release}/extra");
    fs::create_dir_all(&extra)?;
    fs::create_dir_all("/etc/modprobe.d")?;
    Ok(extra)
}

/// What refusals have added to the kernel's log.
fn refusals(ctx: &mut Ctx, mark: &Mark) -> Result<Vec<Record>> {
    let records = ctx.log_records(mark)?;
    Ok(records.into_iter().filter(|record| record.text.contains("not loaded")).collect())
}

fn autoload(ctx: &mut Ctx) -> Result<()> {
    let extra = install(ctx)?;
    let config = ctx.modpersist(["modprobe-conf", "meter"])?.success()?.stdout + "alias fs-meterfs meter\n";
    fs::write("/etc/modprobe.d/persistent-meter.conf", config)?;
    let put = |ctx: &Ctx, fixture: &str| -> Result<()> {
        fs::copy(ctx.fixture(fixture)?, format!("{extra}/meter.ko"))?;
        Command::new(tools::PEER_DEPMOD).arg("--all").run()?.success()?;
        Ok(())
    };
    // The kernel looks for a filesystem with this name and runs modprobe.
    let mount = |ctx: &mut Ctx| ctx.sh("mount -t meterfs none /tmp 2>&1; true");

    put(ctx, "meter")?;
    let mark = ctx.log_mark()?;
    mount(ctx)?;
    ensure!(ctx.is_loaded("meter")? && is_kept(ctx, "meter")?, "the kernel did not load it");
    ctx.rmmod(["meter"])?.success()?;
    ensure!(refusals(ctx, &mark)?.is_empty(), "nothing was refused");

    // A version that would cut a field off.
    put(ctx, "meter_v3")?;
    mount(ctx)?;
    ensure!(!ctx.is_loaded("meter")? && is_kept(ctx, "meter")?, "the wrong layout was bound");
    let found = refusals(ctx, &mark)?;
    let [line] = &found[..] else { bail!("{} lines: {found:?}", found.len()) };
    let start = "insmod: meter: not loaded: its persistent data differs from what is kept in the kernel: ";
    ensure!(line.level == 3 && line.text.starts_with(start), "{line:?}");
    ensure!(line.text.contains("meter.stats.count"), "it does not name the field: {line:?}");
    ctx.note(line.text.clone());

    // By hand, the message on standard error is enough.
    let mark = ctx.log_mark()?;
    ctx.insmod([&format!("{extra}/meter.ko")])?.code(1)?.stderr_has("meter.stats.count")?;
    ensure!(refusals(ctx, &mark)?.is_empty(), "insmod wrote to the kernel's log");
    ctx.rmmod(["--discard", "meter"])?.success()?;
    Ok(())
}

fn modprobe_conf(ctx: &mut Ctx) -> Result<()> {
    let extra = install(ctx)?;
    for name in ["meter", "pinning", "provider"] {
        fs::copy(ctx.fixture(name)?, format!("{extra}/{name}.ko"))?;
    }
    // Without the configuration, modprobe loads the module itself, and nothing is kept.
    ctx.peer_modprobe(["meter"])?.success()?;
    ensure!(!is_kept(ctx, "meter")?, "modprobe kept data without the configuration");
    ctx.peer_rmmod(["meter"])?.success()?;

    for owner in ["meter", "pinning"] {
        let config = ctx.modpersist(["modprobe-conf", owner])?.success()?.stdout;
        fs::write(format!("/etc/modprobe.d/persistent-{owner}.conf"), config)?;
    }
    // udev asks for an alias, and the administrator may have set options.
    fs::write("/etc/modprobe.d/site.conf", "alias pci:v00001234d* meter\noptions provider dyndbg=+p\n")?;
    let modprobe = |args: &[&str]| {
        Command::new(tools::PEER_MODPROBE).args(args).env("PATH", "/sbin:/bin:/usr/sbin:/usr/bin").run()
    };
    modprobe(&["-b", "pci:v00001234d00005678"])?.success()?.silent()?;
    ensure!(ctx.is_loaded("meter")? && is_kept(ctx, "meter")?, "modprobe did not use our insmod");
    modprobe(&["meter"])?.success()?.silent()?;
    modprobe(&["-r", "meter"])?.success()?;
    ensure!(!ctx.is_loaded("meter")? && is_kept(ctx, "meter")?, "modprobe -r dropped the data");
    modprobe(&["meter"])?.success()?.silent()?;
    ctx.modpersist(["list"])?.success()?.stdout_has("in use")?;
    ctx.rmmod(["--discard", "meter"])?.success()?;
    // Dependencies are loaded before our insmod runs.
    modprobe(&["pinning"])?.success()?;
    ensure!(
        ctx.is_loaded("provider")? && ctx.is_loaded("pinning__persist")?,
        "the dependency was not loaded"
    );
    ctx.rmmod(["--discard", "pinning"])?.success()?;
    ctx.rmmod(["provider"])?.success()?;
    // Options on the command line are passed on.
    let bad = modprobe(&["meter", "no_such_option=1"])?.success()?;
    ensure!(ctx.is_loaded("meter")?, "{bad}");
    ctx.rmmod(["--discard", "meter"])?.success()?;
    options(ctx, &extra)?;
    // If a module cannot be loaded, modprobe fails as well.
    fs::write("/etc/modprobe.d/persistent-meter.conf", ctx.modpersist(["modprobe-conf", "absent"])?.stdout)?;
    modprobe(&["absent"])?.code(1)?;
    Ok(())
}
