// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which lines are those of an oops, and are printed as they are.

use std::sync::LazyLock;

use super::pattern::Pattern;

/// `[<c0105000>]`, also without some of the brackets.
pub(super) const BRACKETED: &str = r"\[*<([0-9a-f]{4,})>\]* *";
/// `<[c0105000]>`, in the `bh:` lines of i386.
pub(super) const REVERSED: &str = r"<\[([0-9a-f]{4,})\]> *";
/// `c0105000`
pub(super) const BARE: &str = r"([0-9a-f]{4,}) *";

/// How a line of an oops may begin, by what the line is about, in the order of the alphabet. Each is the
/// beginning of a line that some kernel up to 2.6 printed, and that ksymoops 2.4 echoed.
const BEGINNINGS: &[&[&str]] = &[
    // What happened: exceptions, and the lines of panics.
    &[
        "68060 access",
        "arithmetic fault",
        "bad unaligned kernel",
        "corrupted stack page",
        "entering kdb",
        "exception at ",
        "exception in ",
        "forwarding unaligned exception",
        "general exception",
        "illegal operation",
        r".* in .*\.[ch]:.*, line [0-9]+:",
        "instruction fault",
        "in swapper task",
        "internal error",
        "invalid operand: ",
        "iucv ",
        "kernel panic",
        "kernel stack ",
        "kmem_free",
        "machine check",
        "oops: ",
        "program check ",
        "spin_lock",
        "spinlock stuck",
        "swapper",
        "system restart ",
        "unexpected external ",
        ": unhandled unaligned exception",
        "user process fault:",
        "wait_on_",
        "warning:",
    ],
    // Who was running, on which processor.
    &[
        r"cpu\[",
        "cpu:* +[0-9]",
        "current->tss",
        "irq: ",
        "pid:",
        "process .*stackpage=",
        "task = ",
        "task:",
        "tsk->",
        "version_[0-9]+",
    ],
    // The instruction pointer and what is next to it: flags, status, link.
    &[
        "eflags: ",
        "eip: ",
        "epc *:",
        "flags:",
        "function entered at",
        "iip ",
        "ipsr ",
        "irp *: ",
        "kernel psw",
        "msr: ",
        "pc *=",
        "pc :",
        "pc[:=]",
        "psr ",
        "psr: ",
        "psw",
        "rip: ",
        "status *:",
        "tstate: ",
        "user psw",
        "xip ",
    ],
    // General registers, by the name that a row of them begins with.
    &[
        r"\$[0-9 ]+:",
        "bank [0-9]+",
        "[bfr][0-9]+ ",
        "bsp ",
        "d[04]: ",
        "eax *=",
        "eax: ",
        "ebp *=",
        "esi *=",
        "esi: ",
        "[goli]0: ",
        "[goli]4: ",
        "gp *=",
        "gpr[0-9]+: ",
        "hi *:",
        "kernel acrs",
        "kernel gprs",
        "ldrs ",
        "lo *:",
        "pr ",
        "r[0-9]{1,2} *[:=]",
        "rax: ",
        "rbp: ",
        "rdx: ",
        "register stack",
        "rnat ",
        "rsp: ",
        "[rvtsa][0-9]+ *=",
        "sp :",
        "unat  ",
        "user acrs",
        "user gprs",
    ],
    // Segments, page tables, control registers, and the address of the fault.
    &[
        "baddr=",
        "badvaddr *:",
        "cause *:",
        "control:",
        "cr0: ",
        "cr[0-9]+:",
        "cr2: ",
        "cs: ",
        "ds *=",
        "ds: ",
        "failing address",
        "frame format=",
        "fs: ",
        "ifa ",
        "ifs ",
        "irr[0-9] ",
        "itc ",
        "last math ",
        r"\*pde +=",
        r"\*pgd =",
        "pml4",
        "push data: ",
        "wb [0-9] stat",
    ],
    // Stack, callers and code.
    &[
        "backtrace:",
        r"caller\[",
        "code *: ",
        "i:",
        "instruction dump: ",
        "stack: ",
        "stack dumps:",
        "stack from ",
        "this_stack:",
    ],
    // The firmware's records of a machine check on ia64.
    &[
        "check info",
        "mca",
        "proc err map",
        "processor error info",
        "processor state",
        "processor structure",
        "proc lid",
        "proc state param",
        "sal",
        "target identifier",
    ],
];

/// What may be anywhere in a line of an oops.
const ANYWHERE: &[&str] = &[
    // Behind the name of a task.
    ": arithmetic (?:fault|trap)",
    ": exception at",
    ": instruction fault",
    ": memory violation",
    ": unaligned trap",
    r"\([0-9]\): oops ",
    r"\([0-9]+\): (?:.*penguin|bogus|kernel|oops|whee)",
    // Behind other words.
    "aiee",
    "bad area pc ",
    "bug ",
    "die_if_kernel",
    "kernel pc ",
    "nip: ",
    "nmi ",
    " ra *==",
    "trap at pc: ",
    "unable to handle kernel",
    // At the end of the line of a task without memory of its own.
    r"\((?:l-tlb|notlb)\)",
];

/// Lines that begin a call trace, which may go on in lines that have only addresses.
const TRACE_BEGINNINGS: &[&str] =
    &["bh:", "call backtrace:", "call trace: *", "ebp *eip", "kernel backchain", "trace:", r"[0-9]+ +base="];

/// sparc's picture of a skull, line by line.
const SKULL: [&str; 5] =
    [r"\|/ ____ \|/", r#""@'/ ,. \`@""#, r#""@'/ .. \`@""#, r"/_| \__/ |_\", r"   \__U_/"];

struct Patterns {
    address: Pattern,
    trace: Pattern,
    trace_address: Pattern,
    beginning: Pattern,
    anywhere: Pattern,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let beginning = |all: &str| Pattern::new(&format!("^(?:{all})"));
    Some(Patterns {
        address: Pattern::new("^[0-9a-f]{4}")?,
        trace: beginning(&TRACE_BEGINNINGS.join("|"))?,
        // `(module)` or `(stack bytes)` may be between two addresses.
        trace_address: Pattern::new(&format!(
            r"^(?:{BRACKETED}|{REVERSED}|\([^ ]+\) *{BRACKETED}|0x{BARE}0x{BARE})"
        ))?,
        beginning: beginning(&BEGINNINGS.concat().join("|"))?,
        anywhere: Pattern::new(&ANYWHERE.join("|"))?,
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
