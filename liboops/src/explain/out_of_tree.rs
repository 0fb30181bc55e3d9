// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first place outside of the kernel's own tree: of a module that the list of modules marks with `O`.

use super::{Facts, Statement, StatementKind};
use crate::report::{Place, Trace};

pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    let report = facts.report;
    let Some(modules) = &report.context.modules else { return };
    let pc = report.fault().and_then(|state| state.pc.as_ref());
    let own = report.frames.iter().filter(|frame| frame.trace == Trace::Own).map(|frame| &frame.place);
    let mut places = pc.into_iter().chain(own).filter(|place| !place.unreliable);
    let is_outside = |place: &&Place| {
        let module = modules.iter().find(|module| Some(&module.name) == place.module.as_ref());
        module.is_some_and(|module| module.flags.contains('O'))
    };
    let Some(place) = places.find(is_outside) else { return };
    let (Some(symbol), Some(module)) = (&place.symbol, &place.module) else { return };
    let text =
        format!("first place outside of the kernel's own tree: {symbol}+{:#x} [{module}]", place.offset);
    statements.push(Statement::new(StatementKind::OutOfTree, text).with("offset", place.offset));
}
