// SPDX-License-Identifier: MIT OR Apache-2.0
//! An address of user space that the kernel accessed.

use super::address_space::half;
use super::subject::Subject;
use super::{Facts, Half, Statement, StatementKind};

/// Programs may not map anything below (`mmap_min_addr`, which most distributions set).
const LOWEST: u64 = 0x1_0000;

pub(super) fn explain(facts: &Facts<'_>, subject: &Subject) -> Option<Statement> {
    let at = subject.address;
    if at < LOWEST || half(facts.report.arch, at, facts) != Half::User {
        return None;
    }
    let text = format!("{at:#x} is an address of user space, or a number: not an address of the kernel's");
    Some(Statement::new(StatementKind::UserPointer, text).with("address", at))
}
