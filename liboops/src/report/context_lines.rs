// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines about the kernel, the task and the modules: `CPU: 1 PID: 321 Comm: bash Not tainted 6.1.0-99-amd64
//! #1`.

use memchr::memmem;

use super::context::{Context, KernelOffset, Spanned};
use super::module_list;
use super::span::Hex;
use super::task_lines::{self, Task};
use crate::cursor::{Cursor, decimal, is_blank, number_after, text};
use crate::message::Message;

/// What a line of this kind is about.
enum Subject<'t> {
    /// `CPU: 1 PID: 321 Comm: bash Not tainted 6.1.0-56-amd64 #1`
    Cpu,
    /// `Pid: 160, comm: pdflush Not tainted 2.6.10 #1`
    OldTask { pid: u64 },
    /// `Hardware name: QEMU Standard PC`
    Hardware(&'t [u8]),
    /// `Modules linked in: a(O) b`
    Modules,
    /// `Kernel Offset: disabled`
    KernelOffset(KernelOffset),
    /// `Not tainted RELEASE VERSION`, the second line about a hung task; without a release on old MIPS.
    Taint,
    /// `CPU 1`, of x86-64 before 3.0, or `Cpu 1`, of MIPS.
    OldCpu { cpu: u64 },
    /// A line about a task.
    Task(Task<'t>),
    /// `6.1.0-48-amd64 #1 Not tainted`, of lockdep.
    Lockdep(Release),
    /// A line that belongs to a report and is not taken apart.
    Other,
}

/// Release and version of a kernel, as ranges of a message.
struct Release {
    release: std::ops::Range<usize>,
    version: std::ops::Range<usize>,
}

/// Whether a message is such a line.
pub(super) fn is_one(text: &[u8]) -> bool {
    let message = Message::verbatim(text, 0);
    subject(&message).or_else(|| other(text)).or_else(|| lockdep(text)).is_some()
}

/// Reads a message into the context. `false` if it is no such line.
pub(super) fn read(message: &Message<'_>, context: &mut Context) -> bool {
    let found = subject(message).or_else(|| {
        task_lines::mentioned(message.text, context);
        other(message.text)
    });
    // Once the release is known, lines that look like lockdep's are something else.
    let found = found.or_else(|| lockdep(message.text).filter(|_| context.release.is_none()));
    let Some(subject) = found else { return false };
    match subject {
        // A panic after an oops has such a line as well, with what became of the kernel.
        Subject::Cpu if context.has_cpu_line => {}
        Subject::Cpu => cpu(message, context),
        Subject::OldTask { pid } => old_task(message, pid, context),
        Subject::Hardware(name) => context.hardware = Some(text(name)),
        Subject::Modules => module_list::read(message, context),
        Subject::KernelOffset(offset) => context.kernel_offset = Some(offset),
        Subject::Taint => taint(message, context),
        Subject::OldCpu { cpu } => context.cpu = u32::try_from(cpu).ok().or(context.cpu),
        Subject::Task(task) => task_lines::set(Some(task), context),
        Subject::Lockdep(found) => {
            taint(message, context);
            let version = message.text.get(found.version).unwrap_or_default().trim_ascii();
            context.version = Some(text(version)).filter(|version| !version.is_empty());
            let release = message.part(found.release);
            context.release = Some(Spanned { value: text(release.text), span: release.whole() });
        }
        Subject::Other => {}
    }
    true
}

fn subject<'t>(message: &Message<'t>) -> Option<Subject<'t>> {
    let text = message.text.trim_ascii_start();
    let starts = |beginning: &[u8]| text.starts_with(beginning);
    // Typed in from a screen, the blank may be missing.
    let typed = || starts(b"CPU:") && memmem::find(text, b" PID:").is_some();
    if starts(b"CPU: ") || starts(b"CPU : ") || typed() {
        Some(Subject::Cpu)
    } else if starts(b"Pid: ") || starts(b"Pid : ") {
        number_after(text, b": ").map(|pid| Subject::OldTask { pid })
    } else if let Some(name) = text.strip_prefix(b"Hardware name: ") {
        Some(Subject::Hardware(name))
    } else if starts(b"Modules linked in:") {
        Some(Subject::Modules)
    } else if starts(b"Kernel Offset: ") {
        kernel_offset(message).map(Subject::KernelOffset)
    } else if starts(b"Not tainted") || starts(b"Tainted: ") && !starts(b"Tainted: [") {
        Some(Subject::Taint)
    } else if let Some(cpu) = old_cpu(text) {
        Some(Subject::OldCpu { cpu })
    } else {
        task_lines::whole(text).map(Subject::Task)
    }
}

/// `CPU 1` of x86-64, `Cpu 1` of MIPS, each in a line of its own.
fn old_cpu(text: &[u8]) -> Option<u64> {
    let rest = text.strip_prefix(b"CPU ").or_else(|| text.strip_prefix(b"Cpu "))?;
    decimal(rest.trim_ascii_end())
}

fn other(text: &[u8]) -> Option<Subject<'_>> {
    const OTHERS: [&[u8]; 13] = [
        b"Tainted: [",
        b"Workqueue: ",
        b"task: ",
        b"Process ",
        b"Dumping ftrace buffer",
        b"(ftrace buffer empty)",
        b"last accessed sysfs",
        b"irq event stamp",
        b"hardirqs last ",
        b"softirqs last ",
        b"Rebooting in ",
        b"Stack:",
        b"note: ",
    ];
    let text = text.trim_ascii_start();
    OTHERS.iter().any(|other| text.starts_with(other)).then_some(Subject::Other)
}

fn cpu(message: &Message<'_>, context: &mut Context) {
    let body = message.text;
    let number = |mark: &[u8]| number_after(body, mark).and_then(|number| u32::try_from(number).ok());
    // SuperH up to 3.9 prints `CPU : 0        		Not tainted  (2.6.39 #1)`.
    let mut cursor =
        Cursor::at(body, memmem::find(body, b"CPU").map_or(body.len(), |at| at.saturating_add(3)));
    cursor.blanks();
    cursor.eat(b":");
    cursor.blanks();
    context.cpu = cursor.decimal().and_then(|number| u32::try_from(number).ok()).or(context.cpu);
    context.pid = number(b" PID: ").or_else(|| number(b" PID:")).or(context.pid);
    taint(message, context);
    context.has_cpu_line = context.pid.is_some() && context.taint.is_some();
    let end = [&b" Kdump: loaded"[..], b" Not tainted", b" Tainted: "]
        .iter()
        .filter_map(|mark| memmem::find(body, mark))
        .min();
    if let Some(start) = memmem::find(body, b" Comm:") {
        let start = start.saturating_add(6);
        let comm = body.get(start..end.unwrap_or(body.len()));
        context.comm = comm.map(|comm| text(comm.trim_ascii())).or(context.comm.take());
    }
}

fn old_task(message: &Message<'_>, pid: u64, context: &mut Context) {
    context.pid = u32::try_from(pid).ok();
    let body = message.text;
    // ia64: `Pid: 77, CPU 0, comm:               insmod`; SuperH: `Pid : 77, Comm: 		insmod`.
    let cpu = number_after(body, b", CPU ").and_then(|cpu| u32::try_from(cpu).ok());
    context.cpu = cpu.or(context.cpu);
    let mark = memmem::find(body, b"omm: ");
    let mut cursor = Cursor::at(body, mark.map_or(body.len(), |at| at.saturating_add(5)));
    context.comm = Some(text(cursor.word())).filter(|comm| !comm.is_empty()).or(context.comm.take());
    taint(message, context);
    hardware(message, context);
}

/// Takes the hardware apart from the version, which these lines have up to the first blank: `2.6.32-5-amd64
/// #1 Dell Inc. OptiPlex 755/0PU052`, `(2.6.31-14-generic #48-Ubuntu) HP Pavilion`. Debian has its own in
/// between: `3.2.0-4-amd64 #1 Debian 3.2.41-2 Dell Inc. OptiPlex 755/0PU052`.
fn hardware(message: &Message<'_>, context: &mut Context) {
    let Some(release) = context.release.as_ref().map(|release| release.value.as_bytes()) else { return };
    let Some(at) = memmem::find(message.text, release) else { return };
    let mut cursor = Cursor::at(message.text, at.saturating_add(release.len()));
    cursor.blanks();
    let start = cursor.position();
    if !cursor.eat(b"#") {
        return;
    }
    cursor.take_while(|byte| !is_blank(byte) && byte != b')');
    let mut ahead = cursor;
    if ahead.eat(b" Debian ") && !ahead.take_while(|byte| !is_blank(byte)).is_empty() {
        cursor = ahead;
    }
    let version = message.text.get(start..cursor.position()).unwrap_or_default();
    context.version = Some(text(version));
    cursor.eat(b")");
    let name = cursor.rest().trim_ascii();
    // Where the firmware does not say, there is only the separator.
    if context.hardware.is_none() && name.iter().any(u8::is_ascii_alphanumeric) {
        context.hardware = Some(text(name));
    }
}

/// Reads taint, release and version from a line that is about the processor: `EIP:    0060:[<c022a7b5>]
/// Not tainted VLI`, `EFLAGS: 00010202   (2.6.23-1-686 #1)`.
pub(super) fn of_processor(message: &Message<'_>, context: &mut Context) {
    let body = message.text;
    if context.taint.is_none() && memmem::find(body, b"ainted").is_some() {
        taint(message, context);
    }
    if context.release.is_some() || !body.trim_ascii_end().ends_with(b")") {
        return;
    }
    // Red Hat's 2.4 has no version: `EIP is at f [kernel] 0x2d (2.4.20-8)`
    let is_release = memmem::find(body, b" #").is_some() || memmem::find(body, b"EIP is at ").is_some();
    let open = memchr::memrchr(b'(', body).filter(|_| is_release);
    if let Some(open) = open {
        release(message, open, context);
    }
}

/// `Not tainted RELEASE VERSION`, `Tainted: G        W  OE      RELEASE VERSION`. RHEL prints dashes between
/// letters and release, where flags of its own may stand: `Tainted: G W OE    --------- -  - 4.18.0-240.el8`.
fn taint(message: &Message<'_>, context: &mut Context) {
    let body = message.text;
    let (mut cursor, letters_from) = if let Some(at) = memmem::find(body, b"Not tainted") {
        (Cursor::at(body, at.saturating_add(11)), None)
    } else if let Some(at) = memmem::find(body, b"Tainted: ") {
        let at = at.saturating_add(9);
        (Cursor::at(body, at), Some(at))
    } else {
        return;
    };
    let mut letters = Vec::new();
    let mut letters_end = cursor.position();
    loop {
        let mut ahead = cursor;
        let word = ahead.word();
        // `Tainted: P      VLI`: the i386 kernel says that its instructions have any length.
        if !is_flags(word) || word == b"VLI" || letters_from.is_none() && !word.starts_with(b"-") {
            break;
        }
        letters.extend(word.iter().filter(|letter| letter.is_ascii_alphabetic()));
        if let Some(last) = word.iter().rposition(u8::is_ascii_alphabetic) {
            cursor.blanks();
            letters_end = cursor.position().saturating_add(last).saturating_add(1);
        }
        cursor = ahead;
    }
    let start = letters_from.unwrap_or(letters_end);
    context.taint = Some(Spanned { value: text(&letters), span: message.span(start..letters_end) });
    cursor.blanks();
    release(message, cursor.position(), context);
}

/// Letters of flags, and RHEL's dashes in place of those that are not set: `OE`, `---------`, `O-----`, `-t`
fn is_flags(word: &[u8]) -> bool {
    let dashes = word.contains(&b'-');
    let known = |&byte: &u8| byte.is_ascii_uppercase() || byte == b'-' || dashes && byte.is_ascii_lowercase();
    (1..=40).contains(&word.len())
        && word.iter().all(known)
        && (!dashes || word.iter().filter(|byte| byte.is_ascii_lowercase()).count() <= 1)
}

/// Release and version from a byte of the message on: `6.1.0-99-amd64 #1 Debian`, `(2.6.23-1-686 #1)`.
fn release(message: &Message<'_>, from: usize, context: &mut Context) {
    let body = message.text;
    let mut cursor = Cursor::at(body, from);
    let bracketed = cursor.eat(b"(");
    let start = cursor.position();
    let release = cursor.take_while(|byte| !is_blank(byte) && (byte != b')' || !bracketed));
    // A release of somebody's own may have no digit, but then it has a version: `syzkaller #0`
    let is_numbered = release.iter().any(u8::is_ascii_digit) && (!bracketed || release.contains(&b'.'));
    let is_named = !release.is_empty() && cursor.rest().starts_with(b" #");
    if !is_numbered && !is_named {
        return;
    }
    context.release = Some(Spanned { value: text(release), span: message.span(start..cursor.position()) });
    cursor.blanks();
    let mut version = cursor.rest().trim_ascii();
    if bracketed {
        let end = memchr::memrchr(b')', version).unwrap_or(version.len());
        version = version.get(..end).unwrap_or_default();
    }
    // STACKTRACE_BUILD_ID puts the kernel's build id last.
    let last = version.rsplit(|&byte| is_blank(byte)).next().unwrap_or_default();
    if last.len() == 40 && last.iter().all(u8::is_ascii_hexdigit) {
        context.build_id = Some(text(last));
    }
    context.version = Some(text(version)).filter(|version| !version.is_empty());
}

/// `4.14.0-rc3+ #22 Not tainted`, `6.1.0-48-amd64 #1 Tainted: G        W  OE`, as lockdep prints it.
fn lockdep(body: &[u8]) -> Option<Subject<'_>> {
    let mut cursor = Cursor::new(body);
    cursor.blanks();
    let start = cursor.position();
    let release = cursor.take_while(|byte| !is_blank(byte));
    let known = |&byte: &u8| byte.is_ascii_alphanumeric() || b".-+_~".contains(&byte);
    let is_release = release.first().is_some_and(u8::is_ascii_digit)
        && release.contains(&b'.')
        && release.iter().all(known);
    let marks = [&b" Not tainted"[..], b" Tainted: "];
    let tainted = marks.iter().filter(|_| is_release).find_map(|mark| memmem::find(body, mark))?;
    let end = cursor.position();
    Some(Subject::Lockdep(Release { release: start..end, version: end..tainted }))
}

/// `Kernel Offset: 0x3b800000 from 0xffffffff81000000 (relocation range: ..)`, `Kernel Offset: disabled`
fn kernel_offset(message: &Message<'_>) -> Option<KernelOffset> {
    let at = memmem::find(message.text, b"Offset: ").map_or(0, |at| at.saturating_add(8));
    let mut cursor = Cursor::at(message.text, at);
    let slide = if cursor.eat(b"disabled") {
        0
    } else if cursor.eat(b"0x") {
        cursor.hex()?.0
    } else {
        return None;
    };
    let from = cursor.eat(b" from 0x").then(|| cursor.hex()).flatten();
    let span = message.span(at..cursor.position());
    Some(KernelOffset { slide: Hex(slide), base: from.map(|(value, _)| Hex(value)), span })
}
