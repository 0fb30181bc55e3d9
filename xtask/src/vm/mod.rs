// SPDX-License-Identifier: MIT OR Apache-2.0
//! Scenarios in a virtual machine.
//!
//! The guest is an initramfs that we write: no disk image, no file system shared with the
//! host, so that any kernel can run it. Its console is kept as a file, as the kernel's own
//! words are part of the result; what the scenarios report comes over a second port.

mod accel;
mod boots;
mod console;
mod cpio;
mod decode;
mod guest;
mod initramfs;
mod machine;
mod prepared;
mod qemu;
mod report;
mod rundir;
mod schedule;

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use vmguest::protocol::Line;
use vmguest::scenarios;
use vmguest::{KernelKind, Scenario};

use crate::args::{KernelArgs, VmArgs};
use crate::setup::{self, Ready};
use crate::{fixtures, ui};

use machine::Machine;
use qemu::Options;

pub use machine::End;
pub use prepared::Vm;
pub use report::Report;

/// `cargo xtask vm`.
pub fn run(args: &VmArgs) -> Result<ExitCode> {
    let chosen = choose(&args.scenarios)?;
    if args.list {
        list(&chosen);
        return Ok(ExitCode::SUCCESS);
    }
    let vm = prepare(&args.kernel)?;
    let report = run_scenarios(&vm, &chosen)?;
    report.print_summary();
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The scenarios whose name is or begins with one of `filters`; all without a filter.
fn choose(filters: &[String]) -> Result<Vec<&'static Scenario>> {
    if let Some(none) =
        filters.iter().find(|filter| !scenarios::all().any(|scenario| matches(scenario, filter)))
    {
        bail!("no scenario is named {none} or begins so; see cargo xtask vm --list");
    }
    let wanted =
        |scenario: &&Scenario| filters.is_empty() || filters.iter().any(|filter| matches(scenario, filter));
    Ok(scenarios::all().filter(wanted).collect())
}

/// An exact name means that one only, although others begin with it.
fn matches(scenario: &Scenario, filter: &str) -> bool {
    if scenarios::find(filter).is_some() {
        scenario.name == filter
    } else {
        scenario.name.starts_with(filter)
    }
}

fn list(scenarios: &[&Scenario]) {
    let width = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or_default();
    for scenario in scenarios {
        let boot = if scenario.boot.alone { " [own boot]" } else { "" };
        println!("{:width$}  {}{boot}", scenario.name, scenario.about);
    }
}

/// Gets everything that a boot needs.
pub fn prepare(args: &KernelArgs) -> Result<Vm> {
    let Ready { kernel, userland } = setup::ready(args)?;
    let programs = guest::build()?;
    let modules = fixtures::build(&kernel)?;
    let name = kernel.directory_name();
    let run = rundir::create(&name)?;
    let initramfs = run.join("initramfs.cpio");
    ui::step("packing the guest", || initramfs::write(&initramfs, &kernel, &userland, &programs, &modules))?;
    let mut vm = Vm {
        release: kernel.release,
        name,
        kind: kernel.kind,
        image: kernel.image,
        initramfs,
        fixtures: modules,
        accel: "tcg",
        run,
    };
    vm.accel = accel::choose(args.machine.accel, &vm)?;
    Ok(vm)
}

/// Boots the demo and hands its lines to `handle`.
pub fn boot_demo(vm: &Vm, handle: impl FnMut(Line) -> Result<Duration>) -> Result<End> {
    let options = Options { cmdline: "vmguest.demo".to_owned(), memory_mib: 512, cpus: 1 };
    Machine::start(vm, &options, &rundir::boot(&vm.run)?)?.run(handle)
}

/// Machines that run at a time. A guest has one processor, and a second of them rarely does anything.
const MACHINES: usize = 2;

/// Boots as often as it takes to run every scenario.
pub fn run_scenarios(vm: &Vm, chosen: &[&'static Scenario]) -> Result<Report> {
    ui::line(&format!("{} scenarios on Linux {} ({})", chosen.len(), vm.name, vm.accel));
    let report = Report::new(&vm.run);
    let mut fit = Vec::new();
    for scenario in chosen {
        match scenario.needs.unmet(vm.kind) {
            None => fit.push(*scenario),
            Some(why) => report.skip(scenario.name, why),
        }
    }
    let queue = Mutex::new(schedule::boots(&fit).into_iter());
    let worker = || -> Result<()> {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(boot) = next else { return Ok(()) };
            boots::run(vm, boot, &report)?;
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let others: Vec<_> = (1..MACHINES.min(processors)).map(|_| scope.spawn(worker)).collect();
        let mut result = worker();
        for other in others {
            result = result.and(other.join().map_err(|_| anyhow!("a machine's thread panicked"))?);
        }
        result
    })?;
    Ok(report)
}

/// Every scenario that says something of this kernel which a run on the distribution's does not say.
pub fn telling(vm: &Vm) -> Vec<&'static Scenario> {
    match vm.kind {
        KernelKind::Stock | KernelKind::Extended => scenarios::all().collect(),
        KernelKind::Plain | KernelKind::Debug => scenarios::extended::all().collect(),
    }
}
