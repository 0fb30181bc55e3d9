// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said about the instructions of a report.

use ksymoops::decode::Decoder;
use libksym::{Discover, FileSearch};

use super::support;

/// The lines that are ours, without symbols of any kind.
fn said(log: &str) -> Vec<String> {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    support::below_lines(log, &decoder).iter().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_access_is_the_fault_without_its_displacement_too() {
    let said = said(
        "\
general protection fault, probably for non-canonical address 0x8030000000000000: 0000 [#1] SMP PTI
CPU: 1 PID: 1675 Comm: W-Q0 Not tainted 5.6.16-default #1
RIP: 0010:0xffffffffc06b4f00
Code: 48 8b 00 <f6> 80 84 00 00 00 01 0f 84
RAX: 8030000000000000 RBX: ffff9f3518871900 RCX: 0000000000000000
",
    );
    let access =
        "reads 1 byte at 0x84(%rax) = 0x8030000000000084 (rax=0x8030000000000000): the fault address";
    assert!(said.iter().any(|line| line == access), "{said:#?}");
}

#[test]
fn no_instruction_before_the_mark_is_false() {
    let said = said(
        "\
Oops: divide error: 0000 [#1] PREEMPT SMP NOPTI
RIP: 0010:tcp_tso_segs+0x84/0xd0
Code: 05 00 00 41 89 c6 41 d3 ee 80 f9 1f 31 d2 <48> f7 f1 39 c5 74 e0 e8 00 01 00 00
",
    );
    let expected = [
        "-0x0b  41 89 c6                       mov %eax,%r14d",
        "-0x08  41 d3 ee                       shr %cl,%r14d",
        "-0x05  80 f9 1f                       cmp $0x1f,%cl",
        "-0x02  31 d2                          xor %edx,%edx",
        "-> +0x00  48 f7 f1                       div %rcx",
        "+0x03  39 c5                          cmp %eax,%ebp",
        "+0x05  74 e0                          je .-0x1e  <tcp_tso_segs+0x6b>",
        "+0x07  e8 00 01 00 00                 call .+0x105  <tcp_tso_segs+0x190>",
    ];
    assert_eq!(said[1..], expected);
}

/// One `Code:` line is decoded although nothing else tells the processor.
#[test]
fn a_line_alone_is_decoded() {
    let said = said("Code: 00 00 00 55 48 89 e5 <8b> 47 10 5d c3 66 90\n");
    assert_eq!(said.first().map(String::as_str), Some("by its bytes, this is code of x86_64"));
    assert_eq!(said.last().map(String::as_str), Some("reads 4 bytes at 0x10(%rdi) (rdi unknown)"));
}

#[test]
fn a_call_of_a_null_pointer_is_said() {
    let said = said(
        "\
BUG: kernel NULL pointer dereference, address: 0000000000000000
#PF: supervisor instruction fetch in kernel mode
Oops: 0010 [#1] SMP NOPTI
RIP: 0010:0x0
Code: Unable to access opcode bytes at 0xffffffffffffffd6.
RSP: 0018:ffff4cd59e5d05bb EFLAGS: 00010202
",
    );
    assert_eq!(said[0], "calls address 0x0, where no code is: a null function pointer");
}

/// On s390 the page at address 0 can be read, and has zeros, which are no instruction.
#[test]
fn a_call_of_a_null_pointer_on_s390_is_said() {
    let said = said(
        "\
illegal operation: 0001 ilc:1 [#1] SMP
Krnl PSW : 0704e00180000000 0000000000000002 (0x2)
           R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:2 PM:0 RI:0 EA:3
Krnl Code:>0000000000000002: 0000\t\tillegal
           0000000000000004: 0000\t\tillegal
",
    );
    let call = "calls address 0x0, where no code is: a null function pointer";
    assert!(said.iter().any(|line| line == call), "{said:#?}");
}

#[test]
fn data_at_address_0_is_no_call() {
    let said = said(
        "\
BUG: kernel NULL pointer dereference, address: 0000000000000000
Oops: 0000 [#1] SMP NOPTI
RIP: 0010:f+0x0/0x10
Code: Unable to access opcode bytes at RIP 0xffffffffffffffd6.
RSP: 0018:ffff4cd59e5d05bb EFLAGS: 00010202
",
    );
    assert!(!said.iter().any(|line| line.contains("calls")), "{said:#?}");
}

/// Before Linux 2.6.20 the line and a pointer to the file's name were behind the `ud2` of 32-bit x86.
#[test]
fn data_of_an_old_bug_are_no_instructions() {
    let log = |line: u32| {
        format!(
            "\
kernel BUG at skbuff.c:{line}!
invalid operand: 0000
CPU:    0
EIP:    0010:[<c026cd54>]    Not tainted
EFLAGS: 00010286
eax: 00000045   ebx: c84e41a0   ecx: cd924000   edx: cd925f7c
Code: 0f 0b 3b 01 cf 2d 31 c0 8b 5c 24 14 e9 be fe ff ff 90 8d 76
"
        )
    };
    let of_code = |said: Vec<String>| -> Vec<String> {
        let texts = said.iter().filter_map(|line| line.get(line.find("+0x0")?..));
        texts.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let found = of_code(said(&log(315)));
    let expected =
        ["+0x00 0f 0b ud2 (ud2: BUG or WARN)", "+0x02 3b 01 .word 315", "+0x04 cf 2d 31 c0 .long 0xc0312dcf"];
    assert_eq!(found[..3], expected, "{found:#?}");
    assert!(found[3].contains("mov 0x14(%esp),%ebx"), "{found:#?}");
    // Of any other line the bytes are instructions.
    assert!(of_code(said(&log(316)))[1].contains("cmp"));
}
