// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parts of reports whose first lines are missing: a screenshot, a mail that quotes only the trace, a log
//! that was cut.
//!
//! Any line that only reports have may begin such a fragment. Whether it is one is known at its end: it must
//! have something to decode.

use memchr::memmem;

use super::block::Report;
use super::ksymoops_lines::{self, KsymoopsLine};
use super::place::Place;
use super::state::{Origin, State};
use super::{context_lines, places_in_line, trace_entries, trace_headings};
use crate::arch::{self, Hints, Item, Pc, Rows};
use crate::cursor::number_after;
use crate::message::Message;

/// Every line that may begin a fragment, or one that soon follows it, has one of these words; and so has
/// every start line without a trigger word: `NaT consumption`, `: Code=`. All are searched for at once, so
/// each needs at least three bytes, and there may be 32 at most. Their order matters, as that of the trigger
/// words does: sorted by topic, 1.5 % of the bytes of ordinary logs had to be verified, in this order 0.005 %
/// have to.
pub(crate) const WORDS: &[&[u8]] = &[
    b"NaT consumption",
    b"all trace",
    b"IRQ>",
    b"EAX: ",
    b"TASK>",
    b"R10: ",
    b"[<c",
    b"GPR",
    b"Comm: ",
    b"acktrace:",
    b" ra 9",
    b"EIP",
    b"RIP",
    b"RDX: ",
    b": Code=",
    b"x29: ",
    b"Code: ",
    b"[<ff",
    b"RBP: ",
    b"nked in:",
    b"epc",
    b"[<8",
    b"race; ",
    b"PSW",
    b"pc : ",
    b"+0x",
    b"eax: ",
    b"NIP",
    b"RAX: ",
    b"[<0",
    b"all Trace",
    b"CR2: ",
];

/// Beginnings of lines that say what comes next.
const HEADINGS: [&[u8]; 4] = [b"Call Trace:", b"Call trace:", b"Backtrace:", b"Trace:"];
/// Beginnings of lines about the kernel and the task that a report has before its registers or trace.
const CONTEXT: [&[u8]; 4] = [b"CPU: ", b"Pid: ", b"Modules linked in:", b"Hardware name:"];
/// Functions that print a trace although nothing is wrong with the kernel: fault injection, lack of memory,
/// a page fault that a program asked for, a damaged file system.
const NO_REPORTS: [&str; 8] = [
    "should_fail",
    "fail_dump",
    "warn_alloc",
    "dump_header",
    "oom_kill_process",
    "handle_userfault",
    "xfs_error_report",
    "xfs_corruption_error",
];
/// More frames are not between `dump_stack()` and its caller, some of them left over on the stack.
const MAX_FRAMES_OF_DUMP: usize = 8;
/// Lines from a message about a program's crash to the `Code:` line that belongs to it.
const MAX_LINES_TO_PROGRAM_CODE: usize = 8;
/// Fewer registers are not worth a report.
const MIN_REGISTERS: usize = 3;
/// What is below is the first page, which is never mapped.
const MIN_ADDRESS: u64 = 4096;
/// Fewer bytes of code are not worth a report, or with a mark, half as many.
const MIN_CODE_BYTES: usize = 8;

/// Whether a message may begin a fragment.
pub(super) fn begins(message: &Message<'_>) -> bool {
    let text = message.text.trim_ascii_start();
    if text.starts_with(b";;") {
        return false;
    }
    let starts = |beginnings: &[&[u8]]| beginnings.iter().any(|beginning| text.starts_with(beginning));
    starts(&HEADINGS)
        || is_pointer(message)
        || places_in_line::is_label(text.trim_ascii_end())
        || ksymoops_lines::read(message).is_some_and(|line| line != KsymoopsLine::Other)
        || starts(&CONTEXT) && context_lines::is_one(text)
        || arch::read(message, Hints { arch: None, rows: Rows::default() }).is_some()
        || places_in_line::is_frame(message)
        || trace_headings::has_frame(text)
        || text.starts_with(b"[<") && trace_entries::bare(message).is_some()
}

/// Whether a line is where the instruction pointer was, above the registers, as x86 kernels up to 4.18 have
/// it: `IP: [<ffffffff81234567>] f+0x1/0x2 [m]`.
fn is_pointer(message: &Message<'_>) -> bool {
    message.text.trim_ascii_start().starts_with(b"IP: ")
        && places_in_line::all(message).iter().any(|found| found.place.size.is_some())
}

/// Whether a line is the code at which a program crashed, by the text before it: x86 kernels print `tool[77]:
/// segfault at 0 ip 000055d0c0ffee12 ...`, and then a `Code:` line as that of an oops. Other programs may
/// crash at the same time.
pub(super) fn is_code_of_program(line: &[u8], before: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"Code: ")
        && before
            .rsplit(|&byte| byte == b'\n')
            .skip(1)
            .take(MAX_LINES_TO_PROGRAM_CODE)
            .any(|line| memmem::find(line, b"]: segfault at ").is_some())
}

/// Whether a message after the end of a report is of another one, whose beginning is missing. The kernel
/// prints only the instruction pointer again.
pub(super) fn is_of_another(message: &Message<'_>, report: &Report) -> bool {
    if report.panicked {
        return false;
    }
    let text = message.text.trim_ascii_start();
    // Nothing but the registers comes again.
    if HEADINGS.iter().any(|heading| text.starts_with(heading)) {
        return true;
    }
    if text.starts_with(b"CPU: ") {
        let pid = number_after(text, b" PID: ").and_then(|pid| u32::try_from(pid).ok());
        return pid.is_some() && report.context.pid.is_some() && pid != report.context.pid;
    }
    let hints = Hints { arch: report.arch, rows: Rows::default() };
    let items = arch::read(message, hints).map(|reading| reading.items).unwrap_or_default();
    let pc = items.into_iter().find_map(|item| match item {
        Item::Pc(Pc { user: false, place, .. }) => Some(place),
        _ => None,
    });
    let Some(place) = pc else { return false };
    let is_known = |pc: &Place| {
        pc.symbol == place.symbol && pc.offset == place.offset
            || pc.address.is_some() && pc.address == place.address
    };
    let mut known = report.states.iter().filter_map(|state| state.pc.as_ref()).peekable();
    place.symbol.is_some() && known.peek().is_some() && !known.any(is_known)
}

/// Whether a fragment has something to decode, and is not a trace that the kernel prints without an oops.
pub(super) fn has_content(report: &Report) -> bool {
    let has_state = report.states.iter().any(is_of_use);
    // `IP: [<ffffffff81234567>] f+0x1/0x2`
    let is_pointer = report.title.value.starts_with("IP: ") && !report.mentions.is_empty();
    has_state || is_pointer || !report.frames.is_empty() && !is_harmless_trace(report)
}

/// Whether a trace is of `dump_stack()`, called by one of [`NO_REPORTS`].
fn is_harmless_trace(report: &Report) -> bool {
    let mut functions = report.frames.iter().filter_map(|frame| frame.place.symbol.as_deref());
    functions.next().is_some_and(|first| first.contains("dump_stack"))
        && functions
            .take(MAX_FRAMES_OF_DUMP)
            .any(|function| NO_REPORTS.iter().any(|other| function.starts_with(other)))
}

fn is_of_use(state: &State) -> bool {
    // `pc : 3` alone may be anybody's.
    let is_of_kernel = |pc: &Place| pc.address.is_some_and(|address| address.0 >= MIN_ADDRESS);
    let named = state.pc.as_ref().is_some_and(|pc| pc.symbol.is_some() || is_of_kernel(pc));
    let code = state.code.as_ref().is_some_and(|code| {
        let least = if code.marker.is_some() { MIN_CODE_BYTES / 2 } else { MIN_CODE_BYTES };
        code.bytes.len() >= least
    });
    state.origin != Origin::User && (named || code || state.registers.len() >= MIN_REGISTERS)
}

/// A state that is printed again at the end is the only one if the first one is missing.
pub(super) fn complete(report: &mut Report) {
    if report.fault().is_none()
        && let Some(state) = report.states.iter_mut().find(|state| state.origin == Origin::Repeat)
    {
        state.origin = Origin::Fault;
    }
}
