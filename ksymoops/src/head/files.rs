// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files that symbols and lines are from.

use std::path::Path;

use modcli::os_text;

use super::{BuildRoot, Fact};
use crate::decode::{Annotation, AnnotationKind};

/// So many files are named.
const MAX_FILES: usize = 6;

pub(super) fn facts(annotations: &[&Annotation], root: &BuildRoot) -> Vec<Fact> {
    let answers = annotations.iter().filter_map(|annotation| match &annotation.kind {
        AnnotationKind::Code { answer, .. } | AnnotationKind::Data { answer, .. } => Some(answer),
        _ => None,
    });
    let mut files: Vec<&Path> = Vec::new();
    for location in answers.flat_map(|answer| &answer.candidates) {
        for file in [Some(&location.symbol_source), location.line_source.as_ref()].into_iter().flatten() {
            if !files.contains(&file.as_path()) {
                files.push(file);
            }
        }
    }
    let mut texts: Vec<String> = files.iter().take(MAX_FILES).map(os_text).collect();
    if let Some(more) = files.len().checked_sub(MAX_FILES).filter(|&more| more > 0) {
        texts.push(format!("{more} more"));
    }
    texts.extend(root.folder().map(|folder| format!("sources below {folder}")));
    texts.into_iter().map(Fact::new).collect()
}
