// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which lines are those of an oops, and are printed as they are.

use std::sync::LazyLock;

use regex::Regex;

/// `[<c0105000>]`, also without some of the brackets.
pub(super) const BRACKETED: &str = r"\[*<([0-9a-f]{4,})>\]* *";
/// `<[c0105000]>`, in the `bh:` lines of i386.
pub(super) const REVERSED: &str = r"<\[([0-9a-f]{4,})\]> *";
/// `c0105000`
pub(super) const BARE: &str = r"([0-9a-f]{4,}) *";

/// Compiles a pattern of ours; upper and lower case are the same.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    regex::RegexBuilder::new(text).case_insensitive(true).unicode(false).build().ok().or_else(|| {
        // Patterns that match by `.` need Unicode to stay within a text.
        regex::RegexBuilder::new(text).case_insensitive(true).build().ok()
    })
}

/// How a line of an oops may begin, by processor.
const BEGINNINGS: &[&str] = &[
    // any
    "stack: ",
    "stack from ",
    "version_[0-9]+",
    "process .*stackpage=",
    "code *: ",
    "kernel panic",
    "in swapper task",
    "kmem_free",
    "swapper",
    "pid:",
    "r[0-9]{1,2} *[:=]",
    // i386
    "corrupted stack page",
    "invalid operand: ",
    "oops: ",
    "cpu:* +[0-9]",
    "current->tss",
    r"\*pde +=",
    "eip: ",
    "eflags: ",
    "eax: ",
    "esi: ",
    "ds: ",
    "cr0: ",
    "wait_on_",
    "irq: ",
    "stack dumps:",
    // x86-64
    "rax: ",
    "rsp: ",
    "rip: ",
    "rdx: ",
    "rbp: ",
    "fs: ",
    "cs: ",
    "cr2: ",
    "pml4",
    // m68k
    "pc[:=]",
    "68060 access",
    "exception at ",
    "d[04]: ",
    "frame format=",
    "wb [0-9] stat",
    "push data: ",
    "baddr=",
    // alpha
    "arithmetic fault",
    "instruction fault",
    "bad unaligned kernel",
    "forwarding unaligned exception",
    ": unhandled unaligned exception",
    "pc *=",
    "[rvtsa][0-9]+ *=",
    "gp *=",
    "spinlock stuck",
    // sparc
    "tsk->",
    "psr: ",
    "[goli]0: ",
    "instruction dump: ",
    "spin_lock",
    "tstate: ",
    "[goli]4: ",
    r"caller\[",
    r"cpu\[",
    // powerpc
    "msr: ",
    "task = ",
    "last math ",
    "gpr[0-9]+: ",
    // mips
    r".* in .*\.[ch]:.*, line [0-9]+:",
    r"\$[0-9 ]+:",
    "hi *:",
    "lo *:",
    "epc *:",
    "badvaddr *:",
    "status *:",
    "cause *:",
    // arm
    "backtrace:",
    "function entered at",
    r"\*pgd =",
    "internal error",
    "pc :",
    "sp :",
    "flags:",
    "control:",
    // the ikd patch
    "warning:",
    "this_stack:",
    "i:",
    // i370
    "psw",
    "cr[0-9]+:",
    "machine check",
    "exception in ",
    "program check ",
    "system restart ",
    "iucv ",
    "unexpected external ",
    "kernel stack ",
    // s390
    "user process fault:",
    "failing address",
    "user psw",
    "user gprs",
    "user acrs",
    "kernel psw",
    "kernel gprs",
    "kernel acrs",
    "illegal operation",
    "task:",
    // kdb
    "entering kdb",
    "eax *=",
    "esi *=",
    "ebp *=",
    "ds *=",
    // ia64
    "psr ",
    "unat  ",
    "rnat ",
    "ldrs ",
    "xip ",
    "iip ",
    "ipsr ",
    "ifa ",
    "pr ",
    "itc ",
    "ifs ",
    "bsp ",
    "[bfr][0-9]+ ",
    "irr[0-9] ",
    "general exception",
    "mca",
    "sal",
    "processor state",
    "bank [0-9]+",
    "register stack",
    "processor error info",
    "proc err map",
    "proc state param",
    "proc lid",
    "processor structure",
    "check info",
    "target identifier",
    // cris
    "irp *: ",
];

/// What may be anywhere in a line of an oops.
const ANYWHERE: &[&str] = &[
    "unable to handle kernel",
    "aiee",
    "die_if_kernel",
    "nmi ",
    "bug ",
    r"\(l-tlb\)",
    r"\(notlb\)",
    // alpha
    r"\([0-9]\): oops ",
    ": memory violation",
    ": exception at",
    ": arithmetic fault",
    ": instruction fault",
    ": arithmetic trap",
    ": unaligned trap",
    // sparc
    r"\([0-9]+\): (?:whee|oops|kernel|.*penguin|bogus)",
    // powerpc
    "kernel pc ",
    "trap at pc: ",
    "bad area pc ",
    "nip: ",
    // mips
    " ra *==",
];

/// Lines that begin a call trace, which may go on in lines that have only addresses.
const TRACE_BEGINNINGS: &[&str] =
    &["call trace: *", "trace:", "call backtrace:", "bh:", r"[0-9]+ +base=", "kernel backchain", "ebp *eip"];

/// sparc's picture of a skull, line by line.
const SKULL: [&str; 5] =
    [r"\|/ ____ \|/", r#""@'/ ,. \`@""#, r#""@'/ .. \`@""#, r"/_| \__/ |_\", r"   \__U_/"];

struct Patterns {
    address: Regex,
    trace: Regex,
    trace_address: Regex,
    beginning: Regex,
    anywhere: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let beginning = |all: &[&str]| pattern(&format!("^(?:{})", all.join("|")));
    Some(Patterns {
        address: pattern("^[0-9a-f]{4}")?,
        trace: beginning(TRACE_BEGINNINGS)?,
        // `(module)` or `(stack bytes)` may be between two addresses.
        trace_address: pattern(&format!(
            r"^(?:{BRACKETED}|{REVERSED}|\([^ ]+\) *{BRACKETED}|0x{BARE}0x{BARE})"
        ))?,
        beginning: beginning(BEGINNINGS)?,
        anywhere: pattern(&ANYWHERE.join("|"))?,
    })
});

/// Decides for each line whether it is one of an oops.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The line before was part of a call trace.
    in_trace: bool,
}

impl Shown {
    /// Whether the line with this message is one of an oops.
    pub(super) fn is_shown(&mut self, message: &str) -> bool {
        if SKULL.iter().any(|line| message.contains(line)) {
            return true;
        }
        let Some(patterns) = PATTERNS.as_ref() else { return false };
        let is_address = patterns.address.is_match(message);
        if is_address || patterns.trace.is_match(message) {
            self.in_trace = true;
            // Names of drivers may begin with digits: `3c59x.c:v0.99`, `ad1848/cs4248`.
            let first = message.split_once(' ').map(|(word, _)| word);
            let is_name = first.is_some_and(|word| word.contains(".c:") || word.contains('/'));
            return !(is_address && is_name) || patterns.anywhere.is_match(message);
        }
        if patterns.trace_address.is_match(message) {
            return self.in_trace;
        }
        self.in_trace = false;
        patterns.beginning.is_match(message) || patterns.anywhere.is_match(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_count_only_in_a_trace() {
        let mut shown = Shown::default();
        assert!(!shown.is_shown("[<c0105000>] [<c0106000>]"));
        assert!(shown.is_shown("Call Trace: [<c0105000>]"));
        assert!(shown.is_shown("[<c0106000>] kernel_thread+0x2e/0x40"));
        assert!(!shown.is_shown("eth0: link up"));
        assert!(!shown.is_shown("[<c0106000>]"));
    }

    #[test]
    fn drivers_with_digits_are_no_addresses() {
        let mut shown = Shown::default();
        assert!(!shown.is_shown("3c503.c:v1.10 9/23/93"));
        assert!(!shown.is_shown("ad1848/cs4248 codec driver"));
        assert!(shown.is_shown("c0144b14"));
        assert!(shown.is_shown("kernel BUG at slab.c:815!"));
        assert!(!shown.is_shown(" printing eip:"));
    }
}
