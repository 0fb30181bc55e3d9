// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which boot of the journal does a report fit?
//!
//! A boot that nothing contradicts may still be from another machine with the same kernel. It is used only if
//! something supports it: modules that not every machine has, or the address of the kernel.

use libmodfmt::journal::{Boot, Journal};
use liboops::report::Report;

use super::evidence::{Evidence, Verdict};
use super::{kernel_address, kernel_build, module_list};
use crate::Warning;

/// The boots that a report fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BootMatch<'j> {
    /// None.
    None,
    /// This one.
    One(&'j Boot),
    /// Nothing contradicts these, and nothing supports them: none is used.
    Possible(Vec<&'j Boot>),
    /// All of these fit: none is used.
    Several(Vec<&'j Boot>),
    /// The boot that the user names is not used, for this reason.
    Refused(Warning),
}

/// Finds the boot of a report. `wanted` is the beginning of the id of the boot that the user names; it needs
/// no support by evidence.
pub(crate) fn find_boot<'j>(
    journal: &'j Journal,
    report: &Report,
    wanted: Option<&str>,
    evidence: &Evidence<'_>,
) -> BootMatch<'j> {
    let boots = journal.boots().into_iter();
    if let Some(wanted) = wanted {
        let boots = boots.filter(|boot| boot.id.starts_with(wanted)).collect();
        return named_boot(boots, report, wanted, evidence);
    }
    // A report that does not say which kernel it is from fits no boot.
    if report.context.release.is_none() && report.context.banner.is_none() {
        return BootMatch::None;
    }
    let entries = journal.by_boot();
    let (mut supported, mut possible) = (Vec::new(), Vec::new());
    for boot in boots.filter(|boot| kernel_build::fits(boot, report)) {
        let by_address = kernel_address::verdict(boot, report, evidence);
        let entries = entries.get(boot.id.as_str()).map_or(&[][..], Vec::as_slice);
        match (by_address, module_list::verdict(entries, report)) {
            (Verdict::Contradicts, _) | (_, Verdict::Contradicts) => {}
            (Verdict::Neutral, Verdict::Neutral) => possible.push(boot),
            (Verdict::Supports, _) | (_, Verdict::Supports) => supported.push(boot),
        }
    }
    match supported.as_slice() {
        [] if possible.is_empty() => BootMatch::None,
        [] => BootMatch::Possible(possible),
        [only] => BootMatch::One(only),
        _ => BootMatch::Several(supported),
    }
}

fn named_boot<'j>(
    mut boots: Vec<&'j Boot>,
    report: &Report,
    wanted: &str,
    evidence: &Evidence<'_>,
) -> BootMatch<'j> {
    let wanted = wanted.to_owned();
    if boots.is_empty() {
        return BootMatch::Refused(Warning::NoSuchBoot { wanted });
    }
    boots.retain(|boot| kernel_build::fits(boot, report));
    if boots.is_empty() {
        return BootMatch::Refused(Warning::BootOfOtherKernel { wanted });
    }
    boots.retain(|boot| kernel_address::verdict(boot, report, evidence) != Verdict::Contradicts);
    match boots.as_slice() {
        [] => BootMatch::Refused(Warning::BootAtOtherAddress { wanted }),
        [only] => BootMatch::One(only),
        _ => BootMatch::Several(boots),
    }
}
