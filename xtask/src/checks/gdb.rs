// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `modpersist` reads of 500 variables of the kernel's types, against what gdb prints: of the bytes in
//! the module's file, and of the memory of a kernel that has loaded it, through QEMU. The comparisons are
//! tests of modpersist that are ignored unless they are told of the module.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use vmguest::KernelKind;
use vmguest::kernel_types::{MODULE, VALUES};
use vmguest::protocol::Line;

use crate::args::KernelArgs;
use crate::vm::{self, Archive, Vm};
use crate::{fixtures, process, setup, workspace};

/// The longest time from one line of the guest to the next; the values are some megabytes on a serial port.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// Memory of the machine in MiB.
const MEMORY_MIB: u32 = 1024;

/// Builds the module with the kernel's headers and compares, value by value.
pub fn check(args: &KernelArgs) -> Result<bool> {
    let kernel = setup::ready(args)?.kernel;
    let stage = workspace::target().join("kernel-types").join(&kernel.release);
    let source = workspace::root().join("tests/fixtures/kernel_types/kernel_types.c");
    let module = fixtures::build_file(&kernel, &stage, &source)?;
    let is_same_in_file = process::shown(&mut test("gdb_prints_the_same_of_kernel_types", &module))?;
    // Kernels of our own have too few of the types, or too much in them.
    if kernel.kind != KernelKind::Stock {
        return Ok(is_same_in_file);
    }
    Ok(is_same_in_file && is_same_in_memory(&vm::prepare(args)?, &module)?)
}

fn test(name: &str, module: &Path) -> Command {
    let mut command = workspace::cargo();
    command.args(["test", "--quiet", "--package", "modpersist", "--test", "integration"]);
    command.args([name, "--", "--ignored", "--nocapture"]);
    command.env("MODPERSIST_KERNEL_TYPES", module);
    command
}

/// The guest loads the module and says what modpersist reads; then gdb reads the guest's memory.
fn is_same_in_memory(vm: &Vm, module: &Path) -> Result<bool> {
    let initramfs = vm.run.join("initramfs-kernel-types.cpio");
    fs::copy(&vm.initramfs, &initramfs).context("cannot copy the initramfs")?;
    // The kernel unpacks one archive after the other.
    let mut archive = Archive::new(BufWriter::new(File::options().append(true).open(&initramfs)?));
    archive.file(MODULE.trim_start_matches('/'), &fs::read(module)?)?;
    archive.finish()?;
    let vm = Vm { initramfs, ..vm.clone() };
    // A socket's path must be short.
    let socket = std::env::temp_dir().join(format!("modpersist-gdb-{}", std::process::id()));
    let (packed, values) = (vm.run.join(VALUES), vm.run.join("kernel_types.json"));
    let (mut is_same, mut notes) = (None, Vec::new());
    let end = vm::boot_debugged(&vm, "vmguest.kernel_types nopti", MEMORY_MIB, &socket, |line| {
        match line {
            Line::Artifact { artifact, text } if artifact == VALUES => {
                fs::write(&packed, text)?;
                unpack(&packed, &values)?;
                let mut command = test("gdb_prints_the_same_of_a_kernels_memory", module);
                command.env("MODPERSIST_VALUES", &values).env("MODPERSIST_DEBUGGER", &socket);
                is_same = Some(process::shown(&mut command)?);
                // The machine has done its work, and is ended.
                return Ok(Duration::ZERO);
            }
            Line::Note { note } => notes.push(note),
            _ => {}
        }
        Ok(MAX_PAUSE)
    })?;
    // QEMU does not remove it if it is killed.
    let _ = fs::remove_file(&socket);
    match is_same {
        Some(is_same) => Ok(is_same),
        None => bail!("the guest has not said what it reads: {end:?} {}", notes.join("; ")),
    }
}

fn unpack(packed: &Path, values: &Path) -> Result<()> {
    let mut base64 = Command::new("base64").arg("-d").arg(packed).stdout(Stdio::piped()).spawn()?;
    let compressed = base64.stdout.take().context("base64 has no output")?;
    let unpacked = File::create(values)?;
    let gzip = Command::new("gzip").arg("-dc").stdin(compressed).stdout(unpacked).status()?;
    ensure!(base64.wait()?.success() && gzip.success(), "{} is damaged", packed.display());
    Ok(())
}
