// SPDX-License-Identifier: MIT OR Apache-2.0
//! Picks the boot of the journal for a report, and says which.

use std::cell::OnceCell;

use libksym::Sources;
use libmodfmt::journal::Boot;
use liboops::report::Report;

use super::Decoder;
use crate::Warning;
use crate::journal::{BootMatch, Evidence, SymbolAddress, find_boot};

/// The most boots that are named.
const MAX_NAMED_BOOTS: usize = 4;

/// Returns the boot of the journal that a report is from. `sources` must not contain anything from the
/// journal yet.
pub(super) fn boot_of_report<'d>(
    decoder: &'d Decoder,
    report: &Report,
    sources: &Sources,
    summary: &mut Vec<String>,
) -> Option<&'d Boot> {
    // The kernel's symbols are read only if there is something to compare them with.
    let is_comparable = !sources.kaslr.pairs.is_empty() || sources.kallsyms.is_some();
    let resolver = OnceCell::new();
    let symbol_addresses = |symbol: &str| {
        if !is_comparable {
            return Vec::new();
        }
        let resolver = resolver.get_or_init(|| decoder.resolver(sources.clone()));
        let found = resolver.symbol_addresses(symbol);
        let relocated = |address| found.linked.is_some_and(|linked| linked != address);
        let address = |&address: &u64| SymbolAddress { address, relocated: relocated(address) };
        found.run_time.iter().map(address).collect()
    };
    let evidence = Evidence { kaslr_offset: sources.kaslr.option, symbol_addresses: &symbol_addresses };
    match find_boot(&decoder.journal, report, decoder.boot.as_deref(), &evidence) {
        BootMatch::None => None,
        BootMatch::One(boot) => {
            summary.push(format!("boot {} of the journal", boot.id));
            Some(boot)
        }
        BootMatch::Possible(boots) => {
            let ids = ids(&boots, "or");
            let how = if boots.len() == 1 { "--boot to use it" } else { "--boot picks one" };
            summary.push(format!("may be boot {ids} of the journal: not used ({how})"));
            None
        }
        BootMatch::Several(boots) => {
            let boots = ids(&boots, "and");
            summary.push(format!("boots {boots} of the journal fit: none is used (--boot picks one)"));
            decoder.warn(Warning::SeveralBoots { boots });
            None
        }
        BootMatch::Refused(warning) => {
            decoder.warn(warning);
            None
        }
    }
}

/// The first few ids, joined by a word.
fn ids(boots: &[&Boot], word: &str) -> String {
    let mut ids: Vec<_> = boots.iter().take(MAX_NAMED_BOOTS).map(|boot| boot.id.clone()).collect();
    if let Some(more) = boots.len().checked_sub(MAX_NAMED_BOOTS).filter(|&more| more > 0) {
        ids.push(format!("{more} more"));
    }
    ids.join(&format!(" {word} "))
}
