// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places behind a label: `PC is at f+0x1/0x2 [m]`, `NIP [c000] f+0x1/0x2`, `epc   : 8010 f+0x1/0x2`.

use crate::cursor::Cursor;
use crate::message::Message;
use crate::report::{Hex, Place, places_in_line};

/// The place that a message has from a byte on: `f+0x1/0x2`, `0xaddress`, `[<address>]`, `address f+0x1/0x2`.
/// It is taken to be exact if `exact`.
pub(super) fn at(message: &Message<'_>, from: usize, exact: bool) -> Option<Place> {
    let rest = message.part(from..message.text.len());
    let mut cursor = Cursor::new(rest.text);
    cursor.blanks();
    let start = cursor.position();
    let bracketed = cursor.eat(b"[<") || cursor.eat(b"[") || cursor.eat(b"<");
    let prefixed = cursor.eat(b"0x");
    let number = cursor.hex().filter(|(_, digits)| prefixed || *digits >= 8);
    let mut end = cursor.position();
    if bracketed {
        cursor.take_while(|byte| matches!(byte, b'>' | b']'));
        end = cursor.position();
    }
    // Unlike those of call traces these addresses are never hashed.
    let address = number.map(|(value, _)| Hex(value));
    let named = places_in_line::all(&rest).into_iter().next();
    if let Some(found) = named {
        let mut place = found.place;
        // `epc   : 80123456 f+0x1/0x2`
        if place.address.is_none() && number.is_some() && only_blanks(&rest, end, found.start) {
            place.address = address;
            place.span = rest.span(start..found.end);
        }
        place.exact = exact;
        return Some(place);
    }
    let span = rest.span(start..end);
    number.map(|_| Place { address, span, exact, ..Place::default() })
}

fn only_blanks(message: &Message<'_>, from: usize, to: usize) -> bool {
    let between = message.text.get(from..to).unwrap_or_default();
    between.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'('))
}
