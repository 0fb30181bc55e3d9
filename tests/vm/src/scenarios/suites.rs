// SPDX-License-Identifier: MIT OR Apache-2.0
//! Scenarios after other projects' test suites: the Linux Test Project's cases for commands and system calls,
//! as far as a command can reach them, and module-init-tools' command lines.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::ctx::{Command, Ctx, tools};
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("suite-ltp-commands", "insmod01, lsmod01: load, list and remove, repeatedly", ltp_commands),
    Scenario::new("suite-ltp-load", "finit_module01/02, init_module01/02, through insmod", ltp_load),
    Scenario::new("suite-ltp-delete", "delete_module01 to 03, through rmmod", ltp_delete),
    Scenario::new("suite-init-tools", "module-init-tools' insmod and rmmod cases", init_tools),
];

fn ltp_commands(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("smoke")?;
    for _ in 0..5 {
        ctx.insmod([&file])?.success()?;
        let module = ctx.module("smoke")?.context("it is not in /proc/modules")?;
        // lsmod shows what /proc/modules has.
        let list = Command::new("/peer/lsmod").run()?.success()?.stdout;
        let row = list.lines().find(|line| line.starts_with("smoke ")).context("lsmod has no smoke")?;
        let words: Vec<&str> = row.split_whitespace().collect();
        let wanted = [module.name, module.size.to_string(), module.references.unwrap_or(0).to_string()];
        ensure!(words == wanted, "lsmod {words:?}, /proc/modules {wanted:?}");
        ctx.rmmod(["smoke"])?.success()?;
        ensure!(!ctx.is_loaded("smoke")?, "it is still loaded");
    }
    // LTP's library retries the unload; once the module is gone, each attempt must fail.
    for _ in 0..5 {
        ctx.rmmod(["smoke"])?.code(1)?;
    }
    Ok(())
}

fn ltp_load(ctx: &mut Ctx) -> Result<()> {
    // Both system calls: finit_module for a plain file, init_module for one that the kernel cannot
    // decompress.
    let plain = ctx.fixture("params")?;
    let invalid = "Invalid parameters";
    ctx.insmod([plain.as_str(), "num=1"])?.success()?;
    ctx.insmod([&plain])?.code(1)?.stderr_has("File exists")?;
    ctx.rmmod(["params"])?.success()?;
    ctx.insmod([plain.as_str(), "result=-22"])?.code(1)?.stderr_has(invalid)?;
    ctx.insmod([plain.as_str(), "num=invalid"])?.code(1)?.stderr_has(invalid)?;
    Command::new(tools::INSMOD)
        .arg(&plain)
        .user(1000)
        .run()?
        .code(1)?
        .stderr_has("Operation not permitted")?;
    ctx.insmod(["/tmp"])?.code(1)?.stderr_has("Is a directory")?;
    fs::write("/tmp/zero.ko", "")?;
    ctx.insmod(["/tmp/zero.ko"])?.code(1)?.stderr_has(invalid)?;
    // A file that is open for writing.
    fs::copy(&plain, "/tmp/busy.ko")?;
    let writer = fs::OpenOptions::new().read(true).write(true).open("/tmp/busy.ko")?;
    ctx.insmod(["/tmp/busy.ko"])?.code(1)?.stderr_has("Text file busy")?;
    drop(writer);
    let gzip = ctx.fixture("smoke-gz")?;
    let calls = ctx.trace_module_calls(|ctx| {
        ctx.insmod([gzip.as_str(), "greeting=5"])?.success()?;
        ctx.insmod([&gzip])?.code(1)?.stderr_has("File exists")
    })?;
    ensure!(!calls.is_empty(), "no call was seen");
    ctx.rmmod(["smoke"])?.success()?;
    // init_module with a size of 0.
    ctx.sh("busybox gzip -c < /dev/null > /tmp/nothing.ko.gz")?;
    ctx.insmod(["/tmp/nothing.ko.gz"])?.code(1)?.stderr_has("Invalid module format")?;
    ctx.insmod([gzip.as_str(), "greeting=x"])?.code(1)?.stderr_has(invalid)?;
    Command::new(tools::INSMOD)
        .arg(&gzip)
        .user(1000)
        .run()?
        .code(1)?
        .stderr_has("Operation not permitted")?;
    Ok(())
}

fn ltp_delete(ctx: &mut Ctx) -> Result<()> {
    let provider = ctx.fixture("provider")?;
    let needs = ctx.fixture("provider_user")?;
    ctx.insmod([&provider])?.success()?;
    ctx.insmod([&needs])?.success()?;
    // With -f, our own checks are skipped and the kernel decides.
    ctx.rmmod(["-f", "provider"])?.code(1)?.stderr_has("Resource temporarily unavailable")?;
    Command::new(tools::RMMOD)
        .arg("provider_user")
        .user(1000)
        .run()?
        .code(1)?
        .stderr_has("Operation not permitted")?;
    ctx.rmmod(["provider_user"])?.success()?;
    ctx.rmmod(["provider"])?.success()?;
    let missing = "No such file or directory";
    let long = "x".repeat(80);
    for name in ["absent", "", &long] {
        ctx.rmmod(["-f", name])?.code(1)?.stderr_has(missing)?;
        // /sys/module/ itself exists, so to kmod the empty name is a module that cannot be unloaded.
        let words =
            if name.is_empty() { "Module unloading is not supported" } else { "is not currently loaded" };
        ctx.rmmod([name])?.code(1)?.stderr_has(words)?;
    }
    Ok(())
}

fn init_tools(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    ctx.insmod([""; 0])?.code(1)?.stderr_has("missing filename")?;
    // Arguments are passed on in order, with quotes intact.
    ctx.insmod([file.as_str(), "num=1", "word=\"x y\"", "num=2"])?.success()?;
    ensure!(
        ctx.parameter("params", "word")? == "x y" && ctx.parameter("params", "num")? == "2",
        "parameters"
    );
    ctx.rmmod(["params"])?.success()?;
    for version in ["-V", "--version"] {
        ctx.insmod([version])?.success()?.stdout_has("insmod")?;
        ctx.rmmod([version])?.success()?.stdout_has("rmmod")?;
    }
    for name in
        ["provider_user", "provider-user", "/path/provider_user.o", "provider_user.ko", "provider-user.ko"]
    {
        for module in ["provider", "provider_user"] {
            let file = ctx.fixture(module)?;
            ctx.insmod([&file])?.success()?;
        }
        let output = ctx.rmmod([name])?;
        // kmod keeps the slashes of a path that does not exist, and so do we; module-init-tools cut them off.
        if name.contains('/') {
            output.code(1)?.stderr_has("Module /path/provider_user is not currently loaded")?;
            ctx.rmmod(["provider_user"])?.success()?;
        } else {
            output.success()?.silent()?;
        }
        ctx.rmmod(["provider"])?.success()?;
    }
    for module in ["provider", "provider_user", "smoke"] {
        let file = ctx.fixture(module)?;
        ctx.insmod([&file])?.success()?;
    }
    let output = ctx.rmmod(["smoke", "absent", "provider_user", "provider"])?.code(1)?;
    ensure!(output.stderr == "rmmod: ERROR: Module absent is not currently loaded\n", "{output}");
    ensure!(
        ctx.modules()?.iter().all(|module| !module.name.starts_with("provider")),
        "a module was not removed"
    );
    ctx.insmod([file.as_str(), "hold=1"])?.success()?;
    ctx.rmmod(["params"])?.code(1)?.stderr_has("Module params is in use\n")?;
    ctx.rmmod(["-f", "params"])?.success()?;
    Ok(())
}
