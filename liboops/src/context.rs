// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines about the kernel, the task and the modules.

use memchr::memmem;

use super::cursor::{Cursor, decimal, is_blank, text};
use super::{places, task};
use crate::report::{Context, Hex, KernelOffset, ModuleName, Span, Spanned};

/// Reads a message into the context; `false` if it is none of these.
pub(super) fn read(body: &[u8], base: u64, context: &mut Context) -> bool {
    let trimmed = body.trim_ascii_start();
    let known = if trimmed.starts_with(b"CPU: ") {
        cpu(body, base, context);
        true
    } else if trimmed.starts_with(b"Pid: ") {
        old_pid(body, base, context)
    } else if let Some(hardware) = trimmed.strip_prefix(b"Hardware name: ") {
        context.hardware = Some(text(hardware));
        true
    } else if trimmed.starts_with(b"Modules linked in:") {
        modules(body, base, context);
        true
    } else if trimmed.starts_with(b"Kernel Offset: ") {
        kernel_offset(body, base, context)
    } else if trimmed.starts_with(b"Not tainted ")
        || trimmed.starts_with(b"Tainted: ") && !trimmed.starts_with(b"Tainted: [")
    {
        // The second line on a hung task.
        taint(body, base, context);
        true
    } else if let Some(number) = trimmed.strip_prefix(b"CPU ").and_then(|rest| decimal(rest.trim_ascii_end()))
    {
        // x86-64 before 3.0
        context.cpu = u32::try_from(number).ok().or(context.cpu);
        true
    } else {
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
        task::read(body, context) || OTHERS.iter().any(|other| trimmed.starts_with(other))
    };
    if !known && context.release.is_none() {
        return lockdep_release(body, base, context);
    }
    known
}

/// `CPU: 1 PID: 321 Comm: bash Not tainted 6.1.0-56-amd64 #1  Debian 6.1.192-2`
fn cpu(body: &[u8], base: u64, context: &mut Context) {
    let number = |mark: &[u8]| places::number_after(body, mark).and_then(|number| u32::try_from(number).ok());
    let mut cursor =
        Cursor::at(body, memmem::find(body, b"CPU:").map_or(body.len(), |at| at.saturating_add(4)));
    cursor.blanks();
    context.cpu = cursor.decimal().and_then(|number| u32::try_from(number).ok()).or(context.cpu);
    context.pid = number(b" PID: ").or(context.pid);
    taint(body, base, context);
    let end = [&b" Kdump: loaded"[..], b" Not tainted", b" Tainted: "]
        .iter()
        .filter_map(|mark| memmem::find(body, mark))
        .min();
    if let Some(start) = memmem::find(body, b" Comm: ") {
        let start = start.saturating_add(7);
        let comm = body.get(start..end.unwrap_or(body.len()));
        context.comm = comm.map(|comm| text(comm.trim_ascii())).or(context.comm.take());
    }
}

/// `Pid: 160, comm: pdflush Not tainted 2.6.10 #1`
fn old_pid(body: &[u8], base: u64, context: &mut Context) -> bool {
    let Some(pid) = places::number_after(body, b"Pid: ") else { return false };
    context.pid = u32::try_from(pid).ok();
    let mut cursor =
        Cursor::at(body, memmem::find(body, b"comm: ").map_or(body.len(), |at| at.saturating_add(6)));
    context.comm = Some(text(cursor.word())).filter(|comm| !comm.is_empty()).or(context.comm.take());
    taint(body, base, context);
    true
}

/// `Not tainted RELEASE VERSION`, `Tainted: G        W  OE      RELEASE VERSION`
fn taint(body: &[u8], base: u64, context: &mut Context) {
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
    if letters_from.is_some() {
        loop {
            let mut ahead = cursor;
            let word = ahead.word();
            if word.is_empty() || word.len() > 20 || !word.iter().all(u8::is_ascii_uppercase) {
                break;
            }
            letters.extend_from_slice(word);
            letters_end = cursor.position().saturating_add(word.len());
            cursor = ahead;
        }
    }
    let start = letters_from.unwrap_or(letters_end);
    context.taint = Some(Spanned { value: text(&letters), span: Span::within(base, &(start..letters_end)) });
    cursor.blanks();
    let start = cursor.position();
    let release = cursor.take_while(|byte| !is_blank(byte));
    if release.is_empty() {
        return;
    }
    let span = Span::within(base, &(start..cursor.position()));
    context.release = Some(Spanned { value: text(release), span });
    cursor.blanks();
    let version = cursor.rest().trim_ascii();
    // STACKTRACE_BUILD_ID puts the kernel's build id last.
    let last = version.rsplit(|&byte| is_blank(byte)).next().unwrap_or_default();
    if last.len() == 40 && last.iter().all(u8::is_ascii_hexdigit) {
        context.build_id = Some(text(last));
    }
    context.version = Some(text(version)).filter(|version| !version.is_empty());
}

/// `4.14.0-rc3+ #22 Not tainted`, `6.1.0-48-amd64 #1 Tainted: G        W  OE`, as lockdep has it
fn lockdep_release(body: &[u8], base: u64, context: &mut Context) -> bool {
    let mut cursor = Cursor::new(body);
    cursor.blanks();
    let start = cursor.position();
    let release = cursor.take_while(|byte| !is_blank(byte));
    let span = Span::within(base, &(start..cursor.position()));
    let marks = [&b" Not tainted"[..], b" Tainted: "];
    let tainted = marks.iter().find_map(|mark| memmem::find(body, mark));
    let Some(tainted) =
        tainted.filter(|_| release.first().is_some_and(u8::is_ascii_digit) && release.contains(&b'.'))
    else {
        return false;
    };
    taint(body, base, context);
    let version = body.get(cursor.position()..tainted).unwrap_or_default().trim_ascii();
    context.version = Some(text(version)).filter(|version| !version.is_empty());
    context.release = Some(Spanned { value: text(release), span });
    true
}

/// `Modules linked in: a(O) b(POE+) c(-) [last unloaded: d(O)]`
fn modules(body: &[u8], base: u64, context: &mut Context) {
    let at = memmem::find(body, b"linked in:").map_or(body.len(), |at| at.saturating_add(10));
    context.modules = Some(Vec::new());
    module_names(body, at, base, context);
}

/// Further lines of a list that was wrapped. `false` if the message is none.
pub(super) fn more_modules(body: &[u8], base: u64, context: &mut Context) -> bool {
    let words = || body.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty());
    let looks = body.first().is_some_and(|&byte| is_blank(byte)) && words().next().is_some();
    let named = |word: &[u8]| {
        let name = word.split(|&byte| byte == b'(').next().unwrap_or_default();
        !name.is_empty() && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !looks || context.modules.is_none() || !words().take_while(|word| !word.starts_with(b"[")).all(named) {
        return false;
    }
    module_names(body, 0, base, context);
    true
}

fn module_names(body: &[u8], at: usize, base: u64, context: &mut Context) {
    let mut cursor = Cursor::at(body, at);
    loop {
        cursor.blanks();
        if cursor.is_at_end() {
            return;
        }
        if cursor.eat(b"[last unloaded: ") {
            let name = cursor.take_while(|byte| !matches!(byte, b'(' | b']' | b' ' | b':'));
            context.last_unloaded = Some(text(name));
            return;
        }
        // `[unloaded tainted modules: e():1]`
        if cursor.peek() == Some(b'[') {
            cursor.take_while(|byte| byte != b']');
            cursor.skip(1);
            continue;
        }
        let start = cursor.position();
        let name = cursor.take_while(|byte| !is_blank(byte) && byte != b'(');
        let mut flags = &b""[..];
        if cursor.eat(b"(") {
            flags = cursor.take_while(|byte| !is_blank(byte) && byte != b')');
            cursor.eat(b")");
        }
        if name.is_empty() {
            cursor.skip(1);
            continue;
        }
        let span = Span::within(base, &(start..cursor.position()));
        let module = ModuleName { name: text(name), flags: text(flags), span };
        context.modules.get_or_insert_default().push(module);
    }
}

/// `Kernel Offset: 0x3b800000 from 0xffffffff81000000 (relocation range: ..)`, `Kernel Offset: disabled`
fn kernel_offset(body: &[u8], base: u64, context: &mut Context) -> bool {
    let at = memmem::find(body, b"Offset: ").map_or(0, |at| at.saturating_add(8));
    let mut cursor = Cursor::at(body, at);
    let slide = if cursor.eat(b"disabled") {
        0
    } else if cursor.eat(b"0x")
        && let Some((slide, _)) = cursor.hex()
    {
        slide
    } else {
        return false;
    };
    let from = cursor.eat(b" from 0x").then(|| cursor.hex()).flatten();
    let span = Span::within(base, &(at..cursor.position()));
    context.kernel_offset =
        Some(KernelOffset { slide: Hex(slide), base: from.map(|(value, _)| Hex(value)), span });
    true
}
