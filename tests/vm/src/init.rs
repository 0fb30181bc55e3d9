// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first process: mounts file systems, does the job of this boot, powers off.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};

use crate::cmdline::Job;
use crate::ctx::Ctx;
use crate::port::Port;
use crate::protocol::Line;
use crate::{crashes, demo, histories, kernel_types, runner};

/// Type and mount point of each file system, in mount order.
const MOUNTS: &[(&str, &str)] = &[
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tracefs", "/sys/kernel/tracing"),
    ("debugfs", "/sys/kernel/debug"),
    ("tmpfs", "/run"),
    ("tmpfs", "/tmp"),
];

/// The serial port for results, where the console is the first port of this kind.
const RESULT_PORT: &str = "ttyS1";

/// Names another port, on the kernel command line.
const PORT_PARAMETER: &str = "vmguest.port=";

/// Does the job of this boot and powers off. Returns only if the kernel refuses to power off.
pub fn main() -> ExitCode {
    if let Err(error) = serve() {
        eprintln!("vmguest: {error:#}");
    }
    power_off()
}

fn serve() -> Result<()> {
    for &(kind, target) in MOUNTS {
        mount_one(kind, target)?;
    }
    let cmdline = fs::read_to_string("/proc/cmdline").context("cannot read /proc/cmdline")?;
    let named = cmdline.split_whitespace().find_map(|word| word.strip_prefix(PORT_PARAMETER));
    let path = Path::new("/dev").join(named.unwrap_or(RESULT_PORT));
    let port = Port::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut ctx = Ctx::new(port)?;
    let exit = match do_job(&mut ctx, &Job::from_cmdline(&cmdline)) {
        Ok(()) => 0,
        Err(error) => {
            ctx.note(format!("{error:#}"));
            1
        }
    };
    ctx.port().send(&Line::Exit { exit });
    ctx.port().drain();
    Ok(())
}

fn do_job(ctx: &mut Ctx, job: &Job) -> Result<()> {
    match job {
        Job::Scenarios(names) => {
            runner::run(ctx, names);
            Ok(())
        }
        Job::Demo => demo::run(ctx),
        Job::Histories => histories::run(ctx),
        Job::KernelTypes => kernel_types::run(ctx),
        Job::Crashes => crashes::run(ctx),
    }
}

fn mount_one(kind: &str, target: &str) -> Result<()> {
    fs::create_dir_all(target).with_context(|| format!("cannot create {target}"))?;
    mount(Some(kind), target, Some(kind), MsFlags::empty(), None::<&str>)
        .with_context(|| format!("cannot mount {kind} on {target}"))
}

fn power_off() -> ExitCode {
    nix::unistd::sync();
    let Err(error) = reboot(RebootMode::RB_POWER_OFF);
    eprintln!("vmguest: cannot power off: {error}");
    // Exiting would panic the kernel and bury the message above.
    thread::sleep(Duration::from_secs(3600));
    ExitCode::FAILURE
}
