// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines that say what the call trace after them is of: `Freed by task 321:`, `Uninit was stored to memory
//! at:`.

use memchr::memmem;

use super::place::Trace;
use crate::cursor::Cursor;

/// Beginnings of lines, and what the trace after them is of.
const HEADINGS: &[(&[u8], Trace)] = &[
    // KASAN, KFENCE, SLUB, the owner of a page, kmemleak.
    (b"Allocated by task ", Trace::Allocated),
    (b"allocated by task ", Trace::Allocated),
    (b"INFO: Allocated in ", Trace::Allocated),
    (b"Allocated in ", Trace::Allocated),
    (b"page last allocated via ", Trace::Allocated),
    (b"page allocated via ", Trace::Allocated),
    (b"backtrace:", Trace::Allocated),
    (b"backtrace (crc ", Trace::Allocated),
    (b"Freed by task ", Trace::Freed),
    (b"freed by task ", Trace::Freed),
    (b"INFO: Freed in ", Trace::Freed),
    (b"Freed in ", Trace::Freed),
    (b"page last free ", Trace::Freed),
    (b"Last potentially related work creation:", Trace::Queued),
    (b"Second to last potentially related work creation:", Trace::Queued),
    (b"Last call_rcu():", Trace::Queued),
    (b"Second to last call_rcu():", Trace::Queued),
    // KMSAN.
    (b"Uninit was created at:", Trace::Allocated),
    (b"Uninit was stored to memory at:", Trace::Stored),
    (b"Local variable ", Trace::Allocated),
    // lockdep.
    (b"-> #", Trace::Locked),
    (b"the existing dependency chain ", Trace::Locked),
    // The report's own.
    (b"Call Trace:", Trace::Own),
    (b"Call trace:", Trace::Own),
    (b"Backtrace:", Trace::Own),
    (b"stack backtrace:", Trace::Own),
    (b"=====", Trace::Own),
    (b"The buggy address ", Trace::Own),
    (b"Memory state around ", Trace::Own),
];

/// The same for ends of lines.
const ENDS: &[(&[u8], Trace)] =
    &[(b" acquired at:", Trace::Locked), (b" registered at:", Trace::Locked), (b"-safe at:", Trace::Locked)];

/// What the trace after a line is of. `None` if the line does not say.
pub(super) fn read(text: &[u8]) -> Option<Trace> {
    let text = text.trim_ascii();
    let first = text.first()?;
    let begins = HEADINGS.iter().find(|(of, _)| of.first() == Some(first) && text.starts_with(of));
    let found = begins.or_else(|| ENDS.iter().find(|(of, _)| text.ends_with(of)));
    found.map(|(_, trace)| *trace)
}

/// Whether a line says that the trace after it is of another processor: `NMI backtrace for cpu 1`, ARM's
/// `CPU1: stopping`, and `CPU1:` where there are no NMIs. No trace follows `... skipped: idling at
/// f+0x1/0x2`.
pub(super) fn is_other_processor(text: &[u8]) -> bool {
    if text.starts_with(b"NMI backtrace for cpu") {
        return memmem::find(text, b" skipped").is_none();
    }
    let mut cursor = Cursor::new(text);
    cursor.eat(b"CPU")
        && cursor.decimal().is_some()
        && matches!(cursor.rest().trim_ascii_end(), b": stopping" | b":")
}

/// Whether a line says that what follows was asked for by a key, `sysrq: Show State`: it is of no report
/// before.
pub(super) fn is_asked_for(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"sysrq: ").unwrap_or(text);
    let rest = rest.strip_prefix(b"SysRq : ").unwrap_or(rest);
    rest.len() < text.len() && (rest.starts_with(b"Show ") || rest.starts_with(b"show-"))
}

/// Whether the place in such a line is itself the first entry of the trace: `INFO: Freed in f+0x1/0x2 age=1`
pub(super) fn has_frame(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"INFO: ").unwrap_or(text);
    (text.starts_with(b"Allocated in ") || text.starts_with(b"Freed in "))
        && memmem::find(text, b" age=").is_some()
}
