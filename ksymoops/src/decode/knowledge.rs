// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of the kernel of one report.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use libmodfmt::journal::Boot;

use super::Decoder;
use crate::journal::{BootMatch, PlaceTold, Told, find, modules_at};
use crate::persistent::{Region, of_journal};
use libksym::{BuildId, KaslrPair, LoadedModule, Resolver, Sources};
use liboops::report::Report;

/// What is known of the kernel of one report.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub resolver: Rc<Resolver>,
    pub regions: Vec<Region>,
    /// Words on where the knowledge is from, for the head of the report.
    pub summary: Vec<String>,
}

impl Knowledge {
    pub fn of(decoder: &Decoder, report: &Report) -> Self {
        let mut summary = Vec::new();
        let mut sources = decoder.sources.clone();
        from_report(report, &mut sources).into_iter().for_each(|warning| decoder.warn(warning));
        let boot = boot(decoder, report, &sources, &mut summary);
        if let Some(boot) = boot {
            let states = modules_at(&decoder.journal, &boot.id, report.time_us);
            sources.loaded.extend(states.iter().map(|state| {
                let mut loaded = LoadedModule::new(&state.module.name);
                loaded.build_id = build_id(&state.module.build_id);
                loaded.sections.clone_from(&state.module.sections);
                loaded.file = state.module.file.as_ref().map(Into::into);
                loaded
            }));
            sources.build_id = sources.build_id.or_else(|| build_id(&boot.build_id));
            sources.kaslr.journal.clone_from(&boot.text);
        }
        let mut regions = decoder.regions.clone();
        if let Some(boot) = boot {
            regions.extend(of_journal(&decoder.journal, &boot.id, report.time_us));
        }
        let resolver = resolver(decoder, sources);
        if let Some(moved) = resolver.kaslr_offset() {
            summary.push(format!("kernel moved by {:#x}, by {}", moved.bytes, moved.source));
        }
        Self { resolver, regions, summary }
    }
}

/// The boot of the journal that the report is of. `sources` are those without the journal.
fn boot<'d>(
    decoder: &'d Decoder,
    report: &Report,
    sources: &Sources,
    summary: &mut Vec<String>,
) -> Option<&'d Boot> {
    // The kernel's symbols are needed only if there is something to compare.
    let is_told = !sources.kaslr.pairs.is_empty() || sources.kallsyms.is_some();
    let alone = OnceCell::new();
    let places = |symbol: &str| {
        if !is_told {
            return Vec::new();
        }
        let found = alone.get_or_init(|| resolver(decoder, sources.clone())).symbol_addresses(symbol);
        let moved = |address| found.linked.is_some_and(|linked| linked != address);
        let place = |&address: &u64| PlaceTold { address, moved: moved(address) };
        found.run_time.iter().map(place).collect()
    };
    let told = Told { offset: sources.kaslr.option, places: &places };
    match find(&decoder.journal, report, decoder.boot.as_deref(), &told) {
        BootMatch::None => None,
        BootMatch::One(boot) => {
            summary.push(format!("boot {} of the journal", boot.id));
            Some(boot)
        }
        BootMatch::Maybe(boots) => {
            let names = names(&boots, "or");
            let how = if boots.len() == 1 { "--boot to use it" } else { "--boot picks one" };
            summary.push(format!("may be boot {names} of the journal: not used ({how})"));
            None
        }
        BootMatch::Several(boots) => {
            let names = names(&boots, "and");
            decoder
                .warn(format!("the log fits boots {names} of the journal: none is used, --boot picks one"));
            summary.push(format!("boots {names} of the journal fit: none is used (--boot picks one)"));
            None
        }
        BootMatch::Refused(why) => {
            decoder.warn(why);
            None
        }
    }
}

/// The first few of them.
fn names(boots: &[&Boot], word: &str) -> String {
    const MOST: usize = 4;
    let mut names: Vec<_> = boots.iter().take(MOST).map(|boot| boot.id.clone()).collect();
    if let Some(more) = boots.len().checked_sub(MOST).filter(|&more| more > 0) {
        names.push(format!("{more} more"));
    }
    names.join(&format!(" {word} "))
}

/// One for each kernel and what is known of it.
fn resolver(decoder: &Decoder, sources: Sources) -> Rc<Resolver> {
    let key = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        sources.release,
        sources.version,
        sources.build_id,
        sources.kaslr,
        sources.loaded,
        sources.modules_text
    );
    decoder.resolver(key, || sources)
}

/// What the report itself says of its kernel. It counts, and where what was said before it is another release, the words on that are returned.
fn from_report(report: &Report, sources: &mut Sources) -> Option<String> {
    let context = &report.context;
    let banner =
        context.banner.as_ref().and_then(|banner| banner.split_whitespace().nth(2)).map(str::to_owned);
    let said = context.release.as_ref().map(|release| release.value.clone()).or(banner);
    let by_option = sources.release.take();
    let contradicts = |other: &String| said.as_ref().is_some_and(|said| said != other);
    let warning = by_option.as_ref().filter(|other| contradicts(other)).map(|other| {
        format!("the log is of release {}, and not of {other}", said.as_deref().unwrap_or_default())
    });
    sources.release = said.or(by_option);
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
    sources.kaslr.pairs = pairs.take(16).collect();
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

fn build_id(bytes: &[u8]) -> Option<BuildId> {
    (!bytes.is_empty()).then(|| BuildId::new(bytes))
}
