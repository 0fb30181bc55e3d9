// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is a boot's kernel the build that a report names?

use libmodfmt::journal::Boot;
use liboops::report::Report;

/// Returns whether banner, release, version and build id of the report, as far as it has them, are those of
/// the boot's kernel.
pub(super) fn fits(boot: &Boot, report: &Report) -> bool {
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
    // `#1  Debian 6.1.192-2`: the report has some of the banner's words, in the same order.
    let version = context.version.as_deref().unwrap_or_default();
    version
        .split_whitespace()
        .filter(|word| !word.starts_with("PREEMPT"))
        .all(|word| context.build_id.as_deref() == Some(word) || words.any(|own| own == word))
}
