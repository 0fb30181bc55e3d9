// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line that `die()` prints on every architecture: what happened, and the number of the oops.
//!
//! Each architecture has its own words, but the line always has one of these forms:
//!
//! | form | architectures |
//! |---|---|
//! | `alignment check: 0000 [#1] SMP` | x86 |
//! | `specification exception: 0006 ilc:2 [#1] SMP` | s390 |
//! | `Kernel bug detected[#1]:` | mips, loongarch |
//! | `tool(321): Kernel bad trap [#1]` | sparc |
//! | `tool[321]: NaT consumption 2216203124768 [1]` | ia64 |
//! | `Data bus error, epc == 80123454, ra == 80123400`, without a number | mips |
//! | `tool(321): Oops 0`, without a number | alpha, sparc |
//! | `tool (pid 321): Breakpoint (code 0)`, without a number | parisc |
//! | `Kernel Fault: Code=15 (Data TLB miss fault) at addr 00000010`, without a number | parisc |

use memchr::memmem;

use super::kind::Kind;
use crate::cursor::Cursor;

/// More bytes than the words in front of the number have.
const MAX_WORDS_BYTES: usize = 64;

/// Words in small letters, and what a report that has them is about. The first one that is found counts.
const WORDS: &[(&[u8], Kind)] = &[
    (b"kernel bug", Kind::Bug),
    (b"double", Kind::DoubleFault),
    (b"stack segment", Kind::StackSegment),
    (b"stack overflow", Kind::DoubleFault),
    (b"divide", Kind::DivideError),
    (b"page", Kind::PageFault),
    (b"reserved instruction", Kind::InvalidOpcode),
    (b"illegal operation", Kind::InvalidOpcode),
    (b"unaligned", Kind::Oops),
];

/// What a line of such a form is about. `None` for any other line.
pub(super) fn kind(text: &[u8]) -> Option<Kind> {
    if text.ends_with(b"]") && is_ia64(text) {
        return Some(Kind::Oops);
    }
    if let Some(kind) = uncounted(text) {
        return Some(kind);
    }
    // Most lines of a report come here, and few of them have it.
    let number = memchr::memchr(b'#', text)?;
    let before = text.get(..number)?.strip_suffix(b"[")?;
    let mut cursor = Cursor::at(text, number.saturating_add(1));
    cursor.decimal()?;
    if !cursor.eat(b"]") {
        return None;
    }
    if let Some(task) = memmem::find(before, b"): ").filter(|&end| before.get(..end).is_some_and(is_task)) {
        let words = before.get(task.saturating_add(3)..)?;
        return (is_words(words) && cursor.is_at_end()).then_some(Kind::Oops);
    }
    let words = if cursor.rest() == b":" {
        before
    } else {
        let end = memmem::find(before, b": ")?;
        let mut code = Cursor::at(before, end.saturating_add(2));
        let digits = code.hex()?.1;
        if code.eat(b" ilc:") {
            code.decimal()?;
        }
        // Only names of build options may follow.
        let options = cursor.is_at_end()
            || cursor.eat(b" ") && cursor.peek().is_some_and(|byte| byte.is_ascii_uppercase());
        if !options || digits != 4 || !code.eat(b" ") || !code.is_at_end() {
            return None;
        }
        before.get(..end)?
    };
    if !is_words(words) {
        return None;
    }
    let words = words.to_ascii_lowercase();
    let known = WORDS.iter().find(|(word, _)| memmem::find(&words, word).is_some());
    Some(known.map_or(Kind::Trap, |(_, kind)| *kind))
}

/// Lines that have no number of the oops.
fn uncounted(text: &[u8]) -> Option<Kind> {
    /// What alpha and sparc say behind the task, and whether a number follows.
    const BEHIND_TASK: [(&[u8], bool, Kind); 6] = [
        (b"Oops ", true, Kind::Oops),
        (b"Kernel Bug ", true, Kind::Bug),
        (b"Instruction fault ", true, Kind::Oops),
        (b"Arithmetic fault ", true, Kind::Oops),
        (b"unhandled unaligned exception", false, Kind::Oops),
        (b"Kernel bad ", false, Kind::Oops),
    ];
    /// What parisc says behind the task: the arguments of `die_if_kernel()`.
    const PARISC: [(&[u8], Kind); 8] = [
        (b"Breakpoint ", Kind::Trap),
        (b"Unknown kernel breakpoint ", Kind::Trap),
        (b"Unaligned data reference ", Kind::Oops),
        (b"Illegal instruction ", Kind::InvalidOpcode),
        (b"Privileged operation ", Kind::InvalidOpcode),
        (b"Privileged register usage ", Kind::InvalidOpcode),
        (b"Floating point exception ", Kind::Trap),
        (b"Protection id trap ", Kind::PageFault),
    ];
    const MAX_TASK_BYTES: usize = 40;
    if text.starts_with(b"Data bus error, epc == ") || text.starts_with(b"Instruction bus error, epc == ") {
        return Some(Kind::Oops);
    }
    let at = memmem::find(text, b": ").filter(|&at| at < MAX_TASK_BYTES)?;
    let (task, rest) = (text.get(..at)?, text.get(at.saturating_add(2)..)?);
    if rest.starts_with(b"Code=") {
        return parisc(task, rest);
    }
    if !task.ends_with(b")") {
        return None;
    }
    // `tool (pid 321): Breakpoint (code 0)`
    if let Some(pid) = memmem::find(task, b" (pid ")
        && memmem::find(rest, b" (code ").is_some()
    {
        let pid = task.get(pid.saturating_add(6)..)?.strip_suffix(b")")?;
        let found = PARISC.iter().find(|(words, _)| is_number(pid) && rest.starts_with(words));
        return found.map(|(_, kind)| *kind);
    }
    let found = BEHIND_TASK.iter().find(|(words, ..)| rest.starts_with(words))?;
    let number = rest.get(found.0.len()..).unwrap_or_default();
    (!found.1 || number.first().is_some_and(u8::is_ascii_digit)).then_some(found.2)
}

/// `Code=15 (Data TLB miss fault) at addr 00000010`, `Code=15 regs=1f4a8c40 (Addr=00000010)`, behind what
/// happened.
fn parisc(words: &[u8], rest: &[u8]) -> Option<Kind> {
    /// Traps on an access to memory, by `trap_name()` in `arch/parisc/kernel/traps.c`.
    const ACCESSES: [u64; 11] = [6, 7, 15, 16, 17, 18, 20, 21, 26, 27, 28];
    let mut cursor = Cursor::at(rest, 5);
    let code = cursor.decimal()?;
    let has_address = [&b" at addr "[..], b" (Addr="].iter().any(|mark| memmem::find(rest, mark).is_some());
    let is_fault = ACCESSES.contains(&code) || words == b"Kernel Fault";
    has_address.then_some(if is_fault { Kind::PageFault } else { Kind::Trap })
}

/// Whether the kernel prints the call trace before this line: parisc does in `parisc_terminate()`.
pub(super) fn follows_trace(text: &[u8]) -> bool {
    memmem::find(text, b": Code=").is_some() && uncounted(text).is_some()
}

/// `tool[321]: Oops 8813272891392 [1]`: the task, what happened, the interruption status register and the
/// number of the oops, as `die()` in `arch/ia64/kernel/traps.c` prints them.
fn is_ia64(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [
        b"Oops ",
        b"NaT consumption ",
        b"bugcheck! ",
        b"General Exception: ",
        b"Reserved Register/Field fault",
        b"Kernel unaligned ",
    ];
    let Some(end) = memmem::find(text, b"]: ").filter(|end| *end <= 32) else { return false };
    let mut pid = text.get(..end).unwrap_or_default().rsplit(|&byte| byte == b'[');
    let has_pid = pid.next().is_some_and(is_number) && pid.next().is_some();
    let what = text.get(end.saturating_add(3)..).unwrap_or_default();
    let mut words = what.rsplit(|&byte| byte == b' ');
    let count = words.next().and_then(|word| word.strip_prefix(b"[")?.strip_suffix(b"]"));
    has_pid
        && WORDS.iter().any(|word| what.starts_with(word))
        && count.is_some_and(is_number)
        && words.next().is_some_and(is_number)
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// `tool(321`
fn is_task(text: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'(', text) else { return false };
    // A name has at most 15 bytes.
    let digits = text.get(at.saturating_add(1)..).unwrap_or_default();
    (1..=15).contains(&at) && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Whether a text begins with a letter and has nothing that a driver would put before its messages.
fn is_words(words: &[u8]) -> bool {
    // `do_cpu invoked from kernel context!` of mips.
    let words = words.strip_suffix(b"!").unwrap_or(words);
    let known = |&byte: &u8| byte.is_ascii_alphanumeric() || b" -()/_".contains(&byte);
    words.len() <= MAX_WORDS_BYTES
        && words.first().is_some_and(u8::is_ascii_alphabetic)
        && words.iter().all(known)
}
