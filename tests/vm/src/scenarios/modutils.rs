// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that modutils had, and those that people have asked for.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::keep::is_kept;
use crate::ctx::{Command, Ctx, tools};
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("options-dry", "--noload and --probe judge as the kernel does, and load nothing", dry),
    Scenario::new("options-map", "--map agrees with the kernel's own addresses", map),
    Scenario::new("options-persist", "parameters go to a file and come back; the command line wins", persist),
    Scenario::new("options-snapshots", "snapshots, but only into a directory that is there", snapshots),
    Scenario::new("options-lock", "--lock, --idempotent: loaded and absent are success", idempotent),
    Scenario::new("options-wait", "--wait ends when the module is unused, or in time", wait),
    Scenario::new(
        "options-explain",
        "who exports a symbol, who holds a module, what the kernel said",
        explain,
    ),
    Scenario::new("options-stacks", "rmmod --stacks takes along what nothing uses", stacks),
];

fn dry(ctx: &mut Ctx) -> Result<()> {
    let good = ctx.fixture("params")?;
    let needs = ctx.fixture("provider_user")?;
    fs::write("/tmp/text.ko", "no module at all")?;
    let calls = ctx.trace_module_calls(|ctx| {
        ctx.insmod(["-n", &good, "num=3", "dyndbg=+p"])?.success()?.silent()?;
        ctx.insmod(["--probe", &good])?.success()?.silent()?;
        ctx.insmod(["-n", &good, "bogus=1"])?.success()?.stderr_has("no parameter bogus")?;
        ctx.insmod(["-n", &needs])?
            .code(1)?
            .stderr_has("unresolved symbol provider_value")?
            .stderr_has("Unknown symbol in module")?;
        ctx.insmod(["--probe", &needs])?.code(1)?.silent()?;
        ctx.insmod(["-n", "/tmp/text.ko"])?.code(1)?.stderr_has("Invalid module format")?;
        let bytes = fs::read(&good)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        ensure!(text.contains("vermagic="), "no version magic");
        ctx.sh(&format!("sed 's/vermagic=6/vermagic=9/' {good} > /tmp/magic.ko"))?;
        ctx.insmod(["-n", "/tmp/magic.ko"])?.code(1)?.stderr_has("version magic '9")?;
        ctx.insmod(["-nf", "/tmp/magic.ko"])?.success()
    })?;
    ensure!(calls.is_empty(), "the kernel was asked: {calls:?}");
    Ok(())
}

fn map(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let output = ctx.insmod(["-m", &file])?.success()?;
    let address = ctx.section_address("smoke", "__param")?;
    let line = output.stdout.lines().find(|line| line.starts_with("__param ")).unwrap_or_default();
    ensure!(line.contains(&format!("{address:016x}")), "{output}");
    ensure!(output.stdout.contains(" d greeting") || output.stdout.contains(" b greeting"), "{output}");
    ctx.rmmod(["smoke"])?.success()?;
    Ok(())
}

fn persist(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    let data = "/var/lib/modules/params.data";
    ctx.insmod(["-e", data, &file, "num=3", "word=a b", "list=1,2"])?.success()?.silent()?;
    ctx.set_parameter("params", "num", "77")?;
    ctx.rmmod(["-e"])?.success()?.silent()?;
    let saved = ctx.read(data)?;
    ensure!(ctx.is_loaded("params")?, "rmmod -e removed the module");
    for line in ["num=77", "word=\"a b\"", "list=1,2", "flag=N", "#% Kernel Linux"] {
        ensure!(saved.contains(line), "no {line} in {saved}");
    }
    fs::write(data, format!("# mine\n{saved}\ngone=1\n"))?;
    ctx.set_parameter("params", "num", "78")?;
    ctx.rmmod(["params"])?.success()?.silent()?;
    let saved = ctx.read(data)?;
    ensure!(saved.contains("# mine") && saved.contains("num=78"), "{saved}");
    ensure!(saved.contains("#% Warning: parameter gone is not supported in this kernel\ngone=1"), "{saved}");
    // The command line comes last, and wins.
    ctx.insmod(["--persist", data, &file, "list=9"])?.success()?.silent()?;
    ensure!(ctx.parameter("params", "num")? == "78", "the saved value was not used");
    ensure!(ctx.parameter("params", "word")? == "a b", "a blank in the value was lost");
    ensure!(ctx.parameter("params", "list")? == "9", "the command line did not win");
    ctx.rmmod(["params"])?.success()?;
    // Without the option nothing is read, and nothing is saved.
    ctx.insmod([&file])?.success()?;
    ensure!(ctx.parameter("params", "num")? == "0", "the file was used without --persist");
    ctx.rmmod(["params"])?.success()?;
    ensure!(ctx.read(data)?.contains("num=78"), "the file was written without --persist");
    ctx.insmod(["-e", "relative", &file])?.code(1)?.stderr_has("must be absolute")?;
    ctx.insmod(["-e", "", &file])?.code(1)?.stderr_has("is not below /lib/modules")?;
    fs::write("/etc/modpersist.conf", "persistdir=\n")?;
    ctx.insmod(["-v", "-e", "", &file])?.success()?.stderr_has("persistdir is empty")?;
    fs::remove_file("/etc/modpersist.conf")?;
    ctx.rmmod(["params"])?.success()?;
    fs::write(data, "num\n")?;
    ctx.insmod(["-e", data, &file])?.code(1)?.stderr_has("line 1: there is no =")?;
    Ok(())
}

fn snapshots(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    let count = |ctx: &mut Ctx| -> Result<usize> {
        Ok(ctx
            .sh("ls /var/log/ksymoops 2>/dev/null || true")?
            .lines()
            .filter(|name| name.starts_with("2"))
            .count())
    };
    ctx.sh("rm -rf /var/log/ksymoops")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["smoke"])?.success()?;
    ensure!(count(ctx)? == 0, "a directory was made");
    ctx.sh("mkdir /var/log/ksymoops")?;
    ctx.insmod([&file])?.success()?;
    ensure!(count(ctx)? == 2, "no snapshot after insmod");
    let text = ctx.sh("cat /var/log/ksymoops/*.modules")?;
    ensure!(text.contains("smoke "), "{text}");
    ctx.sh("rm /var/log/ksymoops/*")?;
    ctx.rmmod(["absent"])?.code(1)?;
    ensure!(count(ctx)? == 0, "a snapshot though nothing changed");
    ctx.rmmod(["smoke"])?.success()?;
    ensure!(count(ctx)? == 2, "no snapshot after rmmod");
    ctx.insmod(["-n", &file])?.success()?;
    ctx.sh("rm -rf /var/log/ksymoops")?;
    Ok(())
}

fn idempotent(ctx: &mut Ctx) -> Result<()> {
    for (module, option) in [("smoke", "--idempotent"), ("smoke", "-L"), ("meter", "--idempotent")] {
        let file = ctx.fixture(module)?;
        ctx.insmod([option, &file])?.success()?;
        ctx.insmod([option, &file])?.success()?;
        ctx.insmod([&file])?.code(1)?.stderr_has("File exists")?;
        ctx.rmmod(["--idempotent", module])?.success()?;
        ctx.rmmod(["--idempotent", "--discard", module])?.success()?;
        ctx.rmmod(["--idempotent", module])?.success()?.silent()?;
    }
    let file = ctx.fixture("params")?;
    ctx.insmod(["--idempotent", &file, "result=-17"])?.code(1)?.stderr_has("File exists")?;
    Ok(())
}

fn wait(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    ctx.insmod([file.as_str(), "hold=1"])?.success()?;
    ctx.rmmod(["--wait=0.3", "params"])?.code(1)?.stderr_has("Module params is in use")?;
    let release = thread::spawn(|| {
        thread::sleep(Duration::from_millis(700));
        fs::write("/sys/module/params/parameters/hold", "0")
    });
    Command::new(tools::RMMOD).args(["--wait=30", "params"]).run()?.success()?.silent()?;
    release.join().map_err(|_| anyhow::anyhow!("the holder panicked"))??;
    Ok(())
}

fn explain(ctx: &mut Ctx) -> Result<()> {
    let needs = ctx.fixture("provider_user")?;
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    ctx.sh(&format!("echo 'alias symbol:provider_value provider' > /lib/modules/{release}/modules.symbols"))?;
    ctx.insmod(["--explain", "--show-log", "--errno", &needs])?
        .code(1)?
        .stderr_has("Unknown symbol in module (errno 2, ENOENT)")?
        .stderr_has("symbol provider_value is exported by module provider, which is not loaded")?
        .stderr_has("it needs provider, not loaded")?
        .stderr_has("kernel: provider_user: Unknown symbol provider_value")?;
    ctx.sh(&format!("rm /lib/modules/{release}/modules.symbols"))?;
    let provider = ctx.fixture("provider")?;
    ctx.insmod([&provider])?.success()?;
    ctx.insmod([&needs])?.success()?;
    ctx.rmmod(["--explain", "provider"])?
        .code(1)?
        .stderr_has("Module provider is in use by: provider_user")?
        .stderr_has("module provider_user uses it")?;
    ctx.rmmod(["provider_user", "provider"])?.success()?;
    Ok(())
}

fn stacks(ctx: &mut Ctx) -> Result<()> {
    for name in ["provider", "provider_user", "provider_user2"] {
        let file = ctx.fixture(name)?;
        ctx.insmod([&file])?.success()?;
    }
    ctx.rmmod(["-r", "provider_user"])?.success()?.silent()?;
    ensure!(ctx.is_loaded("provider")?, "what another module uses was removed");
    ctx.rmmod(["--stacks", "provider_user2"])?.success()?.silent()?;
    ensure!(!ctx.is_loaded("provider")?, "what nothing uses stayed");
    // Kept data go by --discard alone.
    let meter = ctx.fixture("meter")?;
    ctx.insmod([&meter])?.success()?;
    ctx.rmmod(["-r", "meter"])?.success()?;
    ensure!(is_kept(ctx, "meter")?, "--stacks dropped kept data");
    ctx.rmmod(["--discard", "meter"])?.success()?;
    Ok(())
}
