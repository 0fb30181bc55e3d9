// SPDX-License-Identifier: MIT OR Apache-2.0
//! Entries of call traces: addresses without names, and which entries are no return addresses.

use super::block::Report;
use super::place::Place;
use super::places_in_line;
use crate::arch;
use crate::cursor::{Cursor, text};
use crate::message::Message;

/// Reads entries that have only addresses, of which old kernels print many in a line: `[<c0123456>]
/// [<c0123500>]`,
/// `[<c0123456>] (module) [<c0123500>]`, `[c000000001234567] [c000000001234570] 0xc000000001234570
/// (unreliable)`,
/// `0xffffffffc0001234`. `None` if there is anything else in the line.
pub(super) fn bare(message: &Message<'_>) -> Option<Vec<Place>> {
    if let Some(found) = places_in_line::bare(message) {
        return Some(vec![found.place]);
    }
    let mut cursor = Cursor::new(message.text);
    for name in [&b"Call Trace:"[..], b"Call trace:", b"Trace:", b"Backtrace:"] {
        cursor.blanks();
        if cursor.eat(name) {
            break;
        }
    }
    let mut places: Vec<Place> = Vec::new();
    loop {
        cursor.blanks();
        if cursor.is_at_end() {
            break;
        }
        let start = cursor.position();
        if cursor.eat(b"(") {
            // A module's name, or how far the next address is up the stack.
            let note = cursor.take_while(|byte| byte != b')');
            if !cursor.eat(b")") || places.is_empty() {
                return None;
            }
            if note == b"unreliable"
                && let Some(last) = places.last_mut()
            {
                last.unreliable = true;
            }
            continue;
        }
        if cursor.eat(b"0x") {
            // Repeats the address.
            cursor.hex().filter(|_| !places.is_empty())?;
            continue;
        }
        if let Some(last) = places.last_mut()
            && let Some(module) = module(&mut cursor)
        {
            last.module = Some(module);
            continue;
        }
        let angled = cursor.eat(b"[<");
        if !angled && !cursor.eat(b"[") {
            return None;
        }
        let (value, digits @ (8 | 16)) = cursor.hex()? else { return None };
        if !cursor.eat(if angled { b">]" } else { b"]" }) {
            return None;
        }
        let address = places_in_line::address(value, digits)?;
        let span = message.span(start..cursor.position());
        places.push(Place { address: Some(address), span, ..Place::default() });
        if !angled && places.len() == 2 {
            // powerpc has the stack pointer first.
            places.remove(0);
        }
    }
    (!places.is_empty()).then_some(places)
}

/// `[module]`, behind an address
fn module(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut ahead = *cursor;
    if !ahead.eat(b"[") {
        return None;
    }
    let name = ahead.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let is_address = matches!(name.len(), 8 | 16) && name.iter().all(u8::is_ascii_hexdigit);
    if name.is_empty() || is_address || !ahead.eat(b"]") {
        return None;
    }
    *cursor = ahead;
    Some(text(name))
}

/// `[c000000001234567]`, which powerpc puts before the address, also in front of an address without brackets
/// (its debugger xmon).
pub(super) fn is_stack_pointer(text: &[u8]) -> bool {
    let mut cursor = Cursor::new(text);
    if !cursor.eat(b"[") || !matches!(cursor.hex(), Some((_, 8..=16))) || !cursor.eat(b"]") {
        return false;
    }
    cursor.blanks();
    cursor.hex();
    cursor.is_at_end()
}

/// Finds out whether an entry is a return address. `first` is whether it begins the trace.
pub(super) fn settle(report: &Report, place: &mut Place, first: bool) {
    let Some(arch) = arch::by_name(report.arch) else { return };
    // The unwinders of most architectures begin with the instruction pointer.
    if first && arch.traces_from_pc() && !place.unreliable {
        let pc = report.states.iter().rev().filter_map(|state| state.pc.as_ref());
        if let Some(pc) = pc.take(2).find(|pc| is_same(pc, place)) {
            place.exact = pc.exact;
            return;
        }
    }
    let version = || report.context.release.as_ref().and_then(|release| version(&release.value));
    if place.symbol.is_some()
        && (version().is_some_and(|version| arch.traces_calls(version)) || is_call(report))
    {
        place.exact = true;
    }
}

fn is_same(pc: &Place, place: &Place) -> bool {
    let by_name = pc.symbol.is_some() && (&pc.symbol, pc.offset) == (&place.symbol, place.offset);
    let by_address = pc.address.is_some() && pc.address == place.address;
    by_name || pc.symbol.is_none() && by_address
}

/// Major and minor number of a release such as `4.1.52-g1234`.
fn version(release: &str) -> Option<(u64, u64)> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Whether the trace has the call, four bytes before the return address that is in `ra`. RISC-V kernels did
/// so or not, depending on their configuration (`walk_stackframe()` up to 5.18).
fn is_call(report: &Report) -> bool {
    if !matches!(report.arch, Some("riscv64" | "riscv32")) {
        return false;
    }
    let Some(ra) = report.fault().and_then(|state| state.return_address.as_ref()) else { return false };
    let is_before = |place: &Place| {
        place.symbol.is_some() && place.symbol == ra.symbol && place.offset.checked_add(4) == Some(ra.offset)
            || ra.symbol.is_none()
                && place.address.zip(ra.address).is_some_and(|(call, ra)| call.0.checked_add(4) == Some(ra.0))
    };
    report.frames.iter().take(3).any(|frame| is_before(&frame.place))
}
