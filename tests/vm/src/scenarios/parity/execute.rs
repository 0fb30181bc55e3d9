// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs one command line: resets the state before, and records everything observable after.

use std::ffi::CString;
use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use anyhow::{Context, Result};
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module};

use super::case::Case;
use super::outcome::{Outcome, without_source, without_time};
use super::peer::Peer;
use super::prepare;
use crate::ctx::{Command, Ctx, FIXTURES, printable, tools};

/// An unprivileged user.
const USER: u32 = 1000;
const DEV_LOG: &str = "/dev/log";
const DISABLED: &str = "/proc/sys/kernel/modules_disabled";
/// Messages about clocks and stalls, which a kernel on a busy host may log at any time.
const NOISE: &[&str] = &["clocksource", "sched_clock", "TSC", "tsc:", "hrtimer:", "rcu:"];
/// The start of every script.
const SCRIPT_HEAD: &str = "M=/modules\n";

/// Runs it.
pub fn run(ctx: &mut Ctx, case: &Case, peer: Peer) -> Result<Outcome> {
    let name = || format!("{}/{} ({peer})", case.group, case.name);
    reset(ctx).with_context(name)?;
    prepare::index(ctx, case.index)?;
    for (module, parameters) in &case.loaded {
        load(ctx, module, parameters).with_context(name)?;
    }
    if case.disabled {
        fs::write(DISABLED, "1")?;
    }
    let daemon = case.log.then(listen).transpose()?;
    if case.zlib && peer != Peer::Ours {
        prepare::swap()?;
    }
    let command = command(case, peer);
    let mark = ctx.log_mark()?;
    let mut ran = None;
    let calls = ctx.trace_module_calls(|_| {
        ran = Some(command.run());
        Ok(())
    })?;
    if case.zlib && peer != Peer::Ours {
        prepare::swap()?;
    }
    let ran = ran.with_context(name)?.with_context(name)?;
    let mut outcome = Outcome::default();
    outcome.set("code", ran.status.to_string());
    outcome.set("stdout", ran.stdout);
    outcome.set("stderr", without_source(&ran.stderr));
    let flags = |call: &crate::ctx::Call| format!("{} {}", call.name, call.arg("flags").unwrap_or("-"));
    outcome.set("calls", calls.iter().map(flags).collect::<Vec<_>>().join(", "));
    let mut log = ctx.log_since(&mark)?;
    // The kernel splits a line of this length and shows the rest together with the next message.
    log.retain(|line| line.len() < 900 && !NOISE.iter().any(|word| line.contains(word)));
    outcome.set("log", log.join("\n"));
    outcome.set("modules", state(ctx)?);
    if let Some(daemon) = daemon {
        outcome.set("syslog", received(&daemon)?);
    }
    reset(ctx)?;
    Ok(outcome)
}

fn command(case: &Case, peer: Peer) -> Command {
    let script = format!("{SCRIPT_HEAD}{}{}\n", peer.functions(), case.command);
    let mut command = Command::new(tools::BUSYBOX).directory(prepare::DIRECTORY);
    let absent = [("/sys", case.no_sysfs), ("/proc", case.no_proc)];
    let absent: Vec<&str> = absent.iter().filter(|(_, absent)| *absent).map(|(place, _)| *place).collect();
    command = if !absent.is_empty() {
        let script = format!("busybox umount -l {}\n{script}", absent.join(" "));
        command.args(["unshare", "-m", "sh", "-c", &script])
    } else {
        command.args(["sh", "-c", &script])
    };
    if case.user {
        command = command.user(USER);
    }
    if case.short { command.limit_secs(2) } else { command.limit_secs(30) }
}

/// Loads a fixture directly, without a tool. It may already be loaded: not every module can be removed.
fn load(ctx: &Ctx, name: &str, parameters: &str) -> Result<()> {
    if ctx.is_loaded(name)? {
        return Ok(());
    }
    let file = File::open(format!("{FIXTURES}/{name}.ko")).with_context(|| format!("no fixture {name}"))?;
    let parameters = CString::new(parameters)?;
    finit_module(&file, &parameters, ModuleInitFlags::empty()).with_context(|| format!("cannot load {name}"))
}

/// Removes every fixture that can be removed.
fn reset(ctx: &Ctx) -> Result<()> {
    for path in [DEV_LOG, "/tmp/gone"] {
        // Usually neither exists.
        let _ = fs::remove_file(path);
    }
    // Newest first usually removes users before what they use; a failed round is retried.
    for _ in 0..3 {
        for module in ctx.modules()? {
            let hold = Path::new("/sys/module").join(&module.name).join("parameters/hold");
            if hold.exists() {
                fs::write(&hold, "0").with_context(|| format!("cannot write {}", hold.display()))?;
            }
            let name = CString::new(module.name.as_str())?;
            // What cannot be removed is part of the initial state of the next run, for every peer alike.
            let _ = delete_module(&name, DeleteModuleFlags::O_NONBLOCK);
        }
    }
    Ok(())
}

/// The loaded modules, with their parameters.
fn state(ctx: &Ctx) -> Result<String> {
    let mut text = String::new();
    for module in ctx.modules()? {
        text.push_str(&format!(
            "{} {:?} {} {} {}",
            module.name,
            module.references,
            module.holders.join(","),
            module.state,
            module.taint
        ));
        let directory = Path::new("/sys/module").join(&module.name).join("parameters");
        let mut parameters: Vec<String> = Vec::new();
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry?.path();
            // Some are write-only.
            let value = fs::read(&path).unwrap_or_default();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            parameters.push(format!(" {name}={:?}", String::from_utf8_lossy(&value).trim_end()));
        }
        parameters.sort();
        text.push_str(&parameters.concat());
        text.push('\n');
    }
    Ok(text)
}

fn listen() -> Result<UnixDatagram> {
    let daemon = UnixDatagram::bind(DEV_LOG).context("cannot listen on /dev/log")?;
    fs::set_permissions(DEV_LOG, std::os::unix::fs::PermissionsExt::from_mode(0o666))?;
    daemon.set_nonblocking(true)?;
    Ok(daemon)
}

fn received(daemon: &UnixDatagram) -> Result<String> {
    let mut text = String::new();
    let mut buffer = vec![0; 8192];
    while let Ok(length) = daemon.recv(&mut buffer) {
        let datagram = printable(buffer.get(..length).unwrap_or_default());
        // One line per datagram, whatever it contains.
        text.push_str(&without_source(&without_time(&datagram)).replace('\n', "\\n"));
        text.push('\n');
    }
    Ok(text)
}
