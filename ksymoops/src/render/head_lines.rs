// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head of a report as lines: a label, and what there is to say.
//!
//! ```text
//! what    page fault: kernel NULL pointer dereference, address: 0x10; writes 4 bytes at 0x10(%rax)
//! where   meter_write+0x1b/0x30 [meter] at meter.c:38:2
//!         called by meter_store < kernfs_fop_write_iter < vfs_write
//! ```

use super::annotation_line::{AnnotationLine, Style};
use crate::head::{Fact, Head};

/// Columns of the labels.
pub(super) const LABEL_COLUMNS: usize = 8;

/// Returns the lines, which are yet to be broken.
pub(super) fn lines(head: &Head) -> Vec<AnnotationLine> {
    let mut lines = Vec::new();
    for (label, facts) in head.rows() {
        let style = match label {
            "what" => Style::Failed,
            "where" => Style::Found,
            "data" | "kept" => Style::Persistent,
            "unknown" => Style::Unknown,
            "who" => Style::Head,
            _ => Style::Plain,
        };
        // Short ones go on one line.
        let joined = matches!(label, "what" | "who" | "data" | "files" | "from");
        let facts: Vec<Fact> = if joined { vec![join(facts)] } else { facts.to_vec() };
        for (index, fact) in facts.into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let mut line = AnnotationLine::new(style, format!("{label:<LABEL_COLUMNS$}{}", fact.text));
            line.sources = fact.sources;
            lines.push(line);
        }
    }
    lines
}

fn join(facts: &[Fact]) -> Fact {
    let texts: Vec<&str> = facts.iter().map(|fact| fact.text.as_str()).collect();
    let sources = facts.iter().flat_map(|fact| fact.sources.clone()).collect();
    Fact { text: texts.join("; "), sources }
}
