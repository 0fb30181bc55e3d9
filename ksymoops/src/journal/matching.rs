// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a report fit a boot?

use libmodfmt::journal::{Boot, Journal, Stage};
use libmodfmt::persist::keeper_name;

use super::modules_at;
use crate::report::Report;

/// The lowest address that an x86-64 kernel is linked to, which `Kernel Offset` is counted from.
const LINK_BASE: u64 = 0xffff_ffff_8100_0000;
/// `_stext` is within this behind `_text`.
const START: u64 = 0x20_0000;

/// The boots that a report fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootMatch<'j> {
    /// None.
    None,
    /// This one.
    One(&'j Boot),
    /// These: none is taken.
    Several(Vec<&'j Boot>),
}

/// Finds the boot of a report. `wanted` is the beginning of the id of the one that the user names; it is taken if only the kernel fits.
#[must_use]
pub fn find<'j>(journal: &'j Journal, report: &Report, wanted: Option<&str>) -> BootMatch<'j> {
    let boots = journal.boots().into_iter();
    let mut fitting: Vec<&Boot> = match wanted {
        Some(wanted) => {
            boots.filter(|boot| boot.id.starts_with(wanted) && fits_kernel(boot, report)).collect()
        }
        None => boots.filter(|boot| fits(journal, boot, report)).collect(),
    };
    match fitting.len() {
        0 => BootMatch::None,
        1 => fitting.pop().map_or(BootMatch::None, BootMatch::One),
        _ => BootMatch::Several(fitting),
    }
}

fn fits(journal: &Journal, boot: &Boot, report: &Report) -> bool {
    // A log that does not say which kernel it is of fits none.
    let says = report.context.release.is_some() || report.context.banner.is_some();
    says && fits_kernel(boot, report)
        && fits_slide(boot, report)
        && fits_keepers(journal, boot, report)
        && fits_modules(journal, boot, report)
}

/// Most modules that were loaded by the journal's account are in the report's list: on another machine with the same kernel others are. Not all
/// need to be, as not every tool writes down what it removes.
fn fits_modules(journal: &Journal, boot: &Boot, report: &Report) -> bool {
    let listed = |name: &str| report.had_module(name) == Some(true);
    let states = modules_at(journal, &boot.id, report.time_us);
    let loaded = states.iter().filter(|state| state.loaded && state.module.stage == Stage::Loaded);
    let early: Vec<_> = loaded
        .filter(|state| report.time_us.is_none_or(|time| state.module.at.saturating_mul(10_000) <= time))
        .collect();
    let there = early.iter().filter(|state| listed(&state.module.name)).count();
    report.context.modules.as_ref().is_none_or(Vec::is_empty) || there.saturating_mul(2) >= early.len()
}

/// Banner, release, version and build id do not contradict.
fn fits_kernel(boot: &Boot, report: &Report) -> bool {
    let context = &report.context;
    if let Some(banner) = &context.banner
        && !boot.banner.trim().starts_with(banner.as_str())
    {
        return false;
    }
    if let (Some(wanted), false) = (&context.build_id, boot.build_id.is_empty()) {
        let own: String = boot.build_id.iter().map(|byte| format!("{byte:02x}")).collect();
        if own != *wanted {
            return false;
        }
    }
    let mut words = boot.banner.split_whitespace();
    let release = context.release.as_ref().map(|release| release.value.as_str());
    if release.is_some_and(|release| words.clone().nth(2) != Some(release)) {
        return false;
    }
    // `#1  Debian 6.1.192-2`: the report has fewer words than the banner, in the same order.
    let version = context.version.as_deref().unwrap_or_default();
    version
        .split_whitespace()
        .filter(|word| !word.starts_with("PREEMPT"))
        .all(|word| context.build_id.as_deref() == Some(word) || words.any(|own| own == word))
}

/// `Kernel Offset` agrees with where the journal saw the kernel.
fn fits_slide(boot: &Boot, report: &Report) -> bool {
    let (Some(offset), Some((symbol, address))) = (&report.context.kernel_offset, &boot.text) else {
        return true;
    };
    if offset.is_disabled() {
        return true;
    }
    let start = offset.base.map_or(LINK_BASE, |base| base.0).wrapping_add(offset.slide.0);
    let distance = address.wrapping_sub(start);
    if symbol == "_text" { distance == 0 } else { distance < START }
}

/// Only insmod makes keepers, and it writes them down first: those of the report are exactly those of the journal at that time.
fn fits_keepers(journal: &Journal, boot: &Boot, report: &Report) -> bool {
    let Some(modules) = &report.context.modules else { return true };
    let states = modules_at(journal, &boot.id, report.time_us);
    let is_keeper = |name: &str| name.ends_with(&keeper_name(""));
    let recorded = |name: &str| states.iter().any(|state| state.loaded && state.module.name == name);
    let listed = |name: &str| modules.iter().any(|module| module.name == name);
    let mut keepers = states.iter().filter(|state| state.loaded && is_keeper(&state.module.name));
    // Where the list is empty, the log's line may have been cut.
    (modules.is_empty() || keepers.all(|state| listed(&state.module.name)))
        && modules.iter().filter(|module| is_keeper(&module.name)).all(|module| recorded(&module.name))
}
