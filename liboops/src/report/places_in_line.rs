// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places in code that a line names: `[<address>] symbol+0x1/0x2 [module build-id] (P)` and its many
//! relatives.

use memchr::memmem;

use super::place::Place;
pub(crate) use super::place::{Found, address};
use super::{klogd_places, source_suffix};
use crate::cursor::{Cursor, hex, is_blank, text};
use crate::message::Message;

/// A longer name is not a symbol.
const MAX_SYMBOL_BYTES: usize = 1024;

/// The places that a text names, which need not be of a log: `symbol+0x1/0x2 [module]`. Spans count from the
/// beginning of the text.
///
/// ```
/// let places = liboops::report::places(b"at meter_store+0x12/0x40 [meter]");
/// assert_eq!(places[0].symbol.as_deref(), Some("meter_store"));
/// assert_eq!((places[0].offset, places[0].span.start), (0x12, 3));
/// ```
#[must_use]
pub fn places(text: &[u8]) -> Vec<Place> {
    all(&Message::verbatim(text, 0)).into_iter().map(|found| found.place).collect()
}

/// Every place in a message.
pub(crate) fn all(message: &Message<'_>) -> Vec<Found> {
    let body = message.text;
    let mut found: Vec<Found> = Vec::new();
    let (mut from, mut has_klogd) = (0, false);
    while let Some(plus) = body.get(from..).and_then(|rest| memchr::memchr(b'+', rest)) {
        let plus = from.saturating_add(plus);
        from = plus.saturating_add(1);
        let least = found.last().map_or(0, |last| last.end);
        // Only klogd's `[f+324/352]` and the `{:module:f+55}` of 2.6 have decimal numbers.
        let klogd = if body.get(from..).is_some_and(|rest| rest.starts_with(b"0x")) {
            None
        } else {
            klogd_places::at(message, plus, least)
        };
        has_klogd |= klogd.is_some();
        if let Some(one) = klogd.or_else(|| around(message, plus, least)) {
            from = one.end.max(from);
            found.push(one);
        }
    }
    if found.is_empty() {
        found.extend(decoded(message));
    }
    if found.is_empty() {
        found.extend(klogd_places::of_red_hat(message));
    }
    if has_klogd {
        klogd_places::add_addresses(message, &mut found);
    }
    found
}

/// A place with source lines in place of the offset: `f (file.c:12) module`
fn decoded(message: &Message<'_>) -> Option<Found> {
    let name = source_suffix::name(message.text)?;
    let mut place = Place { symbol: message.text.get(name.clone()).map(text), ..Place::default() };
    let mut cursor = Cursor::at(message.text, name.end);
    suffixes(&mut cursor, &mut place);
    let start = marks(message.text, name.start, 0, &mut place);
    let end = cursor.position();
    place.span = message.span(start..end);
    Some(Found { place, start, end })
}

/// The place whose `+` is at this position.
fn around(message: &Message<'_>, plus: usize, least: usize) -> Option<Found> {
    let body = message.text;
    let before = body.get(least..plus)?;
    let length = before.iter().rev().take_while(|&&byte| in_symbol(byte)).count();
    if length == 0 || length > MAX_SYMBOL_BYTES {
        return None;
    }
    let symbol_at = plus.checked_sub(length)?;
    let mut symbol = body.get(symbol_at..plus)?;
    let mut cursor = Cursor::at(body, plus.saturating_add(1));
    let mut place = Place::default();
    let decimal_form = !cursor.eat(b"0x");
    let opener = symbol_at.checked_sub(1).and_then(|at| body.get(at)).copied();
    if decimal_form {
        place.offset = cursor.decimal()?;
        if opener != Some(b'{') || !cursor.eat(b"}") {
            return None;
        }
    } else {
        place.offset = cursor.hex()?.0;
        if cursor.eat(b"/0x") {
            place.size = Some(cursor.hex()?.0);
        }
    }
    if let Some(rest) = symbol.strip_prefix(b":") {
        let end = rest.iter().position(|&byte| byte == b':')?;
        place.module = rest.get(..end).map(text);
        symbol = rest.get(end.saturating_add(1)..)?;
    }
    let first = *symbol.first()?;
    if first.is_ascii_digit() || symbol.contains(&b':') {
        return None;
    }
    place.symbol = Some(text(symbol));
    suffixes(&mut cursor, &mut place);
    let opened = matches!(opener, Some(b'[' | b'{' | b'('));
    let start = marks(body, symbol_at.saturating_sub(usize::from(opened)), least, &mut place);
    let end = cursor.position();
    place.span = message.span(start..end);
    Some(Found { place, start, end })
}

/// The function that a workqueue called last, without an offset: `     last function: f [m]`, since 6.8 `...
/// workfn=f [m]`.
pub(super) fn work_function(message: &Message<'_>) -> Option<Place> {
    let body = message.text;
    let marks: [&[u8]; 2] = [b"last function: ", b" workfn="];
    let start = marks.iter().find_map(|mark| Some(memmem::find(body, mark)?.saturating_add(mark.len())))?;
    let mut cursor = Cursor::at(body, start);
    let symbol = cursor.take_while(in_symbol);
    let is_name = symbol.first().is_some_and(|first| !first.is_ascii_digit());
    let mut place = Place { symbol: Some(text(symbol)), exact: true, ..Place::default() };
    suffixes(&mut cursor, &mut place);
    place.span = message.span(start..cursor.position());
    is_name.then_some(place)
}

fn in_symbol(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b':') || byte >= 0x80
}

/// ` [module]`, ` [module 40 digits]`, ` (P)`, ` (unreliable)`, in any order
fn suffixes(cursor: &mut Cursor<'_>, place: &mut Place) {
    loop {
        if place.source.is_none() {
            source_suffix::read(cursor, place);
        }
        let mut ahead = *cursor;
        ahead.eat(b")");
        ahead.blanks();
        if ahead.eat(b"[") {
            let word = ahead.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            let mut build_id = None;
            if ahead.eat(b" ") {
                let digits = ahead.take_while(|byte| byte.is_ascii_hexdigit());
                build_id = (digits.len() >= 16).then(|| text(digits));
                if build_id.is_none() {
                    return;
                }
            }
            if word.is_empty() || word == b"inline" || place.module.is_some() || !ahead.eat(b"]") {
                return;
            }
            place.module = Some(text(word));
            place.build_id = build_id;
        } else if ahead.eat(b"(") {
            let word = ahead.take_while(|byte| byte.is_ascii_alphabetic());
            match word {
                b"unreliable" => place.unreliable = true,
                letters if !letters.is_empty() && letters.iter().all(|letter| b"CTPUFK".contains(letter)) => {
                    place.exact |= letters.contains(&b'P');
                }
                _ => return,
            }
            if !ahead.eat(b")") {
                return;
            }
        } else {
            return;
        }
        *cursor = ahead;
    }
}

/// Reads what is before the symbol: `? `, `[<address>] `, `<address>`. Returns where the place begins if that
/// is included.
fn marks(body: &[u8], symbol_at: usize, least: usize, place: &mut Place) -> usize {
    let mut start = symbol_at;
    let before = |end: usize| body.get(least..end).unwrap_or_default();
    let trimmed = |end: usize| {
        let blanks = before(end).iter().rev().take_while(|&&byte| is_blank(byte)).count();
        end.saturating_sub(blanks)
    };
    if before(trimmed(start)).ends_with(b"?") {
        place.unreliable = true;
        start = trimmed(start).saturating_sub(1);
    }
    let end = trimmed(start);
    let text = before(end);
    if let Some(length) = hidden_address(text) {
        return end.saturating_sub(length);
    }
    let closing: &[u8] = if text.ends_with(b">]") {
        b">]"
    } else if text.ends_with(b">") {
        b">"
    } else if text.ends_with(b"]") {
        b"]"
    } else {
        return start;
    };
    let inner = text.strip_suffix(closing).unwrap_or_default();
    let digits = inner.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let opening = inner.get(..inner.len().saturating_sub(digits)).unwrap_or_default();
    let opener: &[u8] = match closing {
        b">]" => b"[<",
        b">" => b"<",
        _ => b"[",
    };
    let value = inner.get(inner.len().saturating_sub(digits)..).and_then(hex);
    let (Some(value), true) = (value, opening.ends_with(opener) && digits >= 8) else { return start };
    place.address = address(value, digits);
    let bracketed = least.saturating_add(opening.len()).saturating_sub(opener.len());
    // s390 puts a place that it is not sure of in brackets: `([<address>] f+0x1/0x2)`
    if body.get(..bracketed).is_some_and(|before| before.ends_with(b"(")) {
        place.unreliable = true;
        return bracketed.saturating_sub(1);
    }
    bracketed
}

/// The length of an address at the end of a text in whose place the kernel says that it hides it, as long as
/// it has no random numbers to hash it with: `[<(ptrval)>]`, `[<(____ptrval____)>]`.
fn hidden_address(text: &[u8]) -> Option<usize> {
    let inner = text.strip_suffix(b")>]")?;
    let names: [&[u8]; 3] = [b"(ptrval", b"(____ptrval____", b"(null"];
    let opening = names.iter().find_map(|name| inner.strip_suffix(*name))?.trim_ascii_end();
    opening.ends_with(b"[<").then(|| text.len().saturating_sub(opening.len()).saturating_add(2))
}

/// Whether a message is a place and nothing else, as an entry of a call trace is.
pub(crate) fn is_frame(message: &Message<'_>) -> bool {
    let found = all(message);
    let [one] = found.as_slice() else { return false };
    let body = message.text;
    let before = body.get(..one.start).unwrap_or_default().trim_ascii();
    let after = body.get(one.end..).unwrap_or_default().trim_ascii();
    // A mail's `f+0x1` in a line of its own may be anything.
    one.place.size.is_some()
        && (matches!(before, b"" | b"?" | b"(") || is_stack_pointer(before) || is_label(before))
        && matches!(after, b"" | b")" | b"()")
}

/// `<IRQ>`, `</IRQ>`, `<EOI>`
pub(super) fn is_label(text: &[u8]) -> bool {
    let name = text.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
    let name = name.map(|name| name.strip_prefix(b"/").unwrap_or(name));
    name.is_some_and(|name| name.len() >= 3 && name.iter().all(u8::is_ascii_uppercase))
}

/// `[c000000001234567]`, which powerpc puts before the address.
pub(super) fn is_stack_pointer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    digits.is_some_and(|digits| digits.len() >= 8 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// A lone `[<address>]`, `[<address>] 0xaddress` or `0xaddress` as a frame.
pub(super) fn bare(message: &Message<'_>) -> Option<Found> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let start = cursor.position();
    let mut place = Place::default();
    if cursor.eat(b"? ") {
        place.unreliable = true;
    }
    let (value, digits) = if cursor.eat(b"[<") {
        let (value, digits) = cursor.hex()?;
        if !cursor.eat(b">]") {
            return None;
        }
        cursor.blanks();
        place.unreliable |= cursor.eat(b"? ");
        if cursor.eat(b"0x") {
            cursor.hex()?;
        }
        (value, digits)
    } else if cursor.eat(b"0x") {
        cursor.hex()?
    } else {
        return None;
    };
    let end = cursor.position();
    cursor.blanks();
    if digits < 8 || !cursor.is_at_end() {
        return None;
    }
    place.address = Some(address(value, digits)?);
    place.span = message.span(start..end);
    Some(Found { place, start, end })
}
