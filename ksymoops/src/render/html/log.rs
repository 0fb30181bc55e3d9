// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lines of the log, with what they mean below them.

use std::collections::HashSet;
use std::io::{self, Write};

use liboops::report::Block;

use super::markup;
use crate::decode::{Annotation, AnnotationKind};
use crate::render::annotation_line::Style;
use crate::render::report_view::ReportView;
use crate::render::text;

pub(super) fn write(
    block: &Block,
    annotations: &[Annotation],
    views: &[ReportView<'_>],
    only_reports: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    markup::fold(out, &format!("log, {} lines", block.lines.len()), false)?;
    write!(out, "<pre>")?;
    let mut rest = annotations;
    for (index, line) in block.lines.iter().enumerate() {
        let count = rest.iter().take_while(|annotation| annotation.line <= index).count();
        let (here, later) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = later;
        if only_reports && line.report.is_none() && here.is_empty() {
            continue;
        }
        let bytes = block.slice(line.span);
        writeln!(out, "{}", markup::log(bytes.trim_ascii_end())?)?;
        let mut said = HashSet::new();
        // Instructions have a part of their own.
        let shown = here.iter().filter(|one| !matches!(one.kind, AnnotationKind::Instructions(_)));
        for annotation in shown {
            let common = views.get(annotation.report).map(|view| &view.common);
            for line in text::lines(&annotation.kind, common) {
                if said.insert(line.text.clone()) {
                    let class = if line.style == Style::Failed { "bad" } else { "note" };
                    writeln!(out, "    <span class=\"{class}\">{}</span>", markup::text(&line.text))?;
                }
            }
        }
    }
    writeln!(out, "</pre></details>")
}
