// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address of a general protection fault that the kernel names without the displacement: kernels since
//! 5.6 work it out (`get_kernel_gp_address()` in `arch/x86/kernel/traps.c`), and some leave it out.

use super::failed_access::failed_access;
use super::{Facts, Statement, StatementKind};
use crate::report::Kind;

pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    if facts.report.kind != Kind::GeneralProtection {
        return;
    }
    let Some(named) = facts.report.fault_address() else { return };
    let Some(access) = failed_access(facts) else { return };
    let Some(address) = access.address else { return };
    let Some((register, value)) = access.only_pointer() else { return };
    // Otherwise the log has the address of the operand, or one within the access.
    if value != named || address == named || address.wrapping_sub(named) < access.size {
        return;
    }
    let text =
        format!("the access was to {} = {address:#x}; the kernel names {register} alone", access.operand);
    let statement = Statement::new(StatementKind::Displacement, text).with(register, value);
    statements.push(statement.with("address", address));
}
