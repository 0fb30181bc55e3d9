// SPDX-License-Identifier: MIT OR Apache-2.0
//! The head of a report: the answer in a few lines, before the log's own text.
//!
//! A [`Head`] is made from a report and what was found out about its lines. It says what happened, where, in
//! which task, which persistent data is involved, which files were used, and what is unknown with what to do
//! about it.

mod build_root;
mod facts;
mod files;
mod location;
mod named_functions;
mod package;
mod persistent_data;
mod searched;
mod unknown;
mod what;
mod who;
mod why;

use liboops::report::{Block, Kind, Report};

use crate::decode::{Annotation, AnnotationKind};

pub use build_root::BuildRoot;
pub use facts::{Fact, SourceLine};
pub use location::place_name;
pub use persistent_data::Regions;
pub use searched::Searched;
pub use why::is_below_report;

/// The answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// What happened.
    pub what: Vec<Fact>,
    /// Where: the place, what called it, and the first entry of a module.
    pub location: Vec<Fact>,
    /// The task, the processor, the kernel.
    pub who: Vec<Fact>,
    /// Why it happened, as far as that can be told.
    pub why: Vec<Fact>,
    /// What points into persistent data.
    pub data: Vec<Fact>,
    /// The persistent sections that `data` and the lines below the log refer to by number.
    pub regions: Vec<Fact>,
    /// The files that symbols and lines are from.
    pub files: Vec<Fact>,
    /// The boot of the journal, where the kernel was, and the machine.
    pub from: Vec<Fact>,
    /// What is unknown, and what to do about it.
    pub unknown: Vec<Fact>,
}

/// What the lines of one report have in common, said once in its head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Common {
    /// The folder in which the kernel was built.
    pub root: BuildRoot,
    /// The sections that are referred to by number.
    pub regions: Regions,
}

impl Common {
    /// What the annotations of a report have in common.
    #[must_use]
    pub fn of(annotations: &[&Annotation]) -> Self {
        Self { root: BuildRoot::of(annotations), regions: Regions::of(annotations) }
    }
}

/// Whether a report has a head: not what a user asks about by itself.
#[must_use]
pub const fn has_head(report: &Report) -> bool {
    !matches!(report.kind, Kind::Addresses)
}

impl Head {
    /// Makes the head of the report at `index` in a block. `annotations` are those of this report.
    #[must_use]
    pub fn new(
        block: &Block,
        index: usize,
        annotations: &[&Annotation],
        common: &Common,
        searched: &Searched,
    ) -> Self {
        let Some(report) = block.reports.get(index) else { return Self::default() };
        let looked_up = location::LookedUp { annotations, root: &common.root };
        Self {
            what: what::facts(block, index, report, annotations, &common.root),
            location: location::facts(report, &looked_up),
            who: who::facts(report),
            why: why::facts(annotations),
            data: common.regions.hits(),
            regions: common.regions.legend(),
            files: files::facts(annotations, &common.root),
            from: from(report, annotations),
            unknown: unknown::facts(report, annotations, searched),
        }
    }

    /// The lines by their labels, in the order in which they are shown.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, &[Fact])> {
        let rows: [(&str, &[Fact]); 9] = [
            ("what", &self.what),
            ("where", &self.location),
            ("who", &self.who),
            ("why", &self.why),
            ("data", &self.data),
            ("kept", &self.regions),
            ("files", &self.files),
            ("from", &self.from),
            ("unknown", &self.unknown),
        ];
        rows.into_iter().filter(|(_, facts)| !facts.is_empty()).collect()
    }
}

/// What was said about the report as a whole, and the machine.
fn from(report: &Report, annotations: &[&Annotation]) -> Vec<Fact> {
    let lines = annotations.iter().filter_map(|annotation| match &annotation.kind {
        AnnotationKind::Summary(lines) if is_of_report(annotation, report) => Some(lines),
        _ => None,
    });
    let hardware = report.context.hardware.iter();
    lines.flatten().chain(hardware).map(|line| Fact::new(line.as_str())).collect()
}

/// Whether an annotation is about the report as a whole, and so in its head.
#[must_use]
pub fn is_of_report(annotation: &Annotation, report: &Report) -> bool {
    matches!(annotation.kind, AnnotationKind::Summary(_)) && annotation.span == report.title.span
}
