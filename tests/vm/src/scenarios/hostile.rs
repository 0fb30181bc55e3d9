// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an unprivileged user, or the content of a file, must not be able to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::ctx::{Command, Ctx, Status, tools};
use crate::scenario::{Needs, Scenario};

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "hostile-parameters",
        "every byte value of a parameter is saved and restored, and none sets another parameter",
        parameters,
    )
    .limit_secs(300),
    Scenario::new("hostile-names", "a user's process name does not reach root's terminal", names),
    Scenario::new("hostile-files", "FIFOs, devices and paths with .. in place of files", files),
    Scenario::new(
        "hostile-persistdir",
        "parameters that a user put into persistdir are not used",
        persistdir,
    ),
    Scenario::new("hostile-guard", "the guard of a load removes no module for others", guard)
        .needs(Needs::Stock),
    Scenario::new("hostile-user", "a user who may not load modules learns just that", user),
];

const UID: u32 = 1000;
const PATIENCE: Duration = Duration::from_secs(20);
const WORD: &str = "/sys/module/params/parameters/word";

/// The line of a file of saved parameters.
fn saved_line(value: &[u8]) -> Vec<u8> {
    let mut line = b"word=\"".to_vec();
    for byte in value {
        match byte {
            b'"' => line.extend(b"\\\""),
            b'\\' => line.extend(b"\\\\"),
            b'\n' => line.extend(b"\\n"),
            other => line.push(*other),
        }
    }
    line.extend(b"\"\n");
    line
}

fn parameters(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    let data = "/tmp/hostile.params";
    let bytes = || (1..=255_u8).filter(|byte| *byte != b'"');
    // A string of all, both ways round, so that each has all kinds of neighbours at its end or beginning.
    let mut values: Vec<Vec<u8>> = vec![bytes().collect(), bytes().rev().collect(), Vec::new()];
    values.push("caf\u{e0} num=9".as_bytes().to_vec());
    values.push(b"\xa0num=9\xa0num=9 ".to_vec());
    values.push(b"a\"b c\"d".to_vec());
    values.push(b"\"a\"".to_vec());
    values.push(b"a\"\" b".to_vec());
    for byte in
        [b'\t', b'\n', 0x0b, 0x0c, b'\r', b' ', 0x85, 0xa0, b'=', b'#', b'%', b'\'', b'\\', b',', 0x1b, 0xff]
    {
        values.push(vec![byte]);
        values.push(vec![b'x', byte]);
        values.push(vec![byte, b'x']);
    }
    for value in &values {
        let shown = value.escape_ascii();
        let mut text = saved_line(value);
        text.extend(b"num=3\n");
        fs::write(data, text)?;
        // From the file to the kernel; from the kernel to the file and back.
        for round in ["written by hand", "saved by rmmod"] {
            ctx.insmod(["-e", data, &file])?.success()?.silent()?;
            let mut found = fs::read(WORD)?;
            ensure!(found.pop() == Some(b'\n'), "{shown}: no newline");
            ensure!(found == *value, "{round}: {shown} came back as {}", found.escape_ascii());
            ensure!(ctx.parameter("params", "num")? == "3", "{round}: {shown} set another parameter");
            ctx.rmmod(["params"])?.success()?.silent()?;
        }
    }
    // What the kernel's syntax cannot express is named, neither passed on nor left in the file.
    fs::write(data, "word=old\nnum=4\n")?;
    ctx.insmod(["-e", data, &file, "word=a\"b"])?.success()?.silent()?;
    ensure!(fs::read(WORD)? == b"a\"b\n", "the command line was changed");
    ctx.rmmod(["params"])?.success()?.stderr_has("parameter word is not saved")?;
    let saved = ctx.read(data)?;
    ensure!(!saved.contains("word=") && saved.contains("num=4"), "{saved}");
    ctx.insmod(["-e", data, &file])?.success()?.silent()?;
    ctx.rmmod(["params"])?.success()?;
    Ok(())
}

/// A shell of an unprivileged user with a name of its choice that holds a device open until its input ends.
fn named_shell(name: &str, device: &str) -> Result<Child> {
    let script = format!("printf '{name}' > /proc/$$/comm; exec 3< {device}; read line");
    let mut command = std::process::Command::new(tools::BUSYBOX);
    command.args(["sh", "-c", &script]).stdin(Stdio::piped()).uid(UID).gid(UID);
    Ok(command.spawn()?)
}

fn names(ctx: &mut Ctx) -> Result<()> {
    let meter = ctx.fixture("meter")?;
    ctx.insmod([&meter])?.success()?;
    let device = Path::new("/dev/meter");
    fs::set_permissions(device, fs::Permissions::from_mode(0o666))?;
    let mut shell = named_shell("\\033]0;pwned\\007\\nx", "/dev/meter")?;
    let descriptor = format!("/proc/{}/fd/3", shell.id());
    let start = Instant::now();
    while !Path::new(&descriptor).exists() {
        ensure!(start.elapsed() < PATIENCE, "the shell did not open the device");
        thread::sleep(Duration::from_millis(10));
    }
    let output = ctx.rmmod(["--explain", "meter"]);
    drop(shell.stdin.take());
    shell.wait()?;
    let output = output?.code(1)?.stderr_has("holds /dev/meter open")?;
    ensure!(!output.stderr.contains(['\x1b', '\x07']), "{:?}", output.stderr);
    let output = output.stderr_has("(\\x1b]0;pwned\\x07\\nx)")?;
    ensure!(output.stderr.lines().all(|line| line.starts_with("rmmod: ERROR: ")), "{output}");
    ctx.rmmod(["--discard", "meter"])?.success()?;
    Ok(())
}

/// Runs a command that must not wait for anything.
fn at_once(program: &str, args: &[&str]) -> Result<crate::ctx::Output> {
    let output = Command::new(program).args(args).limit_secs(20).run()?;
    ensure!(output.status != Status::TimedOut, "{output}");
    Ok(output)
}

fn files(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    let fifo = "/tmp/hostile.fifo";
    mkfifo(fifo, Mode::S_IRWXU)?;
    for special in [fifo, "/dev/zero"] {
        at_once(tools::MODPERSIST, &["check", special])?.code(2)?.stderr_has("not a regular file")?;
        at_once(tools::INSMOD, &["-e", special, &file])?.code(1)?.stderr_has("is not a regular file")?;
        ensure!(!ctx.is_loaded("params")?, "it was loaded");
    }
    at_once(tools::MODPERSIST, &["check", "/tmp"])?.code(2)?.stderr_has("Is a directory")?;
    at_once(tools::INSMOD, &["--explain", "/dev/zero"])?.code(1)?;
    fs::remove_file(fifo)?;
    // A name that is a path is none.
    for owner in ["../../tmp/x", "..", "a/b"] {
        ctx.modpersist(["show", owner])?.code(2)?.stderr_has("cannot be the name of a module")?;
    }
    // `-e ''`: the path of the module must not lead out of persistdir.
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    ctx.sh(&format!("mkdir -p /lib/modules/{release}/hostile && cp {file} /lib/modules/params.ko"))?;
    let path = format!("/lib/modules/{release}/hostile/../../params.ko");
    ctx.insmod(["-e", "", &path])?.code(1)?.stderr_has("is not below /lib/modules")?;
    ensure!(!ctx.is_loaded("params")?, "it was loaded");
    ctx.sh(&format!("rmdir /lib/modules/{release}/hostile; rm /lib/modules/params.ko"))?;
    Ok(())
}

/// A `persistdir` into which an unprivileged user has put parameters.
fn persistdir(ctx: &mut Ctx) -> Result<()> {
    let file = ctx.fixture("params")?;
    let release = ctx.read("/proc/sys/kernel/osrelease")?;
    let installed = format!("/lib/modules/{release}/params.ko");
    ctx.sh(&format!(
        "cp {file} {installed}; mkdir -p /srv/open && chown 0:{UID} /srv/open && chmod 775 /srv/open"
    ))?;
    fs::write("/etc/modpersist.conf", "persistdir=/srv/open\n")?;
    let script = "echo num=66 > /srv/open/params";
    Command::new(tools::BUSYBOX).args(["sh", "-c", script]).user(UID).run()?.success()?;
    let result = refused_parameters(ctx, &installed);
    ctx.sh(&format!("rm -r /etc/modpersist.conf /srv/open {installed}"))?;
    result
}

fn refused_parameters(ctx: &mut Ctx, installed: &str) -> Result<()> {
    let output = ctx.insmod(["-e", "", installed])?.success()?;
    let warning = "insmod: WARNING: no saved parameters are used, and none will be saved: /srv/open: others may write to it (mode 0775)\n";
    ensure!(output.stderr == warning && output.stdout.is_empty(), "{output}");
    ensure!(ctx.parameter("params", "num")? != "66", "the user's parameter was used");
    ctx.rmmod(["params"])?.success()?.silent()?;
    ensure!(ctx.read("/srv/open/params")? == "num=66", "it was written to");
    // In a directory of root's alone they are used.
    ctx.sh("chmod 755 /srv/open")?;
    ctx.insmod(["-e", "", installed])?.success()?.silent()?;
    ensure!(ctx.parameter("params", "num")? == "66", "not used");
    ctx.rmmod(["params"])?.success()?.silent().map(drop)
}

fn guard(ctx: &mut Ctx) -> Result<()> {
    let params = ctx.fixture("params")?;
    let meter = ctx.fixture("meter")?;
    ctx.insmod([&params])?.success()?;
    ctx.insmod([&meter])?.success()?;
    ctx.rmmod(["meter"])?.success()?;
    for module in ["params", "meter__persist", "absent"] {
        ctx.insmod(["--take-back-when-killed", module])?.code(1)?.silent()?;
        // With a pipe that ends, as a guard has it.
        let insmod = tools::INSMOD;
        let script = format!("true | {insmod} --take-back-when-killed {module}");
        Command::new(tools::BUSYBOX).args(["sh", "-c", &script]).run()?.code(1)?.silent()?;
    }
    ensure!(ctx.is_loaded("params")? && ctx.is_loaded("meter__persist")?, "the guard removed a module");
    ctx.rmmod(["params"])?.success()?;
    ctx.rmmod(["--discard", "meter"])?.success()?;
    Ok(())
}

fn user(ctx: &mut Ctx) -> Result<()> {
    for (name, has_data) in [("params", false), ("meter", true)] {
        let file = ctx.fixture(name)?;
        let wanted = format!("insmod: ERROR: could not insert module {file}: Operation not permitted\n");
        for loaded in [false, true] {
            if loaded {
                ctx.insmod([&file])?.success()?;
            }
            for program in [tools::PEER_INSMOD, tools::INSMOD] {
                let output = Command::new(program).arg(&file).user(UID).run()?.code(1)?;
                ensure!(output.stderr == wanted, "{output}");
            }
        }
        if has_data {
            ctx.rmmod(["--discard", name])?.success()?;
        } else {
            ctx.rmmod([name])?.success()?;
        }
    }
    Ok(())
}
