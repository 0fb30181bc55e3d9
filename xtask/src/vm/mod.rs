// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs scenarios in a virtual machine.
//!
//! The guest is an initramfs that we write. It needs no disk image and shares no file system with the host,
//! so any kernel can run it. Its console is saved as a file, because kernel messages are part of the result.
//! The scenarios report through a second serial port.

mod accel;
mod boots;
mod console;
mod cpio;
mod decode;
mod initramfs;
mod machine;
mod prepared;
mod programs;
mod qemu;
mod report;
mod rundir;
mod schedule;
mod selftests;
mod signed;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use vmguest::demo;
use vmguest::protocol::Line;
use vmguest::scenarios;
use vmguest::{Expect, KernelKind, Scenario};

use crate::args::{KernelArgs, VmArgs};
use crate::kernel::Kernel;
use crate::setup::{self, Ready};
use crate::{fixtures, ui};

use machine::Machine;
use qemu::Options;

pub use cpio::Archive;
pub use machine::End;
pub use prepared::Vm;
pub use report::{Outcome, Report};

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

/// The scenarios whose name is, or starts with, one of `filters`; all scenarios if there is no filter.
fn choose(filters: &[String]) -> Result<Vec<&'static Scenario>> {
    if let Some(none) =
        filters.iter().find(|filter| !scenarios::all().any(|scenario| matches(scenario, filter)))
    {
        bail!("no scenario's name is {none} or starts with it; see `cargo xtask vm --list`");
    }
    let wanted =
        |scenario: &&Scenario| filters.is_empty() || filters.iter().any(|filter| matches(scenario, filter));
    Ok(scenarios::all().filter(wanted).collect())
}

/// An exact name selects only that scenario, even if other names start with it.
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
        let long = if scenario.is_long { " [takes minutes]" } else { "" };
        println!("{:width$}  {}{boot}{long}", scenario.name, scenario.about);
    }
}

/// Prepares everything that a boot needs.
pub fn prepare(args: &KernelArgs) -> Result<Vm> {
    prepare_with(setup::ready(args)?, args, programs::ALL, None, fixtures::build)
}

/// Prepares what these scenarios need: of the core, only its own modules are built.
pub fn prepare_for(args: &KernelArgs, extent: Extent) -> Result<Vm> {
    match extent {
        Extent::Core => {
            prepare_with(setup::ready(args)?, args, programs::WITHOUT_KSYMOOPS, None, core_modules)
        }
        Extent::Whole | Extent::OfKernel | Extent::Extended => prepare(args),
    }
}

/// Prepares what the demo needs.
pub fn prepare_demo(args: &KernelArgs) -> Result<Vm> {
    prepare_with(setup::ready_for_demo(args)?, args, programs::WITHOUT_KSYMOOPS, None, demo_modules)
}

/// The same, with our programs from this directory.
pub fn prepare_demo_of(args: &KernelArgs, programs: &Path) -> Result<Vm> {
    prepare_with(setup::ready_for_demo(args)?, args, programs::WITHOUT_KSYMOOPS, Some(programs), demo_modules)
}

fn core_modules(kernel: &Kernel) -> Result<PathBuf> {
    fixtures::build_some(kernel, "core", scenarios::CORE_FIXTURES)
}

fn demo_modules(kernel: &Kernel) -> Result<PathBuf> {
    fixtures::build_some(kernel, "demo", demo::FIXTURES)
}

/// Programs that are in the directory `installed` are taken from there.
fn prepare_with(
    ready: Ready,
    args: &KernelArgs,
    packages: &[&'static str],
    installed: Option<&Path>,
    modules: impl FnOnce(&Kernel) -> Result<PathBuf>,
) -> Result<Vm> {
    let Ready { kernel, userland } = ready;
    let mut programs = programs::build(kernel.processor.as_ref(), packages, args.machine.as_shipped)?;
    for (name, path) in &mut programs {
        if let Some(other) = installed.map(|directory| directory.join(name)).filter(|path| path.is_file()) {
            *path = other;
        }
    }
    let modules = modules(&kernel)?;
    let name = kernel.directory_name();
    let run = rundir::create(&name)?;
    let initramfs = run.join("initramfs.cpio");
    ui::step("packing the initramfs", || {
        let mut others = signed::split(&kernel, &programs, &modules, &run.join("signed"))?;
        others.extend(selftests::build(&kernel, &run.join("selftests"))?);
        initramfs::write(&initramfs, &kernel, &userland, &programs, &modules, &others)
    })?;
    let mut vm = Vm {
        release: kernel.release,
        name,
        kind: kernel.kind,
        image: kernel.image,
        processor: kernel.processor,
        initramfs,
        fixtures: modules,
        accel: "tcg",
        run,
    };
    vm.accel = accel::choose(args.machine.accel, &vm)?;
    Ok(vm)
}

/// Boots the demo and passes its lines to `handle`, which returns how long the next one may take.
pub fn boot_demo(vm: &Vm, handle: impl FnMut(Line) -> Result<Duration>) -> Result<End> {
    Machine::start(vm, &Options::small("vmguest.demo"), &rundir::boot(&vm.run)?)?.run(handle)
}

/// Boots for a job that the guest finds in its files, and passes its lines to `handle`, as above.
pub fn boot(
    vm: &Vm,
    cmdline: &str,
    memory_mib: u32,
    handle: impl FnMut(Line) -> Result<Duration>,
) -> Result<End> {
    let options = Options { memory_mib, ..Options::small(cmdline) };
    Machine::start(vm, &options, &rundir::boot(&vm.run)?)?.run(handle)
}

/// Boots a machine to which a debugger can attach at `socket`, and passes its lines to `handle`, as above.
pub fn boot_debugged(
    vm: &Vm,
    cmdline: &str,
    memory_mib: u32,
    socket: &Path,
    handle: impl FnMut(Line) -> Result<Duration>,
) -> Result<End> {
    let options = Options { memory_mib, debugger: Some(socket.to_owned()), ..Options::small(cmdline) };
    let machine = Machine::start(vm, &options, &rundir::boot(&vm.run)?)?;
    machine.first_within(machine::BOOT_LIMIT * DEBUGGED_FACTOR).run(handle)
}

/// A debugger is for one machine and takes minutes anyway: on a busy host it may boot slowly.
const DEBUGGED_FACTOR: u32 = 5;

/// How many machines run at a time. A guest has one CPU; a second CPU would be idle most of the time.
const MACHINES: usize = 2;

/// Runs every scenario, in as many boots as that takes.
pub fn run_scenarios(vm: &Vm, chosen: &[&'static Scenario]) -> Result<Report> {
    ui::line(&format!("{} scenarios on Linux {} ({})", chosen.len(), vm.name, vm.accel));
    let report = Report::new(&vm.run);
    let mut runnable = Vec::new();
    for scenario in chosen {
        match scenario.needs.unmet(vm.kind).or_else(|| unmet_by_processor(vm, scenario)) {
            None => runnable.push(*scenario),
            Some(why) => report.skip(scenario.name, why),
        }
    }
    let queue = Mutex::new(schedule::boots(&runnable).into_iter());
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

/// Why a scenario cannot run on another processor.
fn unmet_by_processor(vm: &Vm, scenario: &Scenario) -> Option<&'static str> {
    let is_decoded = !scenario.decoded.is_empty() || scenario.expect == Expect::Oops;
    let processor = vm.processor.filter(|_| is_decoded)?;
    scenario.decoded_on(processor.name).is_none().then_some("expects an x86-64 oops")
}

/// How much is tried in a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Whole,
    /// What may come out differently in each kernel of a distribution.
    OfKernel,
    /// A few scenarios.
    Core,
    /// Those of the extended kernel.
    Extended,
}

/// The scenarios to run on this kernel: of our own kernels, those whose result could differ from that on the
/// distribution's kernel. Those that take minutes only if that is wanted.
pub fn scenarios_for(vm: &Vm, extent: Extent, with_long: bool) -> Vec<&'static Scenario> {
    let mut chosen: Vec<&'static Scenario> = match (vm.kind, extent) {
        (KernelKind::Plain | KernelKind::Debug, _) | (_, Extent::Extended) => {
            scenarios::extended::all().collect()
        }
        (_, Extent::Whole) => scenarios::all().collect(),
        (_, Extent::OfKernel) => scenarios::IN_EVERY_KERNEL.iter().copied().flatten().collect(),
        (_, Extent::Core) => scenarios::CORE.iter().filter_map(|name| scenarios::find(name)).collect(),
    };
    chosen.retain(|scenario| with_long || !scenario.is_long);
    chosen
}
