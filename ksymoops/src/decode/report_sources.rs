// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a report itself says about its kernel: release, version, build ids, KASLR.

use std::collections::HashSet;

use libksym::{KaslrPair, LoadedModule, Sources};
use liboops::report::Report;

use crate::Warning;

/// A report has hundreds of addresses with symbols; the first few tell the KASLR offset.
const MAX_PAIRS: usize = 16;

/// Adds what the report says to `sources`. The report is believed; if the user named another release, that is
/// the warning returned.
pub(super) fn add(report: &Report, sources: &mut Sources) -> Option<Warning> {
    let warning = release(report, sources);
    let context = &report.context;
    sources.version = sources.version.take().or_else(|| context.version.clone());
    sources.build_id = context.build_id.as_ref().and_then(|id| id.parse().ok()).or(sources.build_id.take());
    sources.kaslr.disabled = context.kernel_offset.is_some_and(|offset| offset.is_disabled());
    let offset = context.kernel_offset.filter(|offset| !offset.is_disabled());
    sources.kaslr.kernel_offset = offset.map(|offset| offset.slide.0);
    let pairs =
        report.anchors().filter(|(_, place)| place.module.is_none()).filter_map(|(address, place)| {
            let (symbol, offset) = (place.symbol.clone()?, place.offset);
            Some(KaslrPair::new(address.0, &symbol, offset, place.size))
        });
    sources.kaslr.pairs = pairs.take(MAX_PAIRS).collect();
    let mut known: HashSet<String> = sources.loaded.iter().map(|loaded| loaded.name.clone()).collect();
    for place in report.places() {
        let (Some(module), Some(id)) = (&place.module, &place.build_id) else { continue };
        if known.insert(module.clone()) {
            let mut loaded = LoadedModule::new(module);
            loaded.build_id = id.parse().ok();
            sources.loaded.push(loaded);
        }
    }
    warning
}

fn release(report: &Report, sources: &mut Sources) -> Option<Warning> {
    let context = &report.context;
    let by_banner = || context.banner.as_ref()?.split_whitespace().nth(2).map(str::to_owned);
    let log = context.release.as_ref().map(|release| release.value.clone()).or_else(by_banner);
    let named = sources.release.take();
    sources.release = log.clone().or_else(|| named.clone());
    let (log, named) = log.zip(named)?;
    (log != named).then_some(Warning::OtherRelease { log, named })
}
