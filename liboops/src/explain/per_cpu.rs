// SPDX-License-Identifier: MIT OR Apache-2.0
//! An access to a variable that each processor has one of. On x86-64 the kernel reaches those of the
//! processor that it runs on through GS.

use super::failed_access::failed_access;
use super::{Facts, Statement, StatementKind};

pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    if facts.report.arch != Some("x86_64") {
        return;
    }
    let Some(access) = failed_access(facts).filter(|access| access.operand.starts_with("%gs:")) else {
        return;
    };
    let base = access.registers.iter().find(|(name, _)| name == "gs_base").and_then(|(_, value)| *value);
    let (Some(base), Some(address)) = (base, access.address) else { return };
    // On the way into the kernel it is still that of the program.
    if base >> 63 == 0 {
        return;
    }
    let offset = address.wrapping_sub(base);
    let text = format!(
        "{} is per-CPU data: offset {offset:#x} from this processor's base {base:#x}",
        access.operand
    );
    let statement = Statement::new(StatementKind::PerCpu, text).with("gs_base", base);
    statements.push(statement.with("offset", offset).with("address", address));
}
