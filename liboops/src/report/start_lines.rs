// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first lines of reports: `BUG: kernel NULL pointer dereference, address: 0000000000000010`.

use std::array;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;

use super::die_lines;
use super::kind::Kind;
use crate::cursor::{Cursor, find, number_after};

/// How a start line begins, and what the report is then about.
type Beginning = (&'static [u8], Kind);

/// How start lines begin, and what the report is then about. The first match counts.
const BEGINNINGS: &[Beginning] = &[
    (b"BUG: KASAN: ", Kind::Kasan),
    // Up to 4.4.
    (b"BUG: KASan: ", Kind::Kasan),
    (b"BUG: KMSAN: ", Kind::Kmsan),
    (b"BUG: KCSAN: ", Kind::Kcsan),
    (b"BUG: KFENCE: ", Kind::Kfence),
    (b"BUG: unable to handle ", Kind::PageFault),
    (b"BUG: Unable to handle ", Kind::PageFault),
    (b"BUG: kernel NULL pointer dereference", Kind::PageFault),
    (b"BUG: Kernel NULL pointer dereference", Kind::PageFault),
    (b"BUG: soft lockup", Kind::SoftLockup),
    (b"Watchdog detected hard LOCKUP", Kind::HardLockup),
    (b"NMI Watchdog detected LOCKUP", Kind::HardLockup),
    // powerpc, without the watchdog's name.
    (b"detected hard LOCKUP on other CPUs", Kind::HardLockup),
    (b"self-detected hard LOCKUP @ ", Kind::HardLockup),
    (b"Hard LOCKUP", Kind::HardLockup),
    (b"BUG: NMI Watchdog detected LOCKUP", Kind::HardLockup),
    (b"BUG: sleeping function called", Kind::AtomicSleep),
    (b"BUG: scheduling while atomic", Kind::AtomicSleep),
    (b"BUG: Bad page ", Kind::BadPage),
    (b"BUG: memory leak", Kind::MemoryLeak),
    (b"BUG: held lock freed", Kind::Lockdep),
    (b"BUG: spinlock ", Kind::Lockdep),
    (b"BUG: ", Kind::Bug),
    // Typed in from a screen.
    (b"BUG unable to handle ", Kind::PageFault),
    (b"BUG kernel NULL pointer dereference", Kind::PageFault),
    (b"BUG ", Kind::Slub),
    (b"kernel BUG at ", Kind::Bug),
    // powerpc up to 2.6.10.
    (b"kernel BUG in ", Kind::Bug),
    (b"Kernel BUG at ", Kind::Bug),
    (b"general protection fault", Kind::GeneralProtection),
    (b"segment-related general protection fault", Kind::GeneralProtection),
    (b"invalid opcode: ", Kind::InvalidOpcode),
    (b"invalid operand: ", Kind::InvalidOpcode),
    (b"undefined instruction: ", Kind::InvalidOpcode),
    (b"divide error: ", Kind::DivideError),
    (b"divide_error: ", Kind::DivideError),
    (b"Division by zero in kernel", Kind::DivideError),
    (b"stack segment: ", Kind::StackSegment),
    (b"double fault: ", Kind::DoubleFault),
    (b"PANIC: double fault", Kind::DoubleFault),
    (b"traps: PANIC: double fault", Kind::DoubleFault),
    (b"traps: PANIC", Kind::Trap),
    (b"PANIC: invalid or fatal FRED event", Kind::Trap),
    (b"PANIC: early exception ", Kind::Trap),
    (b"PANIC: Unhandled #VC exception ", Kind::Trap),
    (b"traps: Missing ENDBR: ", Kind::Oops),
    (b"Missing ENDBR: ", Kind::Oops),
    (b"CFI failure at ", Kind::Oops),
    (b"CFI failure (target: ", Kind::Oops),
    (b"int3: ", Kind::Trap),
    (b"Oops: general protection fault", Kind::GeneralProtection),
    (b"Oops: divide error", Kind::DivideError),
    (b"Oops: divide_error", Kind::DivideError),
    (b"Oops: invalid opcode", Kind::InvalidOpcode),
    (b"Oops: stack segment", Kind::StackSegment),
    (b"Oops: double fault", Kind::DoubleFault),
    (b"Oops: int3", Kind::Trap),
    (b"Oops: ", Kind::Oops),
    (b"Oops[#", Kind::Oops),
    (b"Oops [#", Kind::Oops),
    (b"Oops - illegal instruction", Kind::InvalidOpcode),
    (b"Oops - ", Kind::Oops),
    (b"Kernel BUG [#", Kind::Bug),
    (b"Internal error: UBSAN: ", Kind::Ubsan),
    (b"Internal error: Oops - undefined instruction", Kind::InvalidOpcode),
    (b"Internal error: Oops - Undefined instruction", Kind::InvalidOpcode),
    (b"Internal error: Oops - BUG", Kind::Bug),
    (b"Internal error: ", Kind::Oops),
    (b"Unable to handle ", Kind::PageFault),
    // csky up to 5.7, with the name of a function.
    (b"Unable to ", Kind::PageFault),
    (b"Unhandled fault: ", Kind::Oops),
    (b"Unhandled prefetch abort", Kind::Oops),
    // arm64 since 5.13.
    (b"Unhandled 64-bit el1", Kind::Oops),
    (b"Unhandled 32-bit el1", Kind::Oops),
    (b"Insufficient stack space to handle exception", Kind::Oops),
    (b"SError Interrupt on CPU", Kind::Oops),
    (b"Bad mode in ", Kind::Oops),
    (b"Machine check in kernel mode", Kind::MachineCheck),
    // powerpc up to 5.2.
    (b"Severe Machine check interrupt ", Kind::MachineCheck),
    (b"Fatal Machine check interrupt ", Kind::MachineCheck),
    (b"illegal operation: ", Kind::InvalidOpcode),
    (b"monitor event: ", Kind::Bug),
    (b"WARNING: CPU: ", Kind::Warning),
    (b"WARNING: at ", Kind::Warning),
    (b"WARNING: possible ", Kind::Lockdep),
    (b"WARNING: suspicious RCU usage", Kind::Lockdep),
    (b"WARNING: inconsistent lock state", Kind::Lockdep),
    (b"WARNING: bad unlock balance", Kind::Lockdep),
    (b"WARNING: lock held when returning", Kind::Lockdep),
    (b"WARNING: held lock freed", Kind::Lockdep),
    (b"WARNING: still has locks held", Kind::Lockdep),
    (b"WARNING: Nested lock was not taken", Kind::Lockdep),
    (b"WARNING: kernel stack ", Kind::Warning),
    (b"WARNING: stack going in the wrong direction", Kind::Warning),
    (b"WARNING: unrecognized unwind", Kind::Warning),
    (b"WARNING: kmemcheck: Caught ", Kind::Warning),
    (b"WARNING: SOFTIRQ-", Kind::Lockdep),
    (b"WARNING: HARDIRQ-", Kind::Lockdep),
    (b"[ BUG: ", Kind::Lockdep),
    (b"[ INFO: ", Kind::Lockdep),
    (b"INFO: possible ", Kind::Lockdep),
    (b"INFO: suspicious RCU usage", Kind::Lockdep),
    (b"INFO: inconsistent lock state", Kind::Lockdep),
    (b"INFO: trying to register non-static key", Kind::Lockdep),
    (b"INFO: task ", Kind::HungTask),
    (b"INFO: rcu", Kind::RcuStall),
    (b"rcu: INFO: ", Kind::RcuStall),
    (b"UBSAN: ", Kind::Ubsan),
    (b"unreferenced object 0x", Kind::MemoryLeak),
    (b"rust_kernel: panicked at ", Kind::Bug),
    (b"Kernel panic - not syncing", Kind::Panic),
    // Up to 2.6.8.
    (b"Kernel panic: ", Kind::Panic),
    (b"sysrq: Trigger a crash", Kind::SysRq),
    (b"sysrq: SysRq : Trigger a crash", Kind::SysRq),
    (b"SysRq : Trigger a crash", Kind::SysRq),
    // Printed before or after the BUG or warning that they explain, or before a trace alone.
    (b"sysfs: cannot create duplicate filename ", Kind::CutHere),
    (b"unchecked MSR access error: ", Kind::CutHere),
    // Printed before the BUG or warning that they explain.
    (b"list_add corruption", Kind::CutHere),
    (b"list_del corruption", Kind::CutHere),
    (b"------------[ cut here ]", Kind::CutHere),
    (b"8<--- cut here ---", Kind::CutHere),
];

/// [`BEGINNINGS`], and [`EXPLANATIONS`], by their first byte, in the same order. Every line with a trigger
/// word is compared with them, and few lines begin like any.
static BY_FIRST_BYTE: LazyLock<[Vec<Beginning>; 256]> = LazyLock::new(|| {
    array::from_fn(|byte| {
        let begins = |beginning: &[u8]| beginning.first().copied().map(usize::from) == Some(byte);
        let explanations = EXPLANATIONS.iter().map(|beginning| (*beginning, Kind::CutHere));
        let all = BEGINNINGS.iter().copied().chain(explanations);
        all.filter(|(beginning, _)| begins(beginning)).collect()
    })
});

/// Beginnings that are not enough by themselves, and words of which one must follow.
const CONDITIONS: &[(&[u8], &[&[u8]])] = &[
    (b"INFO: task ", &[b" blocked for more", b" blocked in I/O wait for more", b" can't die for more"]),
    (b"BUG ", &[b" (Not tainted): ", b" (Tainted: "]),
    (b"CFI failure (target: ", &[b"):", b"+0x"]),
    (b"Bad mode in ", &[b" detected"]),
    (b"Unhandled 64-bit el1", &[b" exception on CPU"]),
    (b"Unhandled 32-bit el1", &[b" exception on CPU"]),
    (b"Unable to ", &[b" at vaddr: "]),
    (b"kernel BUG in ", &[b" at "]),
    (b"INFO: rcu", &[b"stall"]),
    (b"rcu: INFO: ", &[b"stall"]),
    (
        b"general protection fault",
        &[
            b"[#",
            b": 0000",
            b", maybe for address",
            b", probably for",
            b", kernel NULL pointer dereference",
            b", LASS prevented access",
        ],
    ),
    (b"Oops: ", &[b"[#", b"0", b"sig:", b"Kernel access", b"Exception"]),
    (b"[ INFO: ", &[b" ]"]),
    (b"[ BUG: ", &[b" ]"]),
];

/// Beginnings of lines that explain the next one, as those above do. They have no word that is searched for,
/// and are found by the line below.
const EXPLANATIONS: [&[u8]; 9] = [
    b"list_add double add: ",
    b"usercopy: Kernel memory ",
    b"usercopy: kernel memory ",
    b"detected buffer overflow in ",
    b"skbuff: skb_over_panic: ",
    b"skbuff: skb_under_panic: ",
    b"skb_over_panic: ",
    b"skb_under_panic: ",
    b"page dumped because: VM_",
];

/// Lines before which one explains what happened: `usercopy: Kernel memory exposure attempt detected ...`.
const EXPLAINED: [&[u8]; 2] = [b"cut here ]", b"kernel BUG at "];

/// A longer line is not two messages without a line end between them.
const MAX_GLUED_BYTES: usize = 300;

/// What a start line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    pub kind: Kind,
    /// Where in the message it begins, if that is glued to another one.
    pub from: usize,
    /// The number of the oops, `[#1]`. A report has one such line.
    pub number: Option<u64>,
    /// The address of a failed access, and where it is in the message.
    pub address: Option<(u64, Range<usize>)>,
    /// It only explains what the next line says, or the line after `cut here`.
    pub is_message: bool,
    /// A place in it is that of the instruction itself, not a return address.
    pub exact: bool,
    /// The kernel prints the call trace before it (parisc).
    pub follows_trace: bool,
}

impl Start {
    /// A start line of which no more is known.
    pub fn of_kind(kind: Kind) -> Self {
        Self {
            kind,
            from: 0,
            number: None,
            address: None,
            is_message: false,
            exact: false,
            follows_trace: false,
        }
    }
}

/// Whether a line is the first half of a start line that is broken in two by a task's name, which has a line
/// end: `INFO: task tool`, then `:77 blocked for more than 120 seconds.`
pub(super) fn is_cut_in_name(body: &[u8]) -> bool {
    const MAX_LINE_BYTES: usize = 64;
    body.len() <= MAX_LINE_BYTES && body.starts_with(b"INFO: task ") && kind(body).is_none()
}

/// Whether a line may explain the next one, and begin its report.
pub(crate) fn may_explain(line: &[u8]) -> bool {
    EXPLANATIONS.iter().any(|words| memmem::find(line, words).is_some())
}

/// Whether the line before this one may explain it, and begin the report.
pub(crate) fn may_be_explained(line: &[u8]) -> bool {
    EXPLAINED.iter().any(|words| memmem::find(line, words).is_some())
}

/// Reads a message that starts a report. `None` for any other message.
pub(super) fn read(body: &[u8]) -> Option<Start> {
    let body_start = body.iter().position(|&byte| byte != b' ').unwrap_or(0);
    let text = without_subsystem(body.get(body_start..)?);
    let own = kind(text).map(|kind| (0, kind));
    let (at, kind) = own.or_else(|| glued(text))?;
    let from = body.len().saturating_sub(text.len()).saturating_add(at);
    let number = find(text, b"[#").map(|_| number_after(text, b"[#").unwrap_or(0));
    let is_message = kind == Kind::CutHere && memmem::find(text, b"cut here").is_none();
    let from = if at == 0 { 0 } else { from };
    Some(Start {
        kind,
        from,
        number,
        address: address(body, kind),
        is_message,
        exact: is_exact(text, kind),
        follows_trace: die_lines::follows_trace(text),
    })
}

/// A message without the subsystem's name in front, which is `watchdog: CPU28: `, `mce: [Hardware Error]: `
/// or the like.
fn without_subsystem(text: &[u8]) -> &[u8] {
    match text.first() {
        Some(b'w' | b'N') => {
            let rest = [&b"watchdog: "[..], b"NMI watchdog: "].iter().find_map(|of| text.strip_prefix(*of));
            let Some(rest) = rest else { return text };
            let mut cursor = Cursor::new(rest);
            // powerpc's has blanks: `watchdog: CPU 3 Hard LOCKUP`.
            let known = cursor.eat(b"CPU ") && cursor.decimal().is_some() && cursor.eat(b" ")
                || cursor.eat(b"CPU") && cursor.decimal().is_some() && cursor.eat(b": ");
            if known { cursor.rest() } else { rest }
        }
        Some(b'm' | b'[') => {
            let rest = text.strip_prefix(b"mce: ").unwrap_or(text);
            rest.strip_prefix(b"[Hardware Error]: ").unwrap_or(text)
        }
        _ => text,
    }
}

/// Whether the kernel takes the place from the registers. The sanitizers take that of their caller.
fn is_exact(text: &[u8], kind: Kind) -> bool {
    let has = |word: &[u8]| memmem::find(text, word).is_some();
    match kind {
        // Up to 4.5 a warning was a call, and printed `f+0x1/0x2()`.
        Kind::Warning => {
            (has(b" at ") || has(b", CPU#")) && !text.ends_with(b"()") && !has(b" stack going in ")
        }
        Kind::Bug => true,
        // `... at rIP: 0xffffffff8106b0a4 (native_read_msr+0x4/0x40)`
        Kind::CutHere => text.starts_with(b"unchecked MSR access error: "),
        Kind::Oops => [&b"CFI failure at "[..], b"traps: ", b"Missing ENDBR: "]
            .iter()
            .any(|beginning| text.starts_with(beginning)),
        // These are noticed at once; `memory corruption in` and `invalid free in` when the memory is freed.
        Kind::Kfence => has(b" read in ") || has(b" write in "),
        _ => false,
    }
}

/// What a line is about if the line before it lacks its end: `user memory accessgeneral protection fault:
/// 0000 [#1]`.
fn glued(text: &[u8]) -> Option<(usize, Kind)> {
    const WORDS: [(&[u8], Kind); 9] = [
        (b"general protection fault", Kind::GeneralProtection),
        (b"invalid opcode: ", Kind::InvalidOpcode),
        (b"divide error: ", Kind::DivideError),
        (b"stack segment: ", Kind::StackSegment),
        (b"double fault: ", Kind::DoubleFault),
        (b"int3: ", Kind::Trap),
        (b"Kernel BUG ", Kind::Bug),
        (b"Oops: ", Kind::Oops),
        (b"Internal error: ", Kind::Oops),
    ];
    let number = find(text, b"[#").filter(|_| text.len() <= MAX_GLUED_BYTES && numbered_code(text))?;
    let before = text.get(..number)?;
    WORDS.iter().find_map(|(word, kind)| {
        let at = memmem::find(before, word)?;
        // A word of its own is somebody talking about it.
        let last = before.get(..at)?.last()?;
        (last.is_ascii_alphanumeric() || matches!(last, b'.' | b'!' | b')')).then_some((at, *kind))
    })
}

/// Whether a line has `0000 [#1]`.
fn numbered_code(text: &[u8]) -> bool {
    let Some(number) = memmem::find(text, b" [#") else { return false };
    let digits = text.get(..number).unwrap_or_default().iter().rev().take_while(|b| b.is_ascii_hexdigit());
    let after = text.get(number.saturating_add(3)..).unwrap_or_default();
    digits.count() >= 4 && after.first().is_some_and(u8::is_ascii_digit)
}

/// `cpu 0x3: Vector: 300 (Data Access) at [c000000001234567]`, of powerpc's debugger xmon.
fn xmon(text: &[u8]) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    // Where there is only one processor, it is not named.
    if cursor.eat(b"cpu 0x") {
        cursor.hex()?;
        if !cursor.eat(b": ") {
            return None;
        }
    }
    if !cursor.eat(b"Vector: ") || memmem::find(text, b") at [").is_none() {
        return None;
    }
    Some(match cursor.hex()?.0 {
        0x200 => Kind::MachineCheck,
        0x300 | 0x380 | 0x400 | 0x480 => Kind::PageFault,
        0x700 => Kind::Bug,
        _ => Kind::Trap,
    })
}

/// What an exception before the kernel has its handlers is about, by its vector: `PANIC: early exception 0x0e
/// IP 10:ffffffff81234567 error 0 cr2 0x10`.
fn early_exception(rest: &[u8]) -> Kind {
    let mut cursor = Cursor::new(rest);
    cursor.eat(b"0x");
    match cursor.hex() {
        Some((0, _)) => Kind::DivideError,
        Some((6, _)) => Kind::InvalidOpcode,
        Some((8, _)) => Kind::DoubleFault,
        Some((12, _)) => Kind::StackSegment,
        Some((13, _)) => Kind::GeneralProtection,
        Some((14, _)) => Kind::PageFault,
        _ => Kind::Trap,
    }
}

fn kind(text: &[u8]) -> Option<Kind> {
    let first = text.first();
    let beginnings = first.and_then(|&first| BY_FIRST_BYTE.get(usize::from(first)));
    for &(beginning, kind) in beginnings.into_iter().flatten() {
        let Some(rest) = text.strip_prefix(beginning) else { continue };
        let condition = CONDITIONS.iter().find(|(of, _)| *of == beginning);
        let holds =
            condition.is_none_or(|(_, words)| words.iter().any(|word| memmem::find(rest, word).is_some()));
        // What KASAN up to 4.7 says below its own start line.
        let is_detail = kind == Kind::Slub && memmem::find(rest, b"): kasan: bad access").is_some();
        let kind = if beginning.starts_with(b"PANIC: early") { early_exception(rest) } else { kind };
        return (holds && !is_detail).then_some(kind);
    }
    if matches!(first, Some(b'c' | b'V'))
        && let Some(kind) = xmon(text)
    {
        return Some(kind);
    }
    if text.starts_with(b"WARNING: ")
        && memmem::find(text, b", CPU#").is_some()
        && memmem::find(text, b" at ").is_some()
    {
        return Some(Kind::Warning);
    }
    if text.starts_with(b"WARNING: ") && memmem::find(text, b" still has locks held!").is_some() {
        return Some(Kind::Lockdep);
    }
    if text.starts_with(b"CPU ") {
        let words: [(&[u8], Kind); 3] = [
            (b" Unable to handle kernel ", Kind::PageFault),
            (b": Machine Check Exception: ", Kind::MachineCheck),
            (b": Machine Check: ", Kind::MachineCheck),
        ];
        let found = words.iter().find(|(word, _)| memmem::find(text, word).is_some());
        return found.map(|(_, kind)| *kind).or_else(|| die_lines::kind(text));
    }
    die_lines::kind(text)
}

/// `... at virtual address X`, `... address: X`, `... request at X`
fn address(body: &[u8], kind: Kind) -> Option<(u64, Range<usize>)> {
    /// What comes before the address, and its least number of digits.
    const MARKS: [(&[u8], usize); 16] = [
        (b" at addr ", 8),
        (b" (Addr=", 8),
        (b" (address ", 1),
        (b" virtual address ", 8),
        (b" virtual addr ", 8),
        (b" at vaddr: ", 8),
        (b" address: ", 8),
        (b" for address ", 8),
        (b" access to address 0x", 1),
        (b" pointer dereference 0x", 1),
        (b"canonical address ", 8),
        (b" at address ", 1),
        // s390 up to 2.6: `at virtual kernel address`.
        (b" kernel address ", 8),
        (b" user address ", 8),
        (b" at ", 8),
        (b" cr2 ", 1),
    ];
    let is_unhandled = body.starts_with(b"Unhandled ");
    if !is_unhandled && !matches!(kind, Kind::PageFault | Kind::GeneralProtection)
        || body.starts_with(b"cpu 0x")
        || body.starts_with(b"Vector: ")
    {
        return None;
    }
    for (mark, least) in MARKS {
        let Some(at) = memmem::find(body, mark) else { continue };
        let mut cursor = Cursor::at(body, at.saturating_add(mark.len()));
        cursor.blanks();
        let start = cursor.position();
        // What the kernel's `%p` makes of 0.
        if cursor.eat(b"(null)") {
            return Some((0, start..cursor.position()));
        }
        cursor.eat(b"0x");
        let start = cursor.position();
        if let Some((value, digits)) = cursor.hex()
            && digits >= least
        {
            return Some((value, start..cursor.position()));
        }
    }
    None
}
