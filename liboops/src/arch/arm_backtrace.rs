// SPDX-License-Identifier: MIT OR Apache-2.0
//! Call traces of 32-bit ARM, in which each line has a function and its caller.
//!
//! | form | kernels |
//! |---|---|
//! | `[<a>] (f+0x1/0x2) from [<b>] (g+0x3/0x4)` | to 3.11 |
//! | `[<a>] (f) from [<b>] (g+0x3/0x4)` | 3.12 to 5.18 |
//! | ` f from g+0x3/0x4` | since 5.19 |
//! | `Function entered at [<a>] from [<b>]` | without kallsyms |
//!
//! What is known of the function before `from` differs: a kernel with frame pointers prints where it begins,
//! one with an unwinder its instruction pointer (`c_backtrace` and `unwind_backtrace()`, up to 7.0).

use memchr::memmem;

use super::architecture::{Item, Reading};
use super::numbers;
use super::thumb::without_thumb_bit;
use crate::cursor::{Cursor, text};
use crate::message::Message;
use crate::report::{Place, places_in_line};

/// Names of registers in `r7:80f6e078 r6:00000000`, below a line of a trace with frame pointers.
const SAVED: &[&str] = &["r10", "r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0", "fp", "ip", "sl"];

pub(super) fn read(message: &Message<'_>) -> Option<Reading> {
    if let Some(call) = call(message) {
        return Some(call);
    }
    is_saved(message).then(Reading::default)
}

/// ` r7:80f6e078 r6:00000000`, ` r5 = C01D8A20  r4 = 00000000`. Registers of the processor have blanks behind
/// the colon.
fn is_saved(message: &Message<'_>) -> bool {
    let saved = numbers::pairs(SAVED, message).or_else(|| numbers::pairs_with(SAVED, message, b"="));
    let is_tight = message
        .text
        .iter()
        .zip(message.text.iter().skip(1))
        .all(|(mark, next)| *mark != b':' || *next != b' ');
    message.text.first() == Some(&b' ')
        && is_tight
        && saved.is_some_and(|all| all.iter().all(|one| one.span.len() == 8))
}

fn call(message: &Message<'_>) -> Option<Reading> {
    let at = memmem::find(message.text, b" from ")?;
    let before = message.part(0..at);
    let after = message.part(at.saturating_add(6)..message.text.len());
    let entered = before.text.trim_ascii_start().starts_with(b"Function entered at ");
    // What syzkaller adds for inlined functions: `[<a>] (f) from [<b>] (h file.c:1 [inline])`
    if after.text.trim_ascii_end().ends_with(b" [inline])") {
        let inlined = places_in_line::all(&after).into_iter().next()?.place;
        return Some(Reading::of(vec![Item::Arch("arm"), Item::Frames(vec![inlined])]));
    }
    let skipped = before.text.len().saturating_sub(before.text.trim_ascii_start().len());
    let callee_at = if entered { skipped.saturating_add(20) } else { skipped };
    let callee = side(&before.part(callee_at..before.text.len()))?;
    let caller = side(&after)?;
    if !entered && caller.size.is_none() {
        return None;
    }
    let (callee, caller) = (without_thumb_bit(callee), without_thumb_bit(caller));
    Some(Reading::of(vec![Item::Arch("arm"), Item::Call { callee, caller }]))
}

/// `[<a>] (f+0x1/0x2 [m])`, `[<a>]`, `f [m]`, and nothing else.
fn side(message: &Message<'_>) -> Option<Place> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let start = cursor.position();
    let mut place = Place::default();
    if cursor.eat(b"[<") {
        let (value, digits) = cursor.hex()?;
        if digits > 8 || !cursor.eat(b">]") {
            return None;
        }
        place.address = places_in_line::address(value, digits);
        place.span = message.span(start..cursor.position());
        cursor.blanks();
        if cursor.is_at_end() {
            return Some(place);
        }
    }
    let bracketed = cursor.eat(b"(");
    if let Some(found) = places_in_line::all(message).into_iter().next() {
        let rest = message.text.get(found.end..).unwrap_or_default();
        let is_alone = rest.iter().all(|byte| matches!(byte, b' ' | b')'))
            && (found.start == start || cursor.position() >= found.start);
        return is_alone.then_some(found.place);
    }
    let name = cursor.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$'));
    if name.is_empty() || name.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    place.symbol = Some(text(name));
    let mut end = cursor.position();
    let mut ahead = cursor;
    if ahead.blanks() > 0 && ahead.eat(b"[") {
        let module = ahead.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if module.is_empty() || !ahead.eat(b"]") {
            return None;
        }
        place.module = Some(text(module));
        cursor = ahead;
        end = cursor.position();
    }
    if bracketed && cursor.eat(b")") {
        end = cursor.position();
    }
    cursor.blanks();
    place.span = message.span(start..end);
    cursor.is_at_end().then_some(place)
}
