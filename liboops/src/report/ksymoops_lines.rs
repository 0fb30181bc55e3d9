// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of ksymoops's classic output, which has the log's lines as well: `Trace; c0112345
//! <schedule+144/160>`.

use super::place::Place;
use super::span::Hex;
use crate::cursor::{Cursor, is_blank, text};
use crate::message::Message;

/// What a line of that output is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KsymoopsLine {
    /// `>>EIP; c026cd54 <__kfree_skb+144/160>   <=====`
    Pc(Place),
    /// `Trace; c0112345 <schedule+144/160>`
    Trace(Place),
    /// A register, an instruction, a task.
    Other,
}

/// Names of instruction pointers.
const POINTERS: [&[u8]; 9] = [b"EIP", b"RIP", b"PC", b"TPC", b"NIP", b"PSW", b"IP", b"NPC", b"???"];

/// Reads such a line. `None` if it is another one.
pub(super) fn read(message: &Message<'_>) -> Option<KsymoopsLine> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    if cursor.eat(b">>") {
        let name = cursor.take_while(|byte| byte != b';' && !is_blank(byte));
        if !cursor.eat(b"; ") {
            return None;
        }
        let place = place(message, cursor).map(|place| Place { exact: true, ..place });
        let pc = place.filter(|_| POINTERS.contains(&name)).map(KsymoopsLine::Pc);
        return Some(pc.unwrap_or(KsymoopsLine::Other));
    }
    if cursor.eat(b"Trace; ") {
        return Some(place(message, cursor).map_or(KsymoopsLine::Other, KsymoopsLine::Trace));
    }
    let others: [&[u8]; 4] = [b"Code;  ", b"Proc;  ", b"Adhoc ", b"Using defaults from ksymoops "];
    others.iter().any(|other| cursor.rest().starts_with(other)).then_some(KsymoopsLine::Other)
}

/// `c026cd54 <[module]symbol+144/160>`
fn place(message: &Message<'_>, mut cursor: Cursor<'_>) -> Option<Place> {
    let start = cursor.position();
    let (value, digits) = cursor.hex()?;
    cursor.blanks();
    let mut place = Place { address: Some(Hex(value)), ..Place::default() };
    if digits < 8 || !cursor.eat(b"<") {
        return None;
    }
    if cursor.eat(b"[") {
        place.module = Some(text(cursor.take_while(|byte| byte != b']')));
        cursor.eat(b"]");
    }
    let symbol = cursor.take_while(|byte| !matches!(byte, b'+' | b'>') && !is_blank(byte));
    // `<END_OF_CODE+1234/????>` is no symbol, nor is `Before first symbol`.
    let is_symbol = !symbol.is_empty() && symbol != b"END_OF_CODE";
    if cursor.eat(b"+") {
        let (offset, _) = cursor.hex()?;
        let size = cursor.eat(b"/").then(|| cursor.hex()).flatten();
        if is_symbol {
            place.symbol = Some(text(symbol));
            place.offset = offset;
            place.size = size.map(|(size, _)| size);
        }
    }
    cursor.take_while(|byte| byte != b'>');
    cursor.eat(b">");
    place.span = message.span(start..cursor.position());
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line() {
        let read = |text: &str| read(&Message::verbatim(text.as_bytes(), 0));
        let Some(KsymoopsLine::Pc(pc)) = read(">>EIP; c026cd54 <__kfree_skb+144/160>   <=====") else {
            panic!("no instruction pointer");
        };
        assert_eq!((pc.symbol.as_deref(), pc.offset, pc.size), (Some("__kfree_skb"), 0x144, Some(0x160)));
        let Some(KsymoopsLine::Trace(place)) = read("Trace; d08a1234 <[nfsd]nfsd_svc+10/20>") else {
            panic!("no trace");
        };
        assert_eq!((place.symbol.as_deref(), place.module.as_deref()), (Some("nfsd_svc"), Some("nfsd")));
        for line in [">>ebx; c84e41a0 <_end+7e7a5d4/1058e494>", "Code;  c026cd54 <f+144/160>", "Proc;  bash"]
        {
            assert_eq!(read(line), Some(KsymoopsLine::Other), "{line}");
        }
        for line in ["Trace: c0112345", ">> quoted", "Code: 8b 40", ""] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
