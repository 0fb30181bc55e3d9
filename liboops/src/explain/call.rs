// SPDX-License-Identifier: MIT OR Apache-2.0
//! A call or jump to where no code is.

use super::address_space::half;
use super::instruction_fetch::{Fetch, fetch, fetched_address};
use super::null_pointer::is_in_first_page;
use super::{Facts, Half, Statement, StatementKind};

pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    let Some(why) = fetch(facts) else { return };
    let Some(at) = fetched_address(facts) else { return };
    let (kind, text) = if at == 0 {
        (
            StatementKind::CallToNull,
            "the processor was to execute address 0: a call or jump to NULL".to_owned(),
        )
    } else if is_in_first_page(at) {
        let text = format!("the processor was to execute {at:#x}, in the first page: NULL plus {at:#x}");
        (StatementKind::CallToNull, text)
    } else {
        let user = if half(facts.report.arch, at, facts) == Half::User { " of user space" } else { "" };
        match why {
            Fetch::NotExecutable if user.is_empty() => (
                StatementKind::CallToData,
                format!("the processor was to execute {at:#x}: memory that is not executable, such as data"),
            ),
            Fetch::NotExecutable => (
                StatementKind::CallToData,
                format!("the processor was to execute {at:#x}: memory{user}, not executable for the kernel"),
            ),
            Fetch::Unmapped => (
                StatementKind::CallToUnmapped,
                format!("the processor was to execute {at:#x}{}, where nothing is mapped", comma(user)),
            ),
            Fetch::Unknown => return,
        }
    };
    statements.push(Statement::new(kind, text).with("address", at));
}

fn comma(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(", an address{words}") }
}
