// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is shown of a report: its annotations and its head.

use std::cell::OnceCell;
use std::collections::HashMap;

use liboops::report::{Block, Span};

use crate::decode::Annotation;
use crate::head::{self, Common, Head, Searched};

/// What is shown of a report.
#[derive(Debug)]
pub(super) struct ReportView<'a> {
    pub annotations: Vec<&'a Annotation>,
    pub common: Common,
    pub head: Option<Head>,
    /// The first annotation of each span, by its place in the list.
    by_span: OnceCell<HashMap<(u64, u64), usize>>,
}

impl<'a> ReportView<'a> {
    /// Those of all reports of a block.
    pub fn all(block: &Block, annotations: &'a [Annotation], searched: &Searched) -> Vec<Self> {
        let mut of_reports: Vec<Vec<&Annotation>> = vec![Vec::new(); block.reports.len()];
        for annotation in annotations {
            if let Some(own) = of_reports.get_mut(annotation.report) {
                own.push(annotation);
            }
        }
        let views = of_reports.into_iter().zip(&block.reports).enumerate();
        views
            .map(|(index, (annotations, report))| {
                let has_head = head::has_head(report);
                let common = if has_head { Common::of(&annotations) } else { Common::default() };
                let head = has_head.then(|| Head::new(block, index, &annotations, &common, searched));
                Self { annotations, common, head, by_span: OnceCell::new() }
            })
            .collect()
    }

    /// The first annotation about a part of the input.
    pub fn at(&self, span: Span) -> Option<&'a Annotation> {
        let by_span = self.by_span.get_or_init(|| {
            let all = self.annotations.iter().enumerate().rev();
            all.map(|(index, one)| ((one.span.start, one.span.end), index)).collect()
        });
        self.annotations.get(*by_span.get(&(span.start, span.end))?).copied()
    }
}
