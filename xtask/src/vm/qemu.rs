// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::prepared::Vm;

/// What a boot needs from the machine.
#[derive(Clone, Debug)]
pub struct Options {
    /// Kernel parameters, added after the harness's own.
    pub cmdline: String,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Number of CPUs.
    pub cpus: u8,
    /// Whether the guest's clock counts instructions.
    pub counted: bool,
    /// Where a debugger can attach: a socket.
    pub debugger: Option<PathBuf>,
}

impl Options {
    /// An ordinary machine for a job that is not a scenario.
    pub fn small(cmdline: &str) -> Self {
        Self { cmdline: cmdline.to_owned(), memory_mib: 512, cpus: 1, counted: false, debugger: None }
    }
}

/// Kernel messages go to the first serial port. A panic ends the machine at once (QEMU is told not to
/// reboot). The log buffer is large enough for a whole run, so that nothing is overwritten. Delays during
/// boot that are caused by a busy host are ignored.
const CMDLINE: &str = "panic=-1 log_buf_len=8M printk.devkmsg=on rdinit=/init \
                       no_timer_check rcupdate.rcu_cpu_stall_suppress_at_boot=1";

/// MiB of memory for this initramfs, and some files more: half of what the kernel and the archive leave free
/// is for files.
fn memory_for_files(initramfs: &Path) -> u32 {
    const KERNEL: u64 = 200;
    let bytes = initramfs.metadata().map_or(0, |found| found.len());
    u32::try_from(KERNEL.saturating_add((bytes >> 20).saturating_mul(7) / 2)).unwrap_or(u32::MAX)
}

/// The command for one boot, with the result port on its standard output.
pub fn command(vm: &Vm, options: &Options, console: &Path) -> Command {
    let mut qemu = Command::new(vm.processor.map_or("qemu-system-x86_64", |processor| processor.qemu));
    qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
    if options.counted {
        // Each instruction takes a nanosecond of the guest's time, and idle time passes at once. Only the
        // emulator can count.
        qemu.args(["-accel", "tcg", "-icount", "shift=0,sleep=off"]);
    } else {
        qemu.args(["-accel", vm.accel]);
    }
    match &vm.processor {
        Some(processor) => qemu.args(processor.machine),
        None => qemu.args(["-cpu", "max"]),
    };
    if let Some(socket) = &options.debugger {
        qemu.arg("-gdb").arg(format!("unix:{},server=on,wait=off", socket.display()));
    }
    // Programs and modules are larger there.
    let factor = if vm.processor.is_some() { 2 } else { 1 };
    let memory = options.memory_mib.saturating_mul(factor).max(memory_for_files(&vm.initramfs));
    qemu.args(["-m", &format!("{memory}M"), "-smp", &options.cpus.to_string()]);
    qemu.arg("-kernel").arg(&vm.image).arg("-initrd").arg(&vm.initramfs);
    let ports = vm.processor.and_then(|processor| processor.ports);
    let console_is = ports.map_or("ttyS0", |ports| ports.console);
    let results_are = ports.map_or(String::new(), |ports| format!(" vmguest.port={}", ports.results));
    let append = format!("console={console_is}{results_are} {CMDLINE} {}", options.cmdline);
    qemu.arg("-append").arg(append);
    qemu.arg("-chardev").arg(format!("file,id=console,path={}", console.display()));
    match ports.and_then(|ports| ports.console_device) {
        Some(device) => qemu.arg("-device").arg(format!("{device},chardev=console")),
        None => qemu.args(["-serial", "chardev:console"]),
    };
    match ports {
        // These machines have one port of their own.
        Some(ports) => {
            let device = format!("{},chardev=results", ports.results_device);
            qemu.args(["-chardev", "stdio,id=results", "-device", &device])
        }
        None => qemu.args(["-serial", "stdio"]),
    };
    qemu
}
