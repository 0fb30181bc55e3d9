// SPDX-License-Identifier: MIT OR Apache-2.0
//! First lines of reports of every architecture: each is recognised, and its bytes come out unchanged.

use liboops::Event;
use liboops::report::{Kind, Report};

const STARTS: &[(&str, Kind)] = &[
    ("Unable to handle kernel NULL pointer dereference at virtual address 00000010", Kind::PageFault),
    (
        "Unable to handle kernel paging request at virtual address ffff0000deadbeef [when write]",
        Kind::PageFault,
    ),
    ("BUG: unable to handle kernel paging request at ffffffffc0a02018", Kind::PageFault),
    ("BUG: unable to handle kernel NULL pointer dereference at 0000000000000010", Kind::PageFault),
    ("BUG: unable to handle page fault for address: ffffffffc0a02018", Kind::PageFault),
    ("BUG: kernel NULL pointer dereference, address: 0000000000000010", Kind::PageFault),
    ("BUG: Unable to handle kernel data access on read at 0xc000000000000010", Kind::PageFault),
    ("general protection fault: 0000 [#1] SMP", Kind::GeneralProtection),
    ("general protection fault: 0000", Kind::GeneralProtection),
    (
        "general protection fault, probably for non-canonical address 0xdffffc0000000001: 0000 [#1] PREEMPT SMP KASAN",
        Kind::GeneralProtection,
    ),
    ("Oops: 0002 [#1] PREEMPT SMP KASAN PTI", Kind::Oops),
    ("Oops: Oops: 0000 [#1] SMP NOPTI", Kind::Oops),
    (
        "Oops: general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b6b: 0000 [#1] SMP",
        Kind::GeneralProtection,
    ),
    ("Oops: divide error: 0000 [#1] SMP", Kind::DivideError),
    ("Oops: 0002", Kind::Oops),
    ("invalid opcode: 0000 [#1] SMP", Kind::InvalidOpcode),
    ("invalid operand: 0000", Kind::InvalidOpcode),
    ("divide error: 0000 [#1] SMP", Kind::DivideError),
    ("divide error: 0000", Kind::DivideError),
    ("int3: 0000 [#1] SMP", Kind::Trap),
    ("stack segment: 0000 [#1] SMP", Kind::StackSegment),
    ("double fault: 0000 [#1] SMP", Kind::DoubleFault),
    ("PANIC: double fault, error_code: 0x0", Kind::DoubleFault),
    ("traps: PANIC: double fault, error_code: 0x0", Kind::DoubleFault),
    ("kernel BUG at fs/ext4/inode.c:2721!", Kind::Bug),
    ("kernel BUG at ext4_writepages+0x10/0x20 [verbose debug info unavailable]", Kind::Bug),
    ("WARNING: CPU: 1 PID: 321 at kernel/x.c:12 warn_here+0x5/0x10 [m]", Kind::Warning),
    ("WARNING: at kernel/x.c:12 warn_here+0x5/0x10()", Kind::Warning),
    ("WARNING: kernel/x.c:12 at warn_here+0x5/0x10, CPU#1: tool/321", Kind::Warning),
    ("WARNING: kernel/x.c:12 at 0x0, CPU#1: tool/321", Kind::Warning),
    ("Internal error: Oops: 96000004 [#1] PREEMPT SMP", Kind::Oops),
    ("Internal error: Oops - undefined instruction: 0 [#1] SMP ARM", Kind::InvalidOpcode),
    ("Internal error: Oops - Undefined instruction: 0000000002000000 [#1] SMP", Kind::InvalidOpcode),
    ("Internal error: Oops - BUG: 0 [#1] SMP ARM", Kind::Bug),
    ("Internal error: Oops - bad mode: 0 [#1] SMP ARM", Kind::Oops),
    ("Oops - illegal instruction [#1]", Kind::InvalidOpcode),
    ("Oops - store (or AMO) access fault [#1]", Kind::Oops),
    ("Unhandled 64-bit el1h sync exception on CPU0, ESR 0x0000000034000002 -- BTI", Kind::Oops),
    ("Unhandled fault: alignment exception (0x001) at 0xc0000001", Kind::Oops),
    ("Unhandled prefetch abort: breakpoint debug exception (0x002) at 0x0", Kind::Oops),
    ("undefined instruction: 0 [#1]", Kind::InvalidOpcode),
    ("Internal error: UBSAN: array index out of bounds: 00000000f2005512 [#1] SMP", Kind::Ubsan),
    ("tool[321]: Oops 8813272891392 [1]", Kind::Oops),
    ("tool[321]: NaT consumption 2216203124768 [1]", Kind::Oops),
    ("Kernel Fault: Code=15 regs=000000008f1b8300 (Addr=0000000000000010)", Kind::PageFault),
    ("watchdog: CPU 3 detected hard LOCKUP on other CPUs 1,5", Kind::HardLockup),
    ("watchdog: CPU 3 self-detected hard LOCKUP @ idle+0x1/0x2", Kind::HardLockup),
    ("watchdog: CPU 3 Hard LOCKUP", Kind::HardLockup),
    ("Insufficient stack space to handle exception!", Kind::Oops),
    ("SError Interrupt on CPU1, code 0x00000000bf000002 -- SError", Kind::Oops),
    ("Oops [#1]", Kind::Oops),
    ("Kernel BUG [#1]", Kind::Bug),
    ("Oops: Kernel access of bad area, sig: 11 [#1]", Kind::Oops),
    ("Machine check in kernel mode.", Kind::MachineCheck),
    ("Unable to handle kernel pointer dereference in virtual kernel address space", Kind::PageFault),
    ("Oops: 003b ilc:2 [#1] SMP", Kind::Oops),
    ("illegal operation: 0001 ilc:1 [#1] SMP", Kind::InvalidOpcode),
    ("monitor event: 0040 ilc:2 [#1] SMP", Kind::Bug),
    (
        "CPU 0 Unable to handle kernel paging request at virtual address 0000000000000010, epc == ffffffff80123456, ra == ffffffff80123400",
        Kind::PageFault,
    ),
    (
        "CPU 1 Unable to handle kernel paging request at virtual address 0000000000000000, era == 9000000000223344, ra == 9000000000223300",
        Kind::PageFault,
    ),
    ("Oops[#1]:", Kind::Oops),
    ("swapper(0): Oops 0", Kind::Oops),
    ("init(1): Kernel bad sw trap 5 [#1]", Kind::Oops),
    ("BUG: KASAN: use-after-free in f+0x1/0x2", Kind::Kasan),
    ("BUG: KMSAN: uninit-value in f+0x1/0x2", Kind::Kmsan),
    ("BUG: KFENCE: use-after-free read in f+0x1/0x2", Kind::Kfence),
    ("BUG: KCSAN: data-race in f / g", Kind::Kcsan),
    ("UBSAN: array-index-out-of-bounds in fs/x.c:12:3", Kind::Ubsan),
    ("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [tool:321]", Kind::SoftLockup),
    ("BUG: soft lockup - CPU#1 stuck for 22s! [tool:321]", Kind::SoftLockup),
    ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 1", Kind::HardLockup),
    ("watchdog: CPU28: Watchdog detected hard LOCKUP on cpu 28", Kind::HardLockup),
    ("NMI Watchdog detected LOCKUP on CPU 0", Kind::HardLockup),
    ("BUG: NMI Watchdog detected LOCKUP on CPU1, ip ffffffff8100c0de, registers:", Kind::HardLockup),
    ("NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [tool:321]", Kind::SoftLockup),
    ("rcu: INFO: rcu_sched self-detected stall on CPU", Kind::RcuStall),
    ("INFO: rcu_sched detected stalls on CPUs/tasks:", Kind::RcuStall),
    ("INFO: task tool:321 blocked for more than 120 seconds.", Kind::HungTask),
    ("BUG: scheduling while atomic: tool/321/0x00000002", Kind::AtomicSleep),
    ("BUG: sleeping function called from invalid context at kernel/x.c:12", Kind::AtomicSleep),
    ("BUG: Bad page state in process tool  pfn:12345", Kind::BadPage),
    ("BUG: Bad page map in process tool  pte:00000001 pmd:12345067", Kind::BadPage),
    ("BUG: spinlock bad magic on CPU#1, tool/321", Kind::Lockdep),
    ("WARNING: possible circular locking dependency detected", Kind::Lockdep),
    ("WARNING: Nested lock was not taken", Kind::Lockdep),
    ("unreferenced object 0xffff888012345678 (size 32):", Kind::MemoryLeak),
    ("Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", Kind::Panic),
    ("Kernel panic: VFS: Unable to mount root fs on 03:01", Kind::Panic),
    ("sysrq: Trigger a crash", Kind::SysRq),
    ("CPU 0: Machine Check Exception: 4 Bank 5: be00000000800400", Kind::MachineCheck),
    ("mce: [Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 3: be00000000800400", Kind::MachineCheck),
    ("mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 5: be00000000800400", Kind::MachineCheck),
    ("segment not present: 0000 [#1] SMP NOPTI", Kind::Trap),
    ("fpu exception: 0000 [#1] PREEMPT SMP", Kind::Trap),
    ("simd exception: 0000 [#1] PREEMPT SMP", Kind::Trap),
    ("alignment check: 0000 [#1] SMP", Kind::Trap),
    ("control protection fault: 0003 [#1] SMP", Kind::Trap),
    ("invalid TSS: 0000 [#1] SMP", Kind::Trap),
    ("overflow: 0000 [#1] SMP", Kind::Trap),
    ("bounds: 0000 [#1] SMP", Kind::Trap),
    ("debug: 0000 [#1] SMP", Kind::Trap),
    ("kernel stack overflow (double-fault): 0000 [#1] SMP", Kind::DoubleFault),
    ("Bad pagetable: 000d [#1] SMP", Kind::PageFault),
    ("Oops: control protection fault: 0000 [#1] SMP", Kind::Oops),
    ("traps: Missing ENDBR: f+0x0/0x10", Kind::Oops),
    ("Missing ENDBR: f+0x0/0x10", Kind::Oops),
    ("PANIC: early exception 0x0e IP 10:ffffffff81234567 error 0 cr2 0x10", Kind::PageFault),
    (
        "PANIC: early exception 0x0d IP 10:ffffffff81234567 error 0 cr2 0xffff888000013ff8",
        Kind::GeneralProtection,
    ),
    ("PANIC: early exception 03 rip 10:ffffffff81234567 error 0 cr2 0", Kind::Trap),
    ("PANIC: Unhandled #VC exception in kernel space (result=5)", Kind::Trap),
    ("BUG: KASan: use after free in f+0x1/0x2 at addr ffff888107a3c010", Kind::Kasan),
    ("WARNING: kmemcheck: Caught 32-bit read from uninitialized memory (ffff88003e4a2024)", Kind::Warning),
    ("do_cpu invoked from kernel context![#1]:", Kind::Trap),
    ("CFI failure at f+0x5/0x10 (target: g+0x0/0x10; expected type: 0x12345678)", Kind::Oops),
    ("specification exception: 0006 ilc:2 [#1] SMP", Kind::Trap),
    ("addressing exception: 0005 ilc:2 [#1] SMP", Kind::Trap),
    ("fixpoint divide exception: 0009 ilc:2 [#1] SMP", Kind::DivideError),
    ("protection exception: 0004 ilc:2 [#1] SMP", Kind::Trap),
    ("Kernel unaligned access[#1]:", Kind::Oops),
    ("Kernel bug detected[#1]:", Kind::Bug),
    ("Reserved instruction in kernel code[#1]:", Kind::InvalidOpcode),
    ("Break instruction in kernel code[#1]:", Kind::Trap),
    ("Unhandled kernel unaligned access[#1]:", Kind::Oops),
    ("tool(321): Kernel illegal instruction [#1]", Kind::Oops),
    ("[Hardware Error]: CPU 0: Machine Check Exception: 4 Bank 5: be00000000800400", Kind::MachineCheck),
];

fn reports(log: &str) -> Vec<Report> {
    let mut out = Vec::new();
    let mut reports = Vec::new();
    liboops::stream(log.as_bytes(), |event| {
        match event {
            Event::Text(text) => out.extend_from_slice(text),
            Event::Block(block) => {
                out.extend_from_slice(&block.text);
                reports.extend(block.reports);
            }
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(out, log.as_bytes());
    reports
}

#[test]
fn each_start_line_is_one() {
    for (line, kind) in STARTS {
        for (before, after) in [("", ""), ("[   12.500000] ", ""), ("", "\n")] {
            let noise = "usb 1-1: new device\n".repeat(3);
            let log = format!("{noise}{before}{line}\n{noise}{after}");
            let found = reports(&log);
            assert_eq!(found.iter().map(|report| report.kind).collect::<Vec<_>>(), [*kind], "{line}");
            assert_eq!(found[0].title.value, *line);
        }
    }
}

#[test]
fn what_only_looks_like_one_is_none() {
    for line in [
        "usb 1-1: DEBUG: WARNING: low",
        "foo: DEBUG: unable to handle",
        "WARNING: unsupported",
        "ci-runner: BUG: test case 3 failed, see the ticket",
        "app[12]: Oops 5 errors [1]",
        "app[12]: Oops 5 [1] and more",
        "udevd[1]: Reserved 3 [1]",
        "nvme0: cannot create duplicate filename 'x'",
        "list: no corruption found",
        "INFO: nothing",
        "foo: the last message was Oops",
        "pci 0000:00:1f.0: [#1] device",
        "audit: type=1400 divide error handler registered",
        "No PANIC here",
        "Default: 0000",
        "mce: [Hardware Error]: Machine check events logged",
        "mce: CPU0: Thermal monitoring enabled (TM1)",
        "watchdog: CPU28: watchdog enabled",
        "irq: 0010 [#2] of 4",
        "usb 1-1: port: 0001 [#1]",
        "e1000e 0000:00:19.0 eth0: link: 0001 [#1]",
        "queue: 00010 [#1]",
        "queue: 1 [#1]",
        "queue[#1]: full",
        "1[#1]:",
        "[drm] ring[#1]:",
        "scsi(1): [#1] of 2",
        "qla2xxx(1): port [#1] up",
    ] {
        assert_eq!(reports(&format!("[    1.000000] {line}\n")).len(), 0, "{line}");
    }
}

/// Other architectures and old kernels: one report, and every byte comes out.
#[test]
fn other_processors_pass_through() {
    for (arch, log) in [
        (
            "i386",
            "Unable to handle kernel NULL pointer dereference at virtual address 00000010\n printing eip:\nc0123456\n*pde = 00000000\nOops: 0002\nCPU:    0\nEIP:    0010:[<c0123456>]    Not tainted\nEFLAGS: 00010246\neax: 00000000   ebx: c84e41a0   ecx: 00000000   edx: 00000001\nesi: c84e41a0   edi: 00000000   ebp: 00000000   esp: c1234f00\nds: 0018   es: 0018   ss: 0018\nProcess tool (pid: 321, stackpage=c1235000)\nStack: c0123456 00000000 c84e41a0\nCall Trace:    [<c0123456>] [<c0123500>]\nCode: 89 42 10 8b 45 08 <c7> 40 10 00\n",
        ),
        (
            "aarch64",
            "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010\nMem abort info:\n  ESR = 0x0000000096000044\nInternal error: Oops: 0000000096000044 [#1] SMP\npstate: 60400005 (nZCv daif +PAN -UAO)\npc : meter_write+0x14/0x30 [meter]\nlr : meter_store+0x20/0x40 [meter]\nsp : ffff80000a2d3c00\nx29: ffff80000a2d3c00 x28: ffff000002a40000\nCall trace:\n meter_write+0x14/0x30 [meter]\n meter_store+0x20/0x40 [meter]\nCode: d503233f f9400001 b4000061 d63f0020 (f900081f)\n---[ end trace 0000000000000000 ]---\n",
        ),
        (
            "s390x",
            "Unable to handle kernel pointer dereference in virtual kernel address space\nFailing address: 0000000000000000 TEID: 0000000000000483\nOops: 0004 ilc:2 [#1] SMP\nKrnl PSW : 0704c00180000000 000003ff7ff82012 (meter_write+0x12/0x30 [meter])\n           R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:0 PM:0 RI:0 EA:3\nKrnl GPRS: 0000000000000000 0000000000000001 0000000000000010 0000000000000000\nKrnl Code: 000003ff7ff82004: e310f0a00024\tstg %r1,160(%r15)\nCall Trace:\n [<000003ff7ff82012>] meter_write+0x12/0x30 [meter]\n",
        ),
    ] {
        let found = reports(log);
        assert_eq!(
            found.len(),
            1,
            "{arch}: {:?}",
            found.iter().map(|report| &report.title.value).collect::<Vec<_>>()
        );
        assert_eq!(found[0].arch.filter(|&found| found != arch), None, "{arch}");
    }
}

/// Gives one line at a time, as a pipe does while the kernel prints.
struct LineByLine<'t>(&'t [u8]);

impl std::io::Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = self.0.iter().position(|&byte| byte == b'\n').map_or(self.0.len(), |end| end + 1);
        let count = end.min(buffer.len());
        let (line, rest) = self.0.split_at(count);
        buffer[..count].copy_from_slice(line);
        self.0 = rest;
        Ok(count)
    }
}

#[test]
fn what_is_said_before_a_bug_may_come_in_an_earlier_read() {
    let said = "usercopy: Kernel memory exposure attempt detected from SLUB object 'x' (offset 6, size 9)!";
    let log = format!(
        "eth0: link is up\n{said}\n------------[ cut here ]------------\n\
         kernel BUG at mm/usercopy.c:102!\ninvalid opcode: 0000 [#1] SMP\nRIP: 0010:abort+0x10/0x20\n"
    );
    // Behind the line there may also be one that has no end.
    let long = format!("{said}\n{}", "x".repeat(1 << 19));
    for (log, wanted) in [(&log, Some(said)), (&long, None)] {
        let (mut text, mut message) = (Vec::new(), None);
        liboops::stream(LineByLine(log.as_bytes()), |event| {
            match event {
                Event::Text(piece) => text.extend_from_slice(piece),
                Event::Block(block) => {
                    text.extend_from_slice(&block.text);
                    message = block.reports[0].message.as_ref().map(|message| message.value.clone());
                }
            }
            Ok(())
        })
        .unwrap();
        assert!(text == log.as_bytes());
        assert_eq!(message.as_deref(), wanted);
    }
}
