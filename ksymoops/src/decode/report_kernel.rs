// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known about the kernel of a report.

use std::rc::Rc;

use libksym::{BuildId, LoadedModule, Resolver};
use liboops::report::Report;

use super::boot::boot_of_report;
use super::{Decoder, report_sources};
use crate::journal::modules_at;
use crate::persistent::{KnownRegion, regions_of_boot};

/// What is known about the kernel of a report.
#[derive(Debug)]
pub(super) struct ReportKernel {
    pub resolver: Rc<Resolver>,
    pub regions: Vec<KnownRegion>,
    /// Where this is known from, for the head of the report.
    pub summary: Vec<String>,
}

impl ReportKernel {
    /// Combines what the user, the report and the journal say.
    pub fn of(decoder: &Decoder, report: &Report) -> Self {
        let mut summary = Vec::new();
        let mut sources = decoder.sources.clone();
        if let Some(warning) = report_sources::add(report, &mut sources) {
            decoder.warn(warning);
        }
        let boot = boot_of_report(decoder, report, &sources, &mut summary);
        let mut regions = decoder.regions.clone();
        if let Some(boot) = boot {
            let states = modules_at(&decoder.journal, &boot.id, report.time_us);
            sources.loaded.extend(states.iter().map(|state| LoadedModule {
                name: state.module.name.clone(),
                build_id: build_id(&state.module.build_id),
                sections: state.module.sections.clone(),
                file: state.module.file.as_ref().map(Into::into),
            }));
            sources.build_id = sources.build_id.or_else(|| build_id(&boot.build_id));
            sources.kaslr.journal.clone_from(&boot.text);
            regions.extend(regions_of_boot(&decoder.journal, &boot.id, report.time_us));
        }
        let resolver = decoder.resolver(sources);
        if let Some(slide) = resolver.slide() {
            summary.push(format!("kernel moved by {:#x}, by {}", slide.offset, slide.source));
        }
        Self { resolver, regions, summary }
    }
}

fn build_id(bytes: &[u8]) -> Option<BuildId> {
    (!bytes.is_empty()).then(|| BuildId::new(bytes))
}
