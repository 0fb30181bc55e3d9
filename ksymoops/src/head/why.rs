// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why it happened: the statements that fit into a head.

use liboops::explain::{Statement, StatementKind};

use super::Fact;
use crate::decode::{Annotation, AnnotationKind};

/// What was said about the cause.
pub(super) fn facts(annotations: &[&Annotation]) -> Vec<Fact> {
    let statements = annotations.iter().filter_map(|annotation| match &annotation.kind {
        AnnotationKind::Why(statements) => Some(statements),
        _ => None,
    });
    let short = statements.flatten().filter(|one| {
        // What the taint means is said of the kernel.
        !matches!(one.kind, StatementKind::Taint) && !is_below_report(one)
    });
    short.map(|one| Fact::new(one.text.as_str())).collect()
}

/// Whether a statement is shown below the report although it has a head: variables are too many for that.
#[must_use]
pub const fn is_below_report(statement: &Statement) -> bool {
    matches!(statement.kind, StatementKind::Variable)
}
