// SPDX-License-Identifier: MIT OR Apache-2.0
//! The disassembled code.

use std::io::{self, Write};

use super::markup;
use crate::decode::AnnotationKind;
use crate::render::annotation_line::Style;
use crate::render::report_view::ReportView;
use crate::render::text;

pub(super) fn write(view: &ReportView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let listings = view.annotations.iter().filter(|annotation| {
        matches!(annotation.kind, AnnotationKind::Instructions(_) | AnnotationKind::NoInstructions(_))
    });
    for annotation in listings {
        markup::fold(out, "instructions", true)?;
        write!(out, "<pre>")?;
        for line in text::lines(&annotation.kind, Some(&view.common)) {
            let text = markup::text(&line.text);
            match line.style {
                Style::Failed => writeln!(out, "<span class=\"bad\">{text}</span>")?,
                _ => writeln!(out, "{text}")?,
            }
        }
        writeln!(out, "</pre></details>")?;
    }
    Ok(())
}
