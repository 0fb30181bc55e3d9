// SPDX-License-Identifier: MIT OR Apache-2.0
//! A general protection fault where the kernel calls or jumps to what is in a register: no code can be there.

use super::address_space::half;
use super::non_canonical::not_canonical;
use super::{Facts, Half, Statement, StatementKind};
use crate::report::Kind;

/// Behind it is the register: indirect calls go through such functions since Spectre.
const THUNK: &str = "__x86_indirect_thunk_";

/// `None` also if code could be there.
pub(super) fn explain(facts: &Facts<'_>) -> Option<Statement> {
    let report = facts.report;
    if report.kind != Kind::GeneralProtection || report.arch != Some("x86_64") {
        return None;
    }
    let state = report.fault()?;
    let symbol = state.pc.as_ref()?.symbol.as_deref()?;
    let name = symbol.strip_prefix(THUNK).or_else(|| of_instruction(facts.instruction.as_deref()?))?;
    let in_log = match name {
        "r8" => "R08".to_owned(),
        "r9" => "R09".to_owned(),
        _ => name.to_ascii_uppercase(),
    };
    let at = state.register(&in_log)?;
    if half(report.arch, at, facts) != Half::Between {
        return None;
    }
    let text = format!("the call or jump was to {name}, {at:#x}, which {}", not_canonical(facts));
    Some(Statement::new(StatementKind::NonCanonical, text).with("address", at).with(name, at))
}

/// The register of `call *%rax`.
fn of_instruction(text: &str) -> Option<&str> {
    let (mnemonic, register) = text.split_once(" *%")?;
    let is_jump = mnemonic.split(' ').any(|word| word.starts_with("call") || word.starts_with("jmp"));
    register.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(register).filter(|_| is_jump)
}
