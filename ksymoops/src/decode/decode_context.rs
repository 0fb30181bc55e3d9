// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one report is decoded with: the resolver for its kernel, and the persistent data that was kept.

use std::rc::Rc;

use libksym::{BuildId, KaslrSource, LoadedModule, Resolver, Sources};
use libmodfmt::journal;
use liboops::report::Report;

use super::boot::boot_of_report;
use super::{Decoder, report_sources};
use crate::journal::modules_at;
use crate::persistent::{KnownRegion, KnownToken, add_kept_sections, regions_of_boot, tokens_of_boot};

/// What one report is decoded with.
#[derive(Debug)]
pub(crate) struct DecodeContext {
    pub resolver: Rc<Resolver>,
    pub regions: Vec<KnownRegion>,
    pub tokens: Vec<KnownToken>,
    /// The boot of the journal that the report is from.
    pub boot: Option<String>,
    /// What the resolver knows.
    pub sources: Sources,
    /// Where this is known from, for the head of the report.
    pub summary: Vec<String>,
}

impl DecodeContext {
    /// Combines what the user, the report and the journal say.
    pub fn of(decoder: &Decoder, report: &Report) -> Self {
        let mut summary = Vec::new();
        let mut sources = decoder.sources.clone();
        if let Some(warning) = report_sources::add(report, &mut sources) {
            decoder.warn(warning);
        }
        let boot = boot_of_report(decoder, report, &sources, &mut summary);
        let mut regions = decoder.regions.clone();
        let mut tokens = decoder.tokens.clone();
        if let Some(boot) = boot {
            let states = modules_at(&decoder.journal, &boot.id, report.time_us);
            sources.loaded.extend(states.iter().map(|state| {
                let mut loaded = loaded_module(state.module);
                // What was there is said by `unloaded`, and that it was gone: other modules may be there now.
                if report.time_us.is_some() {
                    let is_gone = |name: &str| state.module.init_freed && name.starts_with(".init");
                    loaded.sections.retain(|(name, _)| state.loaded && !is_gone(name));
                }
                loaded
            }));
            sources.build_id = sources.build_id.or_else(|| build_id(&boot.build_id));
            sources.kaslr.journal.clone_from(&boot.text);
            regions.extend(regions_of_boot(&decoder.journal, &boot.id, report.time_us));
            // What holds now is known better than what held at the last load.
            if tokens.is_empty() {
                tokens = tokens_of_boot(&decoder.journal, &boot.id, report.time_us);
            }
        }
        add_kept_sections(&mut sources, &regions);
        let boot = boot.map(|boot| boot.id.clone());
        if let Some(servers) = &decoder.servers {
            servers.provide(report, &sources).into_iter().for_each(|warning| decoder.warn(warning));
        }
        let resolver = decoder.resolver(sources.clone());
        if let Some(offset) = resolver.kaslr_offset() {
            summary.push(match (offset.bytes, offset.source) {
                (_, KaslrSource::Release) => "kernel not moved: its release is older than KASLR".to_owned(),
                (0, source) => format!("kernel not moved, by {source}"),
                (bytes, source) => format!("kernel moved by {bytes:#x}, by {source}"),
            });
        }
        Self { resolver, regions, tokens, boot, sources, summary }
    }
}

/// The resolver for a report's kernel.
pub(crate) fn resolver_of(decoder: &Decoder, report: &Report) -> Rc<Resolver> {
    DecodeContext::of(decoder, report).resolver
}

/// A module of the journal for the resolver.
pub(super) fn loaded_module(module: &journal::LoadedModule) -> LoadedModule {
    let mut loaded = LoadedModule::new(&module.name);
    loaded.build_id = build_id(&module.build_id);
    loaded.sections.clone_from(&module.sections);
    loaded.file = module.file.as_ref().map(Into::into);
    loaded
}

fn build_id(bytes: &[u8]) -> Option<BuildId> {
    (!bytes.is_empty()).then(|| BuildId::new(bytes))
}
