// SPDX-License-Identifier: MIT OR Apache-2.0
//! Instructions of processors other than x86: the marked one, and what it accessed.

use ksymoops::decode::Decoder;
use libksym::{Discover, FileSearch};

use super::support;

/// The marked instruction and what it accesses.
fn said(log: &str) -> Vec<String> {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    let lines = support::below_lines(log, &decoder);
    let wanted =
        |line: &&String| ["->", "reads", "writes", "code"].iter().any(|start| line.starts_with(start));
    lines.iter().filter(wanted).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn arm() {
    let said = said(
        "\
Unable to handle kernel NULL pointer dereference at virtual address 00000004
Internal error: Oops: 5 [#1] SMP ARM
CPU: 0 PID: 1 Comm: x Not tainted 5.10.0 #1
PC is at victim+0x40/0x48
LR is at caller+0x28/0x48
pc : [<8078e15c>]    lr : [<8078e144>]    psr: 20000093
sp : e0981e90  ip : e0981e8c  fp : 0014b318
r10: 00000000  r9 : 00000000  r8 : 00000000
r7 : 00000000  r6 : 00000000  r5 : 00000000  r4 : 00000000
r3 : 00000004  r2 : 00000000  r1 : 00000000  r0 : 00000000
Code: e0844003 e3c434ff e3c3360f 0a000012 (e5c35000) 
",
    );
    assert_eq!(
        said,
        ["-> +0x00 e5c35000 strb r5, [r3]", "writes 1 byte at [r3] = 0x4 (r3=0x4): the fault address",]
    );
}

#[test]
fn arm64() {
    let said = said(
        "\
Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
Internal error: Oops: 96000004 [#1] SMP
pstate: 60000005 (nZCv daif -PAN -UAO)
pc : victim+0x18/0x2c
lr : caller+0x18/0x2c
sp : ffff80000a2d3c00
x29: ffff80000a2d3c00 x28: ffff000002a40000
x2 : 0000000000000000 x1 : 0000000000000000 x0 : 0000000000000010
Code: 910003fd f9000bf3 aa0003f3 97932e41 (f9400001) 
",
    );
    assert_eq!(
        said,
        ["-> +0x00 f9400001 ldr x1, [x0]", "reads 8 bytes at [x0] = 0x10 (x0=0x10): the fault address",]
    );
}

#[test]
fn riscv64() {
    let said = said(
        "\
Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
Oops [#1]
CPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #1
epc : victim+0x10/0x18 [m]
 ra : caller+0x3e/0x86 [m]
epc : ffffffff01ea4072 ra : ffffffff01ea40b8 sp : ff20000000213970
 gp : ffffffff81234567 tp : ff60000001234567 t0 : 0000000000000000
 a0 : 0000000000000000 a1 : 0000000000000000
status: 0000000200000120 badaddr: 0000000000000010 cause: 000000000000000d
Code: 0141 8082 0013 0000 0797 (4918) 0100 a001
",
    );
    assert_eq!(
        said,
        ["-> +0x00 4918 c.lw a4,0x10(a0)", "reads 4 bytes at 0x10(a0) = 0x10 (a0=0x0): the fault address",]
    );
}

#[test]
fn ppc64le() {
    let said = said(
        "\
BUG: Kernel NULL pointer dereference on read at 0x00000008
Faulting instruction address: 0xc00000000008dc34
Oops: Kernel access of bad area, sig: 11 [#1]
LE PAGE_SIZE=64K MMU=Hash SMP NR_CPUS=2048 NUMA pSeries
CPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #1
NIP:  c00000000008dc34 LR: c00000000008dc00 CTR: c0000000000b0000
REGS: c0000000012345 TRAP: 0300   Not tainted  (6.1.0)
MSR:  8000000000009033 <SF,EE,ME,IR,DR,RI,LE>  CR: 24002222  XER: 00000000
CFAR: c00000000008dc00 DAR: 0000000000000008 DSISR: 40000000 IRQMASK: 0 
GPR00: c0080000002f00f0 c000000004a6b770 c008000000318100 0000000000000000 
GPR04: 0000000000000000 0000000000000000 0000000000000000 0000000000000000 
NIP [c00000000008dc34] victim+0x14/0x40
LR [c00000000008dc00] caller+0x40/0x60
Instruction dump:
60000000 7c0802a6 f8010010 f821ffd1 
<e9230008> 4bffff01 XXXXXXXX XXXXXXXX 
",
    );
    assert_eq!(
        said,
        ["-> +0x00 e9230008 ld r9,8(r3)", "reads 8 bytes at 8(r3) = 0x8 (r3=0x0): the fault address",]
    );
}

#[test]
fn s390x() {
    let said = said(
        "\
Unable to handle kernel pointer dereference in virtual kernel address space
Failing address: 0000000000000000 TEID: 0000000000000483
Fault in home space mode while using kernel ASCE.
Oops: 0004 ilc:3 [#1] SMP 
CPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #1
Krnl PSW : 0704c00180000000 000003ff8086d03a (victim+0x3a/0x80 [m])
           R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:0 PM:0 RI:0 EA:3
Krnl GPRS: 0000000000000000 0000000000000010 0000000000000000 0000000000000000
           0000000000000000 0000000000000000 0000000000000000 0000000000000000
           0000000000000000 0000000000000000 0000000000000000 0000000000000000
           0000000000000000 0000000000000000 0000000000000000 0000000000000000
Krnl Code: 000003ff8086d02a: eb6ff0480024 stmg %r6,%r15,72(%r15)
           000003ff8086d030: b90400ef  lgr %r14,%r15
          #000003ff8086d034: e32010000004 lg %r2,0(%r1)
          >000003ff8086d03a: e33010080024 stg %r3,8(%r1)
           000003ff8086d040: c0e5fffffff0 brasl %r14,000003ff8086d020
",
    );
    assert_eq!(
        said,
        [
            "-> +0x00 e3 30 10 08 00 24 stg %r3,8(%r1)",
            "writes 8 bytes at 8(%r1) = 0x18 (r1=0x10): the fault address",
        ]
    );
}

#[test]
fn mips64_in_the_delay_slot() {
    let said = said("\
CPU 0 Unable to handle kernel paging request at virtual address 0000000000000010, epc == ffffffffc0006094, ra == ffffffffc00060fc
Oops[#1]:
CPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #1
$ 0   : 0000000000000000 000000000000000c ffffffffc0006080 0000000000006f20
$ 4   : 0000000000000000 0000000000000000 0000000000000000 0000000000000000
epc   : ffffffffc0006094 victim+0x14/0x20 [m]
ra    : ffffffffc00060fc caller+0x5c/0xc0 [m]
Status: 1000a4e3    KX SX UX KERNEL EXL IE
Cause : 80800008 (ExcCode 02)
BadVA : 0000000000000010
Code: 03e00825  0060f809  00006025 <03e00008> dc820010 00000000
");
    assert_eq!(
        said,
        ["-> +0x00 dc820010 ld v0,0x10(a0)", "reads 8 bytes at 0x10(a0) = 0x10 (a0=0x0): the fault address",]
    );
}
