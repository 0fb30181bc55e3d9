// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a report fit a boot?
//!
//! A boot that nothing contradicts may still be one of another machine with the same kernel. It is
//! used only if something speaks for it: modules that not every machine has, or the place that the
//! kernel was moved to.

use std::collections::HashSet;

use libmodfmt::journal::{Boot, Journal, Stage};
use libmodfmt::persist::keeper_name;

use super::modules_at;
use liboops::report::Report;

/// The lowest address that an x86-64 kernel is linked to, which `Kernel Offset` is counted from.
const LINK_BASE: u64 = 0xffff_ffff_8100_0000;
/// Where x86-64 kernels may be.
const KERNELS: std::ops::Range<u64> = 0xffff_ffff_8000_0000..0xffff_ffff_c000_0000;
/// `_stext` is within this behind `_text`.
const START: u64 = 0x20_0000;
/// No kernel is larger.
const LARGEST: u64 = 256 << 20;
/// So many modules that every machine may have tell machines apart, if most of the journal's are among them.
const MANY: usize = 8;

/// The boots that a report fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootMatch<'j> {
    /// None.
    None,
    /// This one.
    One(&'j Boot),
    /// Nothing contradicts these, and nothing speaks for them: none is taken.
    Maybe(Vec<&'j Boot>),
    /// These: none is taken.
    Several(Vec<&'j Boot>),
    /// The one that the user names is not taken, for this reason.
    Refused(String),
}

/// What is known besides the report's own words.
pub struct Told<'t> {
    /// How far the kernel was moved, by the user's word.
    pub offset: Option<u64>,
    /// Where a symbol was at run time, by whoever tells.
    pub places: &'t dyn Fn(&str) -> Vec<PlaceTold>,
}

/// Where a symbol was at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceTold {
    /// The address.
    pub address: u64,
    /// It is not the one that the symbol was linked to, and so not the same in each boot.
    pub moved: bool,
}

/// What a part of a report says of a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Contradicts,
    Nothing,
    Agrees,
}

/// Finds the boot of a report. `wanted` is the beginning of the id of the one that the user names; it is taken if only the kernel fits.
#[must_use]
pub fn find<'j>(
    journal: &'j Journal,
    report: &Report,
    wanted: Option<&str>,
    told: &Told<'_>,
) -> BootMatch<'j> {
    let boots = journal.boots().into_iter();
    if let Some(wanted) = wanted {
        return named(boots.filter(|boot| boot.id.starts_with(wanted)).collect(), report, wanted, told);
    }
    // A log that does not say which kernel it is of fits none.
    if report.context.release.is_none() && report.context.banner.is_none() {
        return BootMatch::None;
    }
    let (mut evident, mut possible) = (Vec::new(), Vec::new());
    for boot in boots.filter(|boot| fits_kernel(boot, report)) {
        match (by_slide(boot, report, told), by_modules(journal, boot, report)) {
            (Word::Contradicts, _) | (_, Word::Contradicts) => {}
            (Word::Nothing, Word::Nothing) => possible.push(boot),
            (Word::Agrees, _) | (_, Word::Agrees) => evident.push(boot),
        }
    }
    match evident.as_slice() {
        [] if possible.is_empty() => BootMatch::None,
        [] => BootMatch::Maybe(possible),
        [only] => BootMatch::One(only),
        _ => BootMatch::Several(evident),
    }
}

fn named<'j>(mut boots: Vec<&'j Boot>, report: &Report, wanted: &str, told: &Told<'_>) -> BootMatch<'j> {
    if boots.is_empty() {
        return BootMatch::Refused(format!("--boot: no boot of the journal begins with {wanted}"));
    }
    boots.retain(|boot| fits_kernel(boot, report));
    if boots.is_empty() {
        return BootMatch::Refused(format!(
            "--boot: boot {wanted} of the journal is of another kernel: it is not used"
        ));
    }
    boots.retain(|boot| by_slide(boot, report, told) != Word::Contradicts);
    match boots.as_slice() {
        [] => BootMatch::Refused(format!(
            "--boot: in boot {wanted} of the journal the kernel was at another place: it is not used"
        )),
        [only] => BootMatch::One(only),
        _ => BootMatch::Several(boots),
    }
}

/// Only insmod makes keepers, and it writes them down first: those of the report are exactly those of the journal at that time. Most other modules
/// that were loaded by the journal's account are in the report's list, too: on another machine with the same kernel others are. Not all need to be,
/// as not every tool writes down what it removes.
fn by_modules(journal: &Journal, boot: &Boot, report: &Report) -> Word {
    let is_keeper = |name: &str| name.ends_with(&keeper_name(""));
    let states = modules_at(journal, &boot.id, report.time_us);
    let list = report.context.modules.as_deref().unwrap_or_default();
    let listed: HashSet<&str> = list.iter().map(|module| module.name.as_str()).collect();
    let loaded = || states.iter().filter(|state| state.loaded);
    let early: Vec<_> = loaded()
        .filter(|state| state.module.stage == Stage::Loaded)
        .filter(|state| report.time_us.is_none_or(|time| state.module.at.saturating_mul(10_000) <= time))
        .collect();
    let there = early.iter().filter(|state| listed.contains(state.module.name.as_str())).count();
    // Where the list is empty, the log's line may have been cut.
    if !list.is_empty() {
        let recorded: HashSet<&str> = loaded().map(|state| state.module.name.as_str()).collect();
        let mut keepers = recorded.iter().filter(|name| is_keeper(name));
        let mut keepers_of_report = listed.iter().filter(|name| is_keeper(name));
        if !keepers.all(|name| listed.contains(name))
            || !keepers_of_report.all(|name| recorded.contains(name))
        {
            return Word::Contradicts;
        }
        if there.saturating_mul(2) < early.len() {
            return Word::Contradicts;
        }
    }
    let named: HashSet<&str> = report
        .places()
        .filter_map(|place| place.module.as_deref())
        .chain(report.context.last_unloaded.as_deref())
        .chain(listed.iter().copied())
        .collect();
    // What is persistent, and what is not of the kernel's tree, is not on every machine.
    let built_outside: HashSet<&str> =
        list.iter().filter(|module| module.flags.contains('O')).map(|module| module.name.as_str()).collect();
    let headers = states.iter().filter_map(|state| state.module.persistent.as_ref());
    let owners: HashSet<&str> = headers.map(|header| header.owner.as_str()).collect();
    let is_special = |state: &&super::ModuleState<'_>| {
        let name = state.module.name.as_str();
        let persistent = state.module.persistent.is_some() || is_keeper(name) || owners.contains(name);
        (persistent && named.contains(name)) || (state.loaded && built_outside.contains(name))
    };
    let most = there >= MANY && there.saturating_mul(4) >= early.len().saturating_mul(3);
    if most || states.iter().any(|state| is_special(&state)) { Word::Agrees } else { Word::Nothing }
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

/// Whether the kernel was where the journal saw it.
fn by_slide(boot: &Boot, report: &Report, told: &Told<'_>) -> Word {
    let Some((symbol, address)) = &boot.text else { return Word::Nothing };
    let offset = report.context.kernel_offset.filter(|offset| !offset.is_disabled());
    let by_report = offset.map(|offset| (offset.base.map_or(LINK_BASE, |base| base.0), offset.slide.0));
    let by_user = told.offset.filter(|_| KERNELS.contains(address)).map(|offset| (LINK_BASE, offset));
    let mut agrees = false;
    for (base, slide) in by_report.into_iter().chain(by_user) {
        let distance = address.wrapping_sub(base.wrapping_add(slide));
        if if symbol == "_text" { distance != 0 } else { distance >= START } {
            return Word::Contradicts;
        }
        agrees |= slide != 0;
    }
    for place in (told.places)(symbol) {
        if place.address != *address {
            return Word::Contradicts;
        }
        agrees |= place.moved;
    }
    // Also without the kernel's symbols: an address that has a symbol is within the kernel.
    let mut anchors = report.anchors().filter(|(_, place)| place.module.is_none());
    let is_elsewhere = |at: u64| at.wrapping_sub(address.wrapping_sub(START)) > LARGEST;
    if KERNELS.contains(address) && anchors.any(|(at, _)| KERNELS.contains(&at.0) && is_elsewhere(at.0)) {
        return Word::Contradicts;
    }
    if agrees { Word::Agrees } else { Word::Nothing }
}
