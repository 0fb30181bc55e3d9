// SPDX-License-Identifier: MIT OR Apache-2.0
//! What powerpc's debugger xmon prints in place of an oops: `pc: c0000000008cb4dc: .f+0x2c/0x110`, then a
//! trace.

use super::context::Context;
use super::place::{Frame, Place};
use super::places_in_line;
use super::span::Hex;
use super::state::{Origin, Register, State, Word, WordRole};
use crate::cursor::{Cursor, number_after, text};
use crate::message::Message;

/// Names of values that are not taken apart.
const OTHERS: [&[u8]; 5] = [b"current =", b"paca ", b"softe:", b"enter ? for help", b"--- Exception:"];

/// Names of registers, in capital letters as in an oops.
const REGISTERS: [(&[u8], &str); 4] =
    [(b"sp: ", "SP"), (b"msr: ", "MSR"), (b"dar: ", "DAR"), (b"dsisr: ", "DSISR")];

/// What such lines say, to be added to a report.
#[derive(Debug, Default)]
pub(super) struct XmonLine {
    pub state: Option<State>,
    /// The processor, by the length of an address.
    pub arch: Option<&'static str>,
    pub return_address: Option<Place>,
    pub register: Option<Register>,
    pub frame: Option<Frame>,
    pub word: Option<Word>,
}

/// Whether the title of a report is xmon's: `cpu 0x3: Vector: 300 (Data Access) at [c00000000123f8e0]`,
/// without the processor where there is only one
pub(super) fn is_title(title: &str) -> bool {
    title.starts_with("cpu 0x") && title.contains(": Vector: ") || title.starts_with("Vector: ")
}

/// Reads a line of xmon's. `None` if it is not one.
pub(super) fn read(message: &Message<'_>, context: &mut Context) -> Option<XmonLine> {
    let mut cursor = Cursor::new(message.text);
    cursor.blanks();
    let start = cursor.position();
    let rest = cursor.rest();
    let mut line = XmonLine::default();
    if cursor.eat(b"pc: ") {
        let place = Place { exact: true, ..place(message, cursor, start)? };
        line.arch = Some(if Cursor::at(message.text, start.saturating_add(4)).hex()?.1 == 8 {
            "ppc"
        } else {
            "ppc64"
        });
        line.state = Some(State { pc: Some(place), ..State::new(Origin::Fault) });
    } else if cursor.eat(b"lr: ") {
        line.return_address = Some(place(message, cursor, start)?);
    } else if let Some((_, name)) = REGISTERS.iter().find(|(label, _)| cursor.eat(label)) {
        let start = cursor.position();
        let (value, digits) = cursor.hex()?;
        let span = message.span(start..cursor.position());
        line.register = Some(Register { name, value: Hex(value), span });
        if *name == "DAR" {
            line.word = Some(Word { value: Hex(value), span, role: WordRole::FaultAddress });
        }
        // The lowest bit is set in little-endian kernels.
        line.arch = (*name == "MSR" && digits == 16 && value & 1 == 1).then_some("ppc64le");
    } else if rest.starts_with(b"pid ") {
        let pid = number_after(rest, b"= ").and_then(|pid| u32::try_from(pid).ok());
        context.pid = pid.or(context.pid);
        let comm = memchr::memmem::find(rest, b"comm = ").and_then(|at| rest.get(at.saturating_add(7)..));
        context.comm = comm.map(|comm| text(comm.trim_ascii())).or(context.comm.take());
    } else if cursor.eat(b"[") {
        // `[c00000000123fb60] c0000000008cb4d0 .f+0x20/0x110`, `[link register   ] c0000000008cb4d0
        // .f+0x20/0x110`
        cursor.take_while(|byte| byte != b']');
        cursor.eat(b"]").then_some(())?;
        cursor.blanks();
        line.frame = Some(Frame::new(place(message, cursor, start)?));
    } else if !OTHERS.iter().any(|other| rest.starts_with(other)) {
        return None;
    }
    Some(line)
}

/// `c0000000008cb4dc: .f+0x2c/0x110 [module]`
fn place(message: &Message<'_>, mut cursor: Cursor<'_>, start: usize) -> Option<Place> {
    let (value, digits) = cursor.hex()?;
    cursor.eat(b":");
    let end = cursor.position();
    let rest = message.part(end..message.text.len());
    let named = places_in_line::all(&rest).into_iter().next();
    let mut place = named.as_ref().map(|found| found.place.clone()).unwrap_or_default();
    place.address = (digits >= 8).then_some(Hex(value));
    let last = named.map_or(end, |found| end.saturating_add(found.end));
    place.span = message.span(start..last);
    Some(place)
}
