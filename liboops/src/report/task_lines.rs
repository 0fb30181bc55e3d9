// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which task and processor a report is about, from its running text: `bash/321`, `bash:321`, `CPU#1`. Lines
//! that begin with `CPU:` are read in `context_lines`.

use memchr::memmem;

use super::context::Context;
use super::kind::Kind;
use crate::cursor::{Cursor, decimal, number_after, text};

/// Reads a start line.
pub(super) fn of_start(body: &[u8], kind: Kind, context: &mut Context) {
    let between = |from: &[u8], to: &[&[u8]]| between(body, from, to);
    let task = match kind {
        Kind::HungTask => {
            between(b"task ", &[b" blocked for", b" blocked in I/O wait for", b" can't die for"])
                .and_then(|task| pair(task, b':'))
        }
        Kind::SoftLockup => body.strip_suffix(b"]").and_then(|rest| {
            let at = memchr::memrchr(b'[', rest)?;
            pair(rest.get(at.saturating_add(1)..)?, b':')
        }),
        Kind::AtomicSleep => between(b"while atomic: ", &[b"/0x"]).and_then(|task| pair(task, b'/')),
        Kind::BadPage => between(b" in process ", &[b"  p"]).map(|name| (name, None)),
        Kind::Lockdep if body.ends_with(b" still has locks held!") => {
            between(b"WARNING: ", &[b" still has"]).and_then(|task| pair(task, b'/'))
        }
        // `WARNING: file:line at f+0x1/0x2, CPU#1: tool/321`, `BUG: spinlock bad magic on CPU#1, tool/321`
        Kind::Warning | Kind::Lockdep => memmem::find(body, b"CPU#").and_then(|at| {
            let mut cursor = Cursor::at(body, at.saturating_add(4));
            cursor.decimal()?;
            (cursor.eat(b": ") || cursor.eat(b", ")).then(|| pair(cursor.rest(), b'/'))?
        }),
        Kind::Backtrace => of_trace(body.trim_ascii_start()),
        // `tool(321): Oops 0` of alpha and sparc, and what parisc and ia64 have.
        Kind::Oops | Kind::Bug | Kind::Trap | Kind::InvalidOpcode => before_words(body),
        _ => None,
    };
    set(task, context);
    if kind == Kind::Warning {
        number(body, b" PID: ", &mut context.pid);
    }
    let marks: &[&[u8]] = match kind {
        Kind::Warning => &[b"WARNING: CPU: ", b", CPU#"],
        Kind::SoftLockup | Kind::Lockdep => &[b" CPU#"],
        Kind::HardLockup => &[b" on cpu ", b" on CPU", b" on CPU "],
        Kind::MachineCheck => &[b"CPU "],
        Kind::Backtrace => &[b" for cpu ", b"CPU"],
        Kind::RcuStall => &[b" stall on CPU { ", b" stall on CPU "],
        _ if body.starts_with(b"CPU ") => &[b"CPU "],
        // arm64: `SError Interrupt on CPU2, code ...`
        Kind::Oops => &[b" on CPU"],
        _ => &[],
    };
    // xmon has it in hexadecimal digits.
    if let Some(rest) = body.strip_prefix(b"cpu 0x") {
        let cpu = Cursor::new(rest).hex().and_then(|(cpu, _)| u32::try_from(cpu).ok());
        context.cpu = context.cpu.or(cpu);
    }
    marks.iter().for_each(|mark| number(body, mark, &mut context.cpu));
}

/// The task of a line that names one and says nothing else of interest.
pub(super) fn whole(body: &[u8]) -> Option<Task<'_>> {
    let line = body.trim_ascii_start();
    let numbered = |mark: &[u8]| number_after(line, mark).and_then(|number| u32::try_from(number).ok());
    if let Some(task) = of_trace(line) {
        Some(task)
    } else if line.starts_with(b"in_atomic(): ") {
        between(line, b", name: ", &[]).map(|name| (name, numbered(b", pid: ")))
    } else if let Some(rest) = line.strip_prefix(b"Process") {
        // SuperH's has a colon.
        let rest = rest.strip_prefix(b":").unwrap_or(rest);
        between(rest, b" ", &[b" (pid: "]).map(|name| (name, numbered(b" (pid: ")))
    } else if line.starts_with(b"comm \"") {
        // kmemleak
        between(line, b"comm \"", &[b"\", pid "]).map(|name| (name, numbered(b"\", pid ")))
    } else {
        None
    }
}

/// The task whose trace follows, as SysRq-t prints one for each, and a hung task has: `task:init state:S
/// stack:0 pid:1`; up to 5.9 `init          S ffffffff81609780     0     1      0 0x00000000`.
pub(super) fn of_trace(line: &[u8]) -> Option<Task<'_>> {
    if line.starts_with(b"task:") {
        let pid = number_after(line, b" pid:").and_then(|pid| u32::try_from(pid).ok());
        return between(line, b"task:", &[b" state:"]).map(|name| (name, pid));
    }
    /// Columns of the name, which is padded with blanks.
    const NAME_BYTES: usize = 15;
    let (name, rest) = line.split_at_checked(NAME_BYTES)?;
    if !matches!(
        rest,
        [b' ', b'R' | b'S' | b'D' | b'T' | b't' | b'X' | b'Z' | b'P' | b'I' | b'W' | b'K', b' ', ..]
    ) {
        return None;
    }
    // The flags, the parent, the task, and how much of the stack is free.
    let mut words = rest.trim_ascii_end().rsplit(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let flags = words.next()?.strip_prefix(b"0x")?;
    words.next().and_then(decimal)?;
    let pid = words.next().and_then(decimal)?;
    words.next().and_then(decimal)?;
    (flags.len() == 8).then_some((name, u32::try_from(pid).ok()))
}

/// Reads the task from a line that is about something else.
pub(super) fn mentioned(body: &[u8], context: &mut Context) {
    let line = body.trim_ascii_start();
    let starts = |beginnings: &[&[u8]]| beginnings.iter().any(|beginning| line.starts_with(beginning));
    let is_of_kasan = starts(&[b"Read of size ", b"Write of size ", b"Free of addr "]);
    if is_of_kasan && context.has_cpu_line {
        // Another processor has found something else.
    } else if is_of_kasan {
        set(between(line, b" by task ", &[]).and_then(|task| pair(task, b'/')), context);
    } else if starts(&[b"read to 0x", b"write to 0x", b"read-write to 0x", b"race at unknown origin"]) {
        // KCSAN names two tasks; the first one noticed.
        number(line, b" by task ", &mut context.pid);
        number(line, b" on cpu ", &mut context.cpu);
    } else if context.pid.is_none() && line.ends_with(b":") | line.ends_with(b"!") {
        // Most lines come here, and few of them end like that.
        // `cat/77 [HC0[0]:SC0[0]:HE0:SE1] is trying to acquire:`
        let locks: [&[u8]; 7] = [
            b" is trying to acquire lock",
            b" is trying to release lock",
            b" is trying to lock",
            b" is freeing memory ",
            b" is leaving the kernel with locks still held",
            b" just changed the state of lock",
            b" [HC",
        ];
        set(between(line, b"", &locks).and_then(|task| pair(task, b'/')), context);
    }
}

/// The task that a line begins with: `tool(321): `, `CPU 0 tool(321): `, `tool (pid 321): `, `tool[321]: `.
fn before_words(body: &[u8]) -> Option<Task<'_>> {
    let mut cursor = Cursor::new(body);
    if !(cursor.eat(b"CPU ") && cursor.decimal().is_some() && cursor.eat(b" ")) {
        cursor = Cursor::new(body);
    }
    let line = cursor.rest();
    let line = line.get(..memmem::find(line, b": ")?)?;
    let (&last, line) = line.split_last()?;
    let open = memchr::memrchr(if last == b']' { b'[' } else { b'(' }, line)?;
    let mut name = line.get(..open)?;
    let mut cursor = Cursor::at(line, open.saturating_add(1));
    if cursor.eat(b"pid ") {
        name = name.trim_ascii_end();
    }
    let pid = u32::try_from(cursor.decimal()?).ok()?;
    let is_name = matches!(last, b')' | b']') && (1..=64).contains(&name.len()) && !name.contains(&b' ');
    (is_name && cursor.is_at_end()).then_some((name, Some(pid)))
}

/// Name and number.
pub(super) type Task<'t> = (&'t [u8], Option<u32>);

/// Notes a task in the context.
pub(super) fn set(task: Option<Task<'_>>, context: &mut Context) {
    if let Some((name, pid)) = task.filter(|(name, _)| !name.is_empty()) {
        context.comm = Some(text(name.trim_ascii()));
        context.pid = pid.or(context.pid);
    }
}

/// Reads the number after a mark, unless the number is known already.
fn number(body: &[u8], mark: &[u8], to: &mut Option<u32>) {
    *to = to.or_else(|| number_after(body, mark).and_then(|number| u32::try_from(number).ok()));
}

/// What is between a mark and the first of the other marks that is found, or the end if there are no other
/// marks.
fn between<'t>(body: &'t [u8], from: &[u8], to: &[&[u8]]) -> Option<&'t [u8]> {
    let rest = body.get(memmem::find(body, from)?.saturating_add(from.len())..)?;
    if to.is_empty() {
        return Some(rest.trim_ascii());
    }
    to.iter().find_map(|to| rest.get(..memmem::find(rest, to)?))
}

/// `bash/321`, `kworker/0:1:77`: a name may have the separator in it.
fn pair(task: &[u8], separator: u8) -> Option<Task<'_>> {
    let at = memchr::memrchr(separator, task)?;
    let mut cursor = Cursor::at(task, at.saturating_add(1));
    let pid = u32::try_from(cursor.decimal()?).ok()?;
    // Names have at most 15 bytes, but those of kernel threads may be longer.
    (cursor.is_at_end() && at <= 64).then_some((task.get(..at)?, Some(pid)))
}
