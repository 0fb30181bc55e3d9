// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which task and processor a report is about, from its running text: `bash/321`, `bash:321`, `CPU#1`. Lines
//! that begin with `CPU:` are read in `context_lines`.

use memchr::memmem;

use super::context::Context;
use super::kind::Kind;
use crate::cursor::{Cursor, number_after, text};

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
        // `tool(321): Oops 0` of alpha and sparc.
        Kind::Oops => before_words(body),
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
        Kind::PageFault if body.starts_with(b"CPU ") => &[b"CPU "],
        _ => &[],
    };
    marks.iter().for_each(|mark| number(body, mark, &mut context.cpu));
}

/// The task of a line that names one and says nothing else of interest.
pub(super) fn whole(body: &[u8]) -> Option<Task<'_>> {
    let line = body.trim_ascii_start();
    let numbered = |mark: &[u8]| number_after(line, mark).and_then(|number| u32::try_from(number).ok());
    if line.starts_with(b"task:") {
        between(line, b"task:", &[b" state:"]).map(|name| (name, numbered(b" pid:")))
    } else if line.starts_with(b"in_atomic(): ") {
        between(line, b", name: ", &[]).map(|name| (name, numbered(b", pid: ")))
    } else if line.starts_with(b"Process ") {
        between(line, b"Process ", &[b" (pid: "]).map(|name| (name, numbered(b" (pid: ")))
    } else if line.starts_with(b"comm \"") {
        // kmemleak
        between(line, b"comm \"", &[b"\", pid "]).map(|name| (name, numbered(b"\", pid ")))
    } else {
        None
    }
}

/// Reads the task from a line that is about something else.
pub(super) fn mentioned(body: &[u8], context: &mut Context) {
    let line = body.trim_ascii_start();
    let starts = |beginnings: &[&[u8]]| beginnings.iter().any(|beginning| line.starts_with(beginning));
    if starts(&[b"Read of size ", b"Write of size ", b"Free of addr "]) {
        // KASAN
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

/// The task that a line begins with: `tool(321): `.
fn before_words(body: &[u8]) -> Option<Task<'_>> {
    let end = memmem::find(body, b"): ")?;
    let line = body.get(..end)?;
    let open = memchr::memrchr(b'(', line)?;
    let name = line.get(..open)?;
    let mut cursor = Cursor::at(line, open.saturating_add(1));
    let pid = u32::try_from(cursor.decimal()?).ok()?;
    let is_name = (1..=64).contains(&name.len()) && !name.contains(&b' ');
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
