// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crashes. Afterwards, the host decodes the machine's console and journal with ksymoops.

use anyhow::{Result, ensure};

use crate::ctx::{Command, Ctx, tools};
use crate::scenario::Scenario;

/// The journal's directory: insmod and rmmod write to it if it exists.
pub(super) const JOURNAL: &str = "/var/log/ksymoops";

/// The line for a field.
macro_rules! hit {
    ($what:literal, $field:literal) => {
        concat!(";; ", $what, " 0x*: persistent data of crash_keep: ", $field, " (crash_keep.c) #")
    };
}

/// The line of a head for the region.
macro_rules! kept {
    ($state:literal) => {
        concat!(
            ";; kept *.data..persistent of crash_keep at 0x*000, 96 bytes; crash_keep ",
            $state,
            "; by the journal of boot "
        )
    };
}

/// The line of a head for the region. Only on x86-64 do compilers align large variables to 32 bytes.
const KEPT: &str = ";; kept *.data..persistent of crash_keep at 0x*000, 72 bytes; crash_keep loaded then; by the journal of boot ";

/// The same with pointers of 32 bits, on processors that align their variables differently.
const KEPT_32: &str = ";; kept *.data..persistent of crash_keep at 0x*000, 6* bytes; crash_keep loaded then; by the journal of boot ";

/// What `oops-loaded` leads to on other processors.
const ON_ARM64: &[&str] = &[
    "pc crash_with at *crash_keep.c:38:",
    "how_set at *crash_keep.c:56:",
    hit!("x19", "stats.hits[1]"),
    hit!("x20", "dev.queue.next"),
    KEPT,
    OUTSIDE,
];
const ON_RISCV64: &[&str] = &[
    "epc crash_with at *crash_keep.c:38:",
    "how_set at *crash_keep.c:56:",
    hit!("s2", "stats.hits[1]"),
    hit!("s3", "dev.queue.next"),
    KEPT,
    OUTSIDE,
];
const ON_PPC64LE: &[&str] = &[
    "NIP crash_with at *crash_keep.c:38:",
    "how_set at *crash_keep.c:56:",
    hit!("r30", "stats.hits[1]"),
    hit!("r31", "dev.queue.next"),
    KEPT,
    OUTSIDE,
];
const ON_S390X: &[&str] = &[
    "PSW crash_with at *crash_keep.c:38:",
    "how_set at *crash_keep.c:56:",
    hit!("r8", "stats.hits[1]"),
    hit!("r9", "dev.queue.next"),
    KEPT,
    OUTSIDE,
];
const ON_ARM: &[&str] = &[
    "pc crash_with at *crash_keep.c:38:",
    "how_set at *crash_keep.c:56:",
    hit!("r4", "stats.hits[1]"),
    hit!("r5", "dev.queue.next"),
    KEPT_32,
    OUTSIDE,
];
const ON_I386: &[&str] = &[
    "EIP crash_with at *crash_keep.c:38:",
    "how_set at *crash_keep.c:56:",
    hit!("EBX", "stats.hits[1]"),
    hit!("ECX", "dev.queue.next"),
    KEPT_32,
    OUTSIDE,
];
const OUTSIDE: &str = "first place outside of the kernel's own tree: crash_with+0x";

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] = &[
    Scenario::new("oops-loaded", "registers point into the data of a loaded module", loaded)
        .oops()
        .decoded(&[
            "RIP crash_with at *crash_keep.c:38:",
            "how_set at *crash_keep.c:56:",
            hit!("RBX", "stats.hits[1]"),
            kept!("loaded then"),
            hit!("RCX", "dev.queue.next"),
            kept!("loaded then"),
            "writes 4 bytes at 0x10(%rax) = 0x10 (rax=0x0): the fault address",
            "rax is NULL; the access is 0x10 behind it",
            "first place outside of the kernel's own tree: crash_with+0x",
        ])
        .decoded_with_vmlinux(&[
            "kernel moved by 0x*, by the journal",
            "param_attr_store at *kernel/params.c:",
            "inlined into vfs_write at *fs/read_write.c:",
        ])
        .decoded_elsewhere(&[
            ("aarch64", ON_ARM64),
            ("riscv64", ON_RISCV64),
            ("ppc64le", ON_PPC64LE),
            ("s390x", ON_S390X),
            ("arm", ON_ARM),
            ("i386", ON_I386),
        ]),
    Scenario::new("oops-init", "a module oopses in its init and kills insmod", init)
        .oops()
        .decoded(&[
            "RIP crash_with at *crash_keep.c:38:",
            "crash_keep_init at *crash_keep.c:90:",
            hit!("RBX", "stats.hits[3]"),
            kept!("loading then (in its init)"),
            hit!("RCX", "dev.queue.prev"),
            kept!("loading then (in its init)"),
        ])
        .decoded_with_vmlinux(&["do_one_initcall at *init/main.c:"]),
    Scenario::new("oops-stale", "another module still points into the data of an unloaded one", stale)
        .oops()
        .decoded(&[
            "RIP use_set at *crash_hold.c:13:",
            hit!("RBX", "stats.hits[2]"),
            kept!("not loaded then"),
            "writes 4 bytes at 0x10(%rax) = 0x10 (rax=0x0): the fault address",
        ])
        .decoded_with_vmlinux(&[
            "kernel moved by 0x*, by the journal",
            "param_attr_store at *kernel/params.c:",
        ]),
    Scenario::new("oops-dropped", "another module still points into data that was dropped", dropped)
        .oops()
        .decoded(&[
            "RIP use_set at *crash_hold.c:13:",
            hit!("RBX", "stats.hits[2]"),
            kept!("not loaded then, its data dropped before"),
        ]),
    Scenario::new("oops-warn", "a WARN in a module", warn)
        .oops()
        .decoded(&[
            ";; crash_by_warning at *crash_keep.c:44:",
            "RIP crash_by_warning at *crash_keep.c:44:",
            // ud1 since 7.0.
            "ud2  (ud2: BUG or WARN) || (ud1: WARN)",
            "how_set at *crash_keep.c:58:",
            hit!("code", "stats.loads"),
            kept!("loaded then"),
        ])
        .decoded_with_vmlinux(&["param_attr_store at *kernel/params.c:"]),
    Scenario::new("oops-bug", "a BUG in a module", bug).oops().decoded(&[
        "RIP crash_by_bug at *crash_keep.c:49:",
        "ud2  (ud2: BUG or WARN)",
        "how_set at *crash_keep.c:60:",
        hit!("code", "stats.loads"),
        kept!("loaded then"),
    ]),
    Scenario::new("oops-divide", "a divide error in a module's init section", divide)
        .oops()
        .decoded(&[
            "RIP crash_divide at *crash_keep.c:82:",
            "inlined into crash_keep_init at *crash_keep.c:92:",
            "-> +0x00  f7 f9 *idiv %ecx",
            "the divisor ecx is 0",
        ])
        .decoded_with_vmlinux(&["do_one_initcall at *init/main.c:"]),
    Scenario::new("oops-panic", "a requested crash (sysrq), with KASLR", panic)
        .panic()
        .decoded(&["of the journal"])
        .decoded_with_vmlinux(&[
            "kernel moved by 0x*, by the report's Kernel Offset",
            ";; panic at *kernel/panic.c:",
            ";; sysrq_handle_crash at *drivers/tty/sysrq.c:155:",
            "inlined into proc_reg_write at *fs/proc/inode.c:",
        ]),
    // Where modules share large pages, that of an unloaded one is filled with int3, and a kernel thread that
    // runs into it ends the kernel.
    Scenario::new("oops-gone", "work of a module runs when that is unloaded", gone).oops_or_panic().decoded(&[
        "the processor was to execute 0x*, where nothing is mapped || int3  (int3: breakpoint or padding)",
        "was gone_work_run+0x* [gone_work], unloaded ",
    ]),
    Scenario::new("oops-live", "ksymoops on the running machine, after a module's warning", live).oops(),
];

/// Loads the module with a journal, and saves the journal before anything can crash the machine.
fn load(ctx: &mut Ctx) -> Result<()> {
    ctx.sh(&format!("mkdir -p {JOURNAL}"))?;
    let file = ctx.fixture("crash_keep")?;
    ctx.insmod([&file])?.success()?.silent()?;
    save_journal(ctx)
}

pub(super) fn save_journal(ctx: &mut Ctx) -> Result<()> {
    let mode = ctx.sh(&format!("ls -l {JOURNAL}"))?;
    ensure!(
        mode.lines().filter(|line| line.contains("boot-")).all(|line| line.starts_with("-rw-------")),
        "{mode}"
    );
    let text = ctx.sh(&format!("cat {JOURNAL}/boot-*.jsonl"))?;
    ctx.artifact("boot-journal.jsonl", text);
    Ok(())
}

/// Writes a parameter from a process that may be killed by it.
pub(super) fn write_parameter(module: &str, parameter: &str, value: &str) {
    let script = format!("echo {value} > /sys/module/{module}/parameters/{parameter}");
    // On an oops, the process is killed but never exits: it waits for a file that it holds itself. The host's
    // view decides.
    let _ = Command::new(tools::BUSYBOX).args(["sh", "-c", &script]).limit_secs(2).run();
}

fn loaded(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    write_parameter("crash_keep", "how", "pointer");
    Ok(())
}

fn init(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    ctx.rmmod(["crash_keep"])?.success()?;
    let file = ctx.fixture("crash_keep")?;
    let output = ctx.insmod([file.as_str(), "early=pointer"])?;
    ensure!(!output.status.is_success(), "insmod survived the module's oops");
    save_journal(ctx)
}

fn stale(ctx: &mut Ctx) -> Result<()> {
    use_behind(ctx, &["crash_keep"])
}

fn dropped(ctx: &mut Ctx) -> Result<()> {
    use_behind(ctx, &["--discard", "crash_keep"])
}

/// Uses a pointer that another module still holds after the owner is removed.
fn use_behind(ctx: &mut Ctx, removal: &[&str]) -> Result<()> {
    load(ctx)?;
    let address = ctx.parameter("crash_keep", "address")?;
    let holder = ctx.fixture("crash_hold")?;
    ctx.insmod([holder, format!("address={address}")])?.success()?;
    ctx.rmmod(removal)?.success()?;
    save_journal(ctx)?;
    write_parameter("crash_hold", "use", "1");
    Ok(())
}

fn gone(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    let file = ctx.fixture("gone_work")?;
    ctx.insmod([&file])?.success()?;
    ctx.rmmod(["gone_work"])?.success()?;
    save_journal(ctx)?;
    ctx.sh("sleep 6")?;
    Ok(())
}

fn warn(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    write_parameter("crash_keep", "how", "warn");
    Ok(())
}

fn bug(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    write_parameter("crash_keep", "how", "bug");
    Ok(())
}

fn divide(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    ctx.rmmod(["crash_keep"])?.success()?;
    let file = ctx.fixture("crash_keep")?;
    let output = ctx.insmod([file.as_str(), "early=divide"])?;
    ensure!(!output.status.is_success(), "insmod survived the module's oops");
    save_journal(ctx)
}

fn panic(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    ctx.port().drain();
    ctx.sh("echo c > /proc/sysrq-trigger")?;
    Ok(())
}

/// Regions are found in the running kernel, and later in copies of its files.
fn live(ctx: &mut Ctx) -> Result<()> {
    load(ctx)?;
    write_parameter("crash_keep", "how", "warn");
    let file = ctx.fixture("crash_keep")?;
    let field = "persistent data of crash_keep: stats.loads (crash_keep.c) #1";
    let alone = ["--no-journal", "--no-discovery", "--object", file.as_str()];
    let output = Command::new(tools::KSYMOOPS).args(alone).arg("--dmesg").run()?.success()?;
    let said = output.stdout_has(field)?;
    ensure!(unbroken(&said.stdout).contains("crash_keep loaded then; by the running kernel"), "{said}");
    ensure!(unbroken(&said.stdout).contains(";; RIP crash_by_warning at"), "{said}");

    // Without a journal and without the running kernel, nothing is known.
    ctx.sh("dmesg > /tmp/log")?;
    let output = Command::new(tools::KSYMOOPS).args(alone).arg("/tmp/log").run()?.success()?;
    ensure!(!output.stdout.contains("persistent data"), "{output}");

    // A copy of kallsyms and of the keeper's sysfs directory; the extended kernel has no keeper.
    if std::path::Path::new("/sys/module/crash_keep__persist/notes").exists() {
        ctx.sh("cat /proc/kallsyms > /tmp/kallsyms; mkdir /tmp/copy; cp -r /sys/module/crash_keep__persist /tmp/copy/ 2>/dev/null; true")?;
        let copies = ["--ksyms", "/tmp/kallsyms", "--persist", "/tmp/copy", "/tmp/log"];
        let output = Command::new(tools::KSYMOOPS).args(alone).args(copies).run()?;
        let said = output.success()?.stdout_has(field)?;
        ensure!(unbroken(&said.stdout).contains("by /tmp/copy/crash_keep__persist"), "{said}");
    }
    // The journal, in its standard place.
    let output =
        Command::new(tools::KSYMOOPS).args(["--no-discovery", "--object", &file, "/tmp/log"]).run()?;
    let said = output.success()?.stdout_has(field)?;
    ensure!(unbroken(&said.stdout).contains("; by the journal of boot "), "{said}");
    Ok(())
}

/// The text without the breaks at the margin of the head.
fn unbroken(text: &str) -> String {
    text.replace("\n  ;;         ", " ")
}
