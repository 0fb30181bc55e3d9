// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statements about the cause of a report, each against a second computation that starts from the text of the
//! log and shares no code with the first one.

use ksymoops::decode::{Decoder, statements};
use ksymoops::head::{Common, Head, Searched};
use libksym::{Discover, FileSearch};
use liboops::explain::{Statement, StatementKind};
use liboops::report::{Block, Caller, Report};
use modtest::corpus::Corpus;

mod head;
mod second;

use second::{Text, Verdict};

fn decoder() -> Decoder {
    let mut decoder = Decoder::default();
    decoder.sources.discover = Discover::all(FileSearch::Named);
    decoder
}

/// The text of a report with the lines between its lines that are not known to be of another one.
fn around(block: &Block, index: usize, report: &Report) -> Text {
    let own = block.lines.iter().filter(|line| line.report.is_none_or(|report| report == index));
    let lines = own.map(|line| String::from_utf8_lossy(block.slice(line.body)).into_owned());
    let messages = block.messages(index).map(|line| String::from_utf8_lossy(line).into_owned());
    Text::new(messages.chain(lines).collect(), report.arch, caller(report))
}

fn caller(report: &Report) -> Option<(char, String)> {
    Some(match report.caller? {
        Caller::Task(number) => ('T', number.to_string()),
        Caller::Cpu(number) => ('C', number.to_string()),
    })
}

/// What is said about each report of a log, whose head is checked, with the text of the report.
fn explained(log: &[u8], decoder: &Decoder) -> Vec<(Text, Vec<Statement>, Verdict)> {
    let mut all = Vec::new();
    for block in liboops::blocks(log) {
        let annotations = decoder.decode(&block);
        for (index, report) in block.reports.iter().enumerate() {
            let lines = block.messages(index).map(|line| String::from_utf8_lossy(line).into_owned());
            let text = Text::new(lines.collect(), report.arch, caller(report));
            let own: Vec<_> = annotations.iter().filter(|annotation| annotation.report == index).collect();
            let common = Common::of(&own);
            let head = Head::new(&block, index, &own, &common, &Searched::default());
            let right = head::check(&text, &around(&block, index, report), &head)
                .map_err(|why| format!("{why}: {:?}", head.rows()));
            all.push((text, statements(&annotations, index).to_vec(), right));
        }
    }
    all
}

fn check(name: &str, log: &[u8], decoder: &Decoder) -> usize {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (text, statements, head) in explained(log, decoder) {
        wrong.extend(head.err());
        for statement in &statements {
            assert!(statement.text.chars().count() <= 100, "{name}: too long: {}", statement.text);
            if let Err(why) = second::check(&text, statement) {
                panic!("{name}: {statement:?}: {why}\n{}", text.lines.join("\n"));
            }
        }
        count += statements.len();
    }
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    count
}

#[test]
fn statements_about_public_logs_are_right() {
    let Some(corpus) = Corpus::find() else { return };
    let decoder = decoder();
    let of_syzkaller = corpus.syzkaller();
    let of_abrt = corpus.abrt();
    let logs = of_syzkaller.iter().map(|sample| (&sample.name, &sample.log));
    let logs = logs.chain(of_abrt.iter().map(|log| (&log.name, &log.log)));
    let count: usize = logs.map(|(name, log)| check(name, log, &decoder)).sum();
    eprintln!("\nstatements about public logs: {count}");
    assert!(count >= 50, "{count}");
}

/// A fault of `mov 0x8(%rax),%rax`, or another instruction.
struct Fault<'a> {
    title: &'a str,
    code: &'a str,
    rax: u64,
    rdx: u64,
    more: &'a str,
    cr4: u64,
}

const MOV: &str = "<48> 8b 40 08";

impl Default for Fault<'_> {
    fn default() -> Self {
        let title = "general protection fault: 0000 [#1] SMP";
        Self { title, code: MOV, rax: 0, rdx: 0, more: "", cr4: 0x6e0 }
    }
}

impl Fault<'_> {
    fn log(&self) -> String {
        let Self { title, code, rax, rdx, more, cr4 } = self;
        format!(
            "{title}\nCPU: 1 PID: 321 Comm: tool Tainted: G        W  OE      6.1.0-9-amd64 #1\n\
             RIP: 0010:f+0x1b/0x30 [drv]\nCode: 31 c0 31 c0 31 c0 31 c0 90 90 {code} 90 90 90 90 90 90 90 90 90\n\
             RSP: 0018:ffffb1a7c0243d28 EFLAGS: 00010246\n\
             RAX: {rax:016x} RBX: 0000000000000001 RCX: 0000000000000001\n\
             RDX: {rdx:016x} RSI: 0000000000000000 RDI: ffff9e8c41a3c000\n\
             RBP: ffff9e8c41a3c000 R08: 0000000000000000 R09: ffffb1a7c0243be0\n\
             R10: 0000000000000003 R11: ffffffff9bccaa48 R12: ffffffffc0a02000\n\
             FS:  00007f9a1c0e8740(0000) GS:ffff9e8c7bd00000(0000) knlGS:0000000000000000\n\
             CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033\n\
             CR2: 0000000000000010 CR3: 0000000101a3c000 CR4: {cr4:016x}\n{more}\
             Call Trace:\n <TASK>\n ? __die+0x23/0x70\n drv_store+0x12/0x40 [drv]\n \
             kernfs_fop_write_iter+0x12e/0x1f0\n </TASK>\n\
             Modules linked in: drv(OE) ext4\n---[ end trace 0000000000000000 ]---\n"
        )
    }

    /// The statements, without those on taint and modules.
    fn said(&self) -> Vec<(StatementKind, String)> {
        let log = self.log();
        let decoder = decoder();
        check(self.title, log.as_bytes(), &decoder);
        let all = explained(log.as_bytes(), &decoder);
        assert_eq!(all.len(), 1, "{log}");
        let quiet = [StatementKind::Taint, StatementKind::OutOfTree];
        let statements = all.into_iter().flat_map(|(_, statements, _)| statements);
        statements.filter(|one| !quiet.contains(&one.kind)).map(|one| (one.kind, one.text)).collect()
    }

    fn says(&self, expected: &[(StatementKind, &str)]) {
        let said = self.said();
        let said: Vec<_> = said.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        assert_eq!(said, expected);
    }
}

fn page_fault(address: u64) -> String {
    format!(
        "BUG: unable to handle page fault for address: {address:016x}\n\
         #PF: supervisor read access in kernel mode\n#PF: error_code(0x0000) - not-present page\n\
         PGD 0 P4D 0 \nOops: 0000 [#1] PREEMPT SMP NOPTI"
    )
}

#[test]
fn null_and_error_numbers() {
    use StatementKind::{ErrorPointer, NullPointer};
    let title = page_fault(8);
    let fault = |rax| Fault { title: &title, rax, ..Fault::default() };
    fault(0).says(&[(NullPointer, "rax is NULL; the access is 0x8 behind it")]);
    let title = page_fault((-4_i64).cast_unsigned());
    let fault = |rax: i64| Fault { title: &title, rax: rax.cast_unsigned(), ..Fault::default() };
    fault(-12)
        .says(&[(ErrorPointer, "rax is -12: ENOMEM as a pointer (ERR_PTR); the access is 0x8 behind it")]);
    // The error number plus the offset is in the first page.
    let title = page_fault(3);
    let fault = Fault { title: &title, rax: (-5_i64).cast_unsigned(), ..Fault::default() };
    fault.says(&[(ErrorPointer, "rax is -5: EIO as a pointer (ERR_PTR); the access is 0x8 behind it")]);
    let title = page_fault((-8_i64).cast_unsigned());
    let fault = Fault { title: &title, rax: (-16_i64).cast_unsigned(), ..Fault::default() };
    fault.says(&[(
        ErrorPointer,
        "rax is -16: EBUSY as a pointer (ERR_PTR) or 0x10 below NULL; the access is 0x8 behind it",
    )]);
}

#[test]
fn poison() {
    use StatementKind::{ListPoison, NonCanonical, SlabPoison};
    let title =
        "general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP";
    Fault { title, rax: 0xdead_0000_0000_0100, ..Fault::default() }.says(&[
        (ListPoison, "rax is LIST_POISON1: the entry that it comes from was taken off its list"),
        (NonCanonical, "0x8(%rax) is 0xdead000000000108, which is not canonical (bits 63 to 47 differ)"),
    ]);
    Fault { rax: 0x6b6b_6b6b_6b6b_6b6b, ..Fault::default() }.says(&[
        (SlabPoison, "rax is 0x6b6b6b6b6b6b6b6b: the pattern of freed slab objects (POISON_FREE)"),
        (NonCanonical, "0x8(%rax) is 0x6b6b6b6b6b6b6b73, which is not canonical (bits 63 to 47 differ)"),
    ]);
}

#[test]
fn whether_an_address_is_canonical_depends_on_the_page_tables() {
    let fault = |cr4| Fault { rax: 0x0012_3456_0000_0000, cr4, ..Fault::default() };
    assert_eq!(fault(0x6e0).said().len(), 1);
    // With five levels it is an address of user space.
    assert_eq!(fault(0x16e0).said(), []);
}

#[test]
fn the_kernel_leaves_out_the_displacement() {
    use StatementKind::Displacement;
    let title =
        "general protection fault, probably for non-canonical address 0x1234000000000000: 0000 [#1] SMP";
    let code = "<48> 8b 80 00 01 00 00";
    let said = Fault { title, code, rax: 0x1234_0000_0000_0000, ..Fault::default() }.said();
    let (kind, text) = said.last().unwrap();
    assert_eq!(*kind, Displacement);
    assert_eq!(text, "the access was to 0x100(%rax) = 0x1234000000000100; the kernel names rax alone");
}

#[test]
fn calls_and_jumps_to_no_address() {
    use StatementKind::NonCanonical;
    let said =
        "the call or jump was to rax, 0xdead4ead00000000, which is not canonical (bits 63 to 47 differ)";
    let fault = |rax, code| Fault { rax, code, ..Fault::default() };
    // `call *%rax`
    fault(0xdead_4ead_0000_0000, "<ff> d0").says(&[(NonCanonical, said)]);
    fault(0xffff_ffff_8100_0000, "<ff> d0").says(&[]);
    // The return of a thunk.
    let log = fault(0xdead_4ead_0000_0000, "<c3>")
        .log()
        .replace("f+0x1b/0x30 [drv]", "__x86_indirect_thunk_rax+0x10/0x20");
    assert!(check("thunk", log.as_bytes(), &decoder()) > 0);
    let all = explained(log.as_bytes(), &decoder());
    assert!(all[0].1.iter().any(|one| one.text == said), "{:?}", all[0].1);
}

#[test]
fn how_the_first_process_ended() {
    for (code, text) in [
        ("0000000b", Some("init, the first process, was ended by signal 11 (SIGSEGV)")),
        ("00007f00", Some("init, the first process, ended by itself, with exit status 127")),
        ("00000000", Some("init, the first process, ended by itself, with exit status 0")),
        ("00000013", None),
    ] {
        let log = format!(
            "Kernel panic - not syncing: Attempted to kill init! exitcode=0x{code}\n\
             CPU: 1 PID: 1 Comm: init Not tainted 6.1.0-9-amd64 #1\nCall Trace:\n <TASK>\n \
             dump_stack_lvl+0x44/0x5c\n panic+0x118/0x2ed\n do_exit.cold+0x15/0x15\n </TASK>\n\
             ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x{code} ]---\n"
        );
        check(code, log.as_bytes(), &decoder());
        let all = explained(log.as_bytes(), &decoder());
        let texts: Vec<_> = all.iter().flat_map(|(_, all, _)| all).map(|one| one.text.as_str()).collect();
        assert_eq!(texts, text.into_iter().collect::<Vec<_>>(), "{log}");
    }
}

/// It ends as if by a signal, which nobody has sent; and a number that was cut is no number.
#[test]
fn the_first_process_oopses_or_its_line_is_cut() {
    let oops = "BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
         Oops: 0002 [#1] PREEMPT SMP NOPTI\nCPU: 1 PID: 1 Comm: swapper/0 Not tainted 6.1.0-9-amd64 #1\n\
         RIP: 0010:f+0x1b/0x30\nRAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000\n\
         Call Trace:\n <TASK>\n g+0x4/0x8\n </TASK>\n---[ end trace 0000000000000000 ]---\n\
         Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009\n";
    let cut = "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000\n\
         CPU: 1 PID: 1 Comm: init Not tainted 6.1.0-9-amd64 #1\nCall Trace:\n dump_stack_lvl+0x44/0x5c\n";
    for log in [oops, cut] {
        let all = explained(log.as_bytes(), &decoder());
        assert!(!all.is_empty());
        let mut statements = all.iter().flat_map(|(_, all, _)| all);
        assert!(statements.all(|one| one.kind != StatementKind::InitExit), "{log}");
    }
}

#[test]
fn divisors() {
    use StatementKind::Division;
    // `div %edx`: only the lower half counts.
    let fault = |rdx, code| Fault { title: "divide error: 0000 [#1] SMP", code, rdx, ..Fault::default() };
    fault(0x1_0000_0000, "<f7> f2").says(&[(Division, "the divisor edx is 0")]);
    fault(0, "<48> f7 f2").says(&[(Division, "the divisor rdx is 0")]);
    fault(3, "<48> f7 fa")
        .says(&[(Division, "the divisor rdx is 0x3, not 0: the quotient does not fit into its register")]);
}

#[test]
fn calls_to_nowhere() {
    use StatementKind::{CallToData, CallToNull, CallToUnmapped};
    let log = |address: u64, code: u32, rip: &str| {
        format!(
            "BUG: unable to handle page fault for address: {address:016x}\n\
             #PF: supervisor instruction fetch in kernel mode\n#PF: error_code(0x{code:04x}) - x\n\
             PGD 0 P4D 0 \nOops: {code:04x} [#1] PREEMPT SMP NOPTI\n\
             CPU: 1 PID: 321 Comm: tool Not tainted 6.1.0-9-amd64 #1\nRIP: 0010:{rip}\n\
             Code: Unable to access opcode bytes at 0x{address:x}.\n\
             RSP: 0018:ffffb1a7c0243d28 EFLAGS: 00010246\n\
             RAX: 0000000000000000 RBX: 0000000000000001 RCX: 0000000000000001\n"
        )
    };
    for (address, code, rip, kind) in [
        (0, 0x10, "0x0", CallToNull),
        (0xffff_9e8c_41a3_c000, 0x11, "0xffff9e8c41a3c000", CallToData),
        (0xffff_ffff_c0a0_2000, 0x10, "0xffffffffc0a02000", CallToUnmapped),
    ] {
        let log = log(address, code, rip);
        let decoder = decoder();
        assert!(check("call", log.as_bytes(), &decoder) > 0);
        let all = explained(log.as_bytes(), &decoder);
        let kinds: Vec<_> = all[0].1.iter().map(|statement| statement.kind).collect();
        assert_eq!(kinds, [kind], "{log}");
    }
}

#[test]
fn one_bit_away_is_said_as_that() {
    use StatementKind::OneBitAway;
    let title = page_fault(0xffff_fff7_9bcc_aa50);
    let more = "Kernel Offset: 0x19a00000 from 0xffffffff81000000 (relocation range: \
                0xffffffff80000000-0xffffffffbfffffff)\n";
    Fault { title: &title, rax: 0xffff_fff7_9bcc_aa48, more, ..Fault::default() }.says(&[(
        OneBitAway,
        "0xfffffff79bccaa50 is one bit (bit 35) away from 0xffffffff9bccaa50, in the kernel's range",
    )]);
}

#[test]
fn stacks() {
    use StatementKind::StackOverflow;
    let title = "BUG: TASK stack guard page was hit at ffffb1a7c023ffd8 (stack is \
                 ffffb1a7c0240000..ffffb1a7c0244000)\nstack guard page: 0000 [#1] PREEMPT SMP";
    let said = Fault { title, ..Fault::default() }.said();
    assert_eq!(said.first().map(|(kind, _)| *kind), Some(StackOverflow), "{said:?}");
    // Hashed addresses say nothing.
    let title = "BUG: stack guard page was hit at 00000000397c6d92 (stack is \
                 00000000a0f6b86a..000000000e6f956f)\nkernel stack overflow (page fault): 0000 [#1] SMP";
    assert_eq!(Fault { title, ..Fault::default() }.said(), []);
}

#[test]
fn per_cpu_data() {
    // `mov %gs:0x10(%rax),%rax`
    let title = page_fault(0xffff_9e8c_7bd0_1010);
    let fault = Fault { title: &title, code: "<65> 48 8b 40 10", rax: 0x1000, ..Fault::default() };
    let said = fault.said();
    assert!(said.iter().any(|(kind, _)| *kind == StatementKind::PerCpu), "{said:?}");
}

#[test]
fn the_first_place_outside_of_the_tree_and_taint_letters() {
    let log = Fault { rax: 0x1234_0000_0000_0000, ..Fault::default() }.log();
    let all = explained(log.as_bytes(), &decoder());
    let texts: Vec<_> = all[0].1.iter().skip(1).map(|statement| statement.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "first place outside of the kernel's own tree: f+0x1b [drv]",
            "taint W: the kernel warned before",
            "taint O: a module from outside of the kernel's tree was loaded",
            "taint E: an unsigned module was loaded",
        ]
    );
}

#[test]
fn shadow_of_kasan() {
    use StatementKind::{KasanShadow, NullPointer};
    let title = "general protection fault, probably for non-canonical address 0xdffffc0000000002: 0000 [#1] SMP KASAN\n\
                 KASAN: null-ptr-deref in range [0x0000000000000010-0x0000000000000017]";
    // `movzbl (%rdx,%rax,1),%eax`
    let fault =
        Fault { title, code: "<0f> b6 04 02", rax: 0xdfff_fc00_0000_0000, rdx: 2, ..Fault::default() };
    let kinds: Vec<_> = fault.said().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [KasanShadow, NullPointer]);
}

#[test]
fn pointers_of_user_space() {
    let title = page_fault(0x7f12_3456_7898);
    let said = Fault { title: &title, rax: 0x7f12_3456_7890, ..Fault::default() }.said();
    assert!(said.iter().any(|(kind, _)| *kind == StatementKind::UserPointer), "{said:?}");
}

#[test]
fn stack_pointers_outside_of_the_stack() {
    let title = page_fault(8);
    let more = "Process tool (pid: 321, threadinfo ffffb1a7c0244000, task ffff9e8c41a3c000)\n";
    let fault = |more| Fault { title: &title, more, ..Fault::default() }.said();
    let is_outside = |said: &[(StatementKind, String)]| {
        said.iter().any(|(kind, _)| *kind == StatementKind::OutsideOfStack)
    };
    assert!(is_outside(&fault(more)), "{:?}", fault(more));
    assert!(!is_outside(&fault(&more.replace("0244000", "0240000"))));
}
