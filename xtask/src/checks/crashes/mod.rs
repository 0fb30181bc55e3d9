// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask crashes`: what ksymoops says of crashes in a real kernel, against what gdb says at the same
//! stop, through QEMU.
//!
//! The guest takes each way to crash of `tests/fixtures/crashes`. gdb stops the machine whenever it is about
//! to print the registers of a crash and evaluates everything with these; afterwards ksymoops decodes the
//! log.
//!
//! Kernels up to 4.9 printed the words of the stack as well, by which ksymoops knows variables of callers. So
//! gdb reads these words at each stop, and a second pass decodes the log with them.

mod compare;
mod kinds;
mod raw_stack;
mod registers;
mod tally;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use vmguest::KernelKind;
use vmguest::crashes::{ATTACHED, JOURNAL, LOG, MODULES, TEXT, WAY};
use vmguest::protocol::Line;

use crate::args::KernelArgs;
use crate::kernel::Kernel;
use crate::setup::debug::Debug;
use crate::setup::missing::Missing;
use crate::setup::packages::install_named;
use crate::vm::{self, Archive, Vm};
use crate::{fixtures, process, setup, ui, workspace};

use tally::Tally;

/// What runs in gdb.
const SCRIPT: &str = "xtask/src/checks/crashes/stops.py";

/// The longest time from one line of the guest to the next; gdb first reads the kernel's symbols.
const MAX_PAUSE: Duration = Duration::from_secs(400);
/// Memory of the machine in MiB.
const MEMORY_MIB: u32 = 768;
/// With fewer, something has gone wrong with the machine.
const MIN_CRASHES: usize = 50;

/// Files of one run.
struct Files {
    stops: PathBuf,
    log: PathBuf,
    /// The log with words of the stack.
    with_stack: PathBuf,
    journal: PathBuf,
    /// Modules with debug information.
    modules: PathBuf,
}

/// The same as a step of the tests, which do not fetch 850 MB.
pub fn check_if_cached(args: &KernelArgs) -> Result<bool> {
    let kernel = setup::ready(args)?.kernel;
    if kernel.kind == KernelKind::Stock && Debug::of(&kernel.release)?.directory().is_none() {
        let why =
            "the cache has no debug information of this kernel; cargo xtask crashes fetches it (850 MB)";
        return Err(Missing(why.to_owned()).into());
    }
    check(args)
}

/// Compares, crash by crash, and prints what differs.
pub fn check(args: &KernelArgs) -> Result<bool> {
    install_named(&[("gdb", "gdb", "debugs the test machine")])?;
    let kernel = setup::ready(args)?.kernel;
    if kernel.kind != KernelKind::Stock {
        ui::line("  only the distribution's kernels have debug information of their own");
        return Ok(true);
    }
    let debug = Debug::fetch(&kernel.release)?;
    let modules = build(&kernel)?;
    let vm = vm::prepare(args)?;
    let files = Files {
        stops: vm.run.join("stops.jsonl"),
        log: vm.run.join(LOG),
        with_stack: vm.run.join("kernel-with-stack.log"),
        journal: vm.run.join(JOURNAL),
        modules,
    };
    crash(&vm, &debug, &files)?;
    let reports = lines(&decode(&vm, &debug, &files, &files.log)?)?;
    let stops = lines(&fs::read_to_string(&files.stops)?)?;
    let pairs = compare::pairs(&stops, &reports);
    let tally = compare::all(&pairs, kinds::compare);
    show(&tally, &vm);
    ensure!(tally.crashes >= MIN_CRASHES, "only {} crashes were seen", tally.crashes);
    let old = raw_stack::insert(&fs::read_to_string(&files.log)?, &pairs.both);
    fs::write(&files.with_stack, old)?;
    let reports = lines(&decode(&vm, &debug, &files, &files.with_stack)?)?;
    ui::line("  and with the words of the stack, as kernels up to 4.9 printed them:");
    let with_stack = compare::all(&compare::pairs(&stops, &reports), kinds::compare_with_stack);
    show(&with_stack, &vm);
    Ok(tally.wrong.is_empty() && with_stack.wrong.is_empty())
}

/// Builds the modules that crash. They are no fixtures: other scenarios do not load them.
fn build(kernel: &Kernel) -> Result<PathBuf> {
    let stage = workspace::target().join("crashes").join(&kernel.release);
    for name in MODULES {
        let stage = stage.join(name);
        let source = workspace::root().join("tests/fixtures/crashes").join(format!("{name}.c"));
        fixtures::build_file(kernel, &stage, &source)?;
    }
    Ok(stage)
}

fn module(files: &Files, name: &str) -> PathBuf {
    files.modules.join(name).join(format!("{name}.ko"))
}

/// Boots the machine, with gdb beside it, until it has crashed in each way.
fn crash(vm: &Vm, debug: &Debug, files: &Files) -> Result<()> {
    let initramfs = vm.run.join("initramfs-crashes.cpio");
    fs::copy(&vm.initramfs, &initramfs).context("cannot copy the initramfs")?;
    // The kernel unpacks one archive after the other.
    let mut archive = Archive::new(BufWriter::new(File::options().append(true).open(&initramfs)?));
    for name in MODULES {
        archive.file(&format!("modules/{name}.ko"), &fs::read(module(files, name))?)?;
    }
    archive.finish()?;
    let vm = Vm { initramfs, ..vm.clone() };
    // A socket's path must be short.
    let socket = std::env::temp_dir().join(format!("modpersist-crashes-{}", std::process::id()));
    let (mut gdb, mut notes, mut last) = (None, Vec::new(), String::new());
    let end = vm::boot_debugged(&vm, "vmguest.crashes nopti panic_on_warn=0", MEMORY_MIB, &socket, |line| {
        match line {
            Line::Measure { measure, value } if measure == TEXT => {
                gdb = Some(start_gdb(&vm, debug, files, &socket, &value)?);
            }
            Line::Measure { measure, value } if measure == WAY => last = value,
            Line::Artifact { artifact, text } if artifact == LOG => fs::write(&files.log, text)?,
            Line::Artifact { artifact, text } if artifact == JOURNAL => fs::write(&files.journal, text)?,
            Line::Note { note } => notes.push(note),
            _ => {}
        }
        Ok(MAX_PAUSE)
    });
    // QEMU does not remove it if it is killed.
    let _ = fs::remove_file(&socket);
    if let Some(mut gdb) = gdb {
        // It ends with the machine.
        gdb.wait()?;
    }
    let end = end?;
    if !files.log.is_file() {
        bail!("the guest has not reported its log; the last way was {last}: {end:?} {}", notes.join("; "));
    }
    Ok(())
}

fn start_gdb(vm: &Vm, debug: &Debug, files: &Files, socket: &Path, text: &str) -> Result<Child> {
    let names = MODULES.iter().map(|name| (*name, module(files, name)));
    let keep = ("crash_keep", vm.fixtures.join("crash_keep.ko"));
    let modules: Vec<_> =
        names.chain([keep]).map(|(name, file)| format!("{name}={}", file.display())).collect();
    let mut gdb = Command::new("gdb");
    gdb.args(["-batch", "-nx", "-x"]).arg(workspace::root().join(SCRIPT));
    gdb.env("CRASHES_OUT", &files.stops).env("CRASHES_SOCKET", socket).env("CRASHES_TEXT", text);
    gdb.env("CRASHES_VMLINUX", debug.vmlinux(&vm.release)).env("CRASHES_ATTACHED", ATTACHED.to_string());
    gdb.env("CRASHES_MODULES", modules.join(":"));
    let log = File::create(vm.run.join("gdb.log"))?;
    gdb.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    gdb.spawn().context("cannot start gdb")
}

/// What ksymoops says of a log, as JSON, which is kept beside the log.
fn decode(vm: &Vm, debug: &Debug, files: &Files, log: &Path) -> Result<String> {
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--package", "ksymoops", "--", "--format=json", "--no-journal"]);
    command.args(["--release", &vm.release, "--persist"]).arg(&files.journal);
    command.arg("--object").arg(&files.modules).arg("--object").arg(&vm.fixtures);
    command.args(debug.directory().iter().flat_map(|folder| [Path::new("--debug-dir"), folder]));
    let output = process::raw(command.arg(log))?;
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{} failed with {}: {}",
        process::line(&command),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let reports = String::from_utf8_lossy(&output.stdout).into_owned();
    fs::write(log.with_extension("reports.jsonl"), &reports)?;
    Ok(reports)
}

fn lines(text: &str) -> Result<Vec<Value>> {
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn show(tally: &Tally, vm: &Vm) {
    for (what, count) in &tally.agreed {
        ui::line(&format!("  {count:5} {what}"));
    }
    for (what, names) in &tally.left_out {
        ui::line(&format!("  {:5} {what}: {}", names.len(), shortened(names)));
    }
    for what in &tally.wrong {
        ui::line(&format!("  wrong: {what}"));
    }
    let (crashes, wrong) = (tally.crashes, tally.wrong.len());
    ui::line(&format!("  {crashes} crashes, {wrong} wrong; see {}", vm.run.display()));
}

fn shortened(names: &[String]) -> String {
    const MAX: usize = 12;
    let mut text = names.iter().take(MAX).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MAX {
        text.push_str(", ...");
    }
    text
}
