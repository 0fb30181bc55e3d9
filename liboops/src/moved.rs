// SPDX-License-Identifier: MIT OR Apache-2.0
//! From places in a message that was put together to places in the log.

use crate::report::{Code, Origin, Place, Register, Report, Span, State};

/// Moves the spans that a message added to a report: `origins` are the offsets of the message's bytes from `base`, where the spans count from.
pub(super) fn to_origins(report: &mut Report, base: u64, origins: &[usize]) {
    let moved = |span: Span| {
        let at = |offset: u64| {
            let origin = origins.get(usize::try_from(offset.checked_sub(base)?).ok()?)?;
            Some(base.saturating_add(u64::try_from(*origin).ok()?))
        };
        let start = at(span.start)?;
        let end = span.end.checked_sub(1).and_then(at).map_or(start, |last| last.saturating_add(1));
        Some(Span { start, end: end.max(start) })
    };
    // What earlier messages added is in front, and has lower offsets: it is not looked at.
    let moves = |span: &mut Span| {
        let is_new = span.start >= base;
        if let Some(new) = moved(*span).filter(|_| is_new) {
            *span = new;
        }
        is_new
    };
    let place = |place: &mut Place| moves(&mut place.span);
    moves(&mut report.title.span);
    let _ = report.mentions.iter_mut().rev().take_while(|one| one.span.start >= base).map(place).count();
    let _ = report
        .frames
        .iter_mut()
        .rev()
        .map(|frame| &mut frame.place)
        .map_while(|one| place(one).then_some(()))
        .count();
    let _ = report.words.iter_mut().rev().map_while(|word| moves(&mut word.span).then_some(())).count();
    let state = |state: &mut State| {
        let register = |register: &mut Register| moves(&mut register.span).then_some(());
        let _ = state.registers.iter_mut().rev().map_while(register).count();
        if let Some(pc) = &mut state.pc {
            place(pc);
        }
        if let Some(Code { span, .. }) = &mut state.code {
            moves(span);
        }
    };
    let last = report.states.len().saturating_sub(1);
    let fault = report.states.iter().position(|state| state.origin == Origin::Fault);
    if let Some(fault) = fault.filter(|&fault| fault != last).and_then(|fault| report.states.get_mut(fault)) {
        state(fault);
    }
    report.states.last_mut().map(state);
    let context = &mut report.context;
    let of_context = [
        context.taint.as_mut().map(|taint| &mut taint.span),
        context.release.as_mut().map(|release| &mut release.span),
        context.kernel_offset.as_mut().map(|offset| &mut offset.span),
    ];
    for span in of_context.into_iter().flatten() {
        moves(span);
    }
    let modules = context.modules.iter_mut().flatten().rev();
    let _ = modules.map_while(|module| moves(&mut module.span).then_some(())).count();
}
