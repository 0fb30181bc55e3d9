// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taint letters in words, by `Documentation/admin-guide/tainted-kernels.rst`.

use super::{Facts, Statement, StatementKind};

/// The letters, and what they say. `G` says nothing, and blanks are left out.
const LETTERS: [(char, &str); 19] = [
    ('P', "a proprietary module was loaded"),
    ('F', "a module was loaded by force"),
    ('R', "a module was unloaded by force"),
    ('M', "the processor reported a machine check"),
    ('B', "a bad page was referenced, or the state of a page was unexpected"),
    ('U', "a program asked for the taint"),
    ('D', "the kernel had an oops or BUG before"),
    ('A', "the ACPI tables were overridden"),
    ('W', "the kernel warned before"),
    ('C', "a staging driver was loaded"),
    ('I', "the kernel works around a severe bug in the firmware"),
    ('O', "a module from outside of the kernel's tree was loaded"),
    ('E', "an unsigned module was loaded"),
    ('L', "a soft lockup occurred before"),
    ('K', "the kernel was patched live"),
    ('S', "the system is out of specification: processor, or module for another kind"),
    ('T', "structures were laid out at random when the kernel was built"),
    ('N', "a test ran in the kernel (KUnit)"),
    ('J', "a program used a debug interface of the firmware (fwctl)"),
];

pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    let context = &facts.report.context;
    let Some(taint) = &context.taint else { return };
    let release = context.release.as_ref().map(|release| release.value.as_str()).unwrap_or_default();
    for letter in taint.value.chars() {
        let Some((_, words)) = LETTERS.iter().find(|(known, _)| *known == letter) else { continue };
        if !has_this_meaning(letter, release) {
            continue;
        }
        statements.push(Statement::new(StatementKind::Taint, format!("taint {letter}: {words}")));
    }
}

/// Whether a letter has its usual meaning. Enterprise kernels used some for other things first, and old
/// kernels had other words for them.
fn has_this_meaning(letter: char, release: &str) -> bool {
    let version = version(release);
    match letter {
        // Red Hat: a technology preview. SUSE: an unsupported module.
        'T' => version >= Some((4, 19)) && !release.contains(".el"),
        'N' => version >= Some((6, 0)) && !release.contains(".el") && !release.contains("-default"),
        // Before, processors that do not fit together.
        'S' => version >= Some((3, 15)),
        'E' => version >= Some((3, 15)),
        'J' => version >= Some((6, 15)),
        _ => true,
    }
}

/// The first two numbers of a release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_depend_on_the_kernel() {
        assert!(has_this_meaning('W', "2.6.32") && has_this_meaning('T', "6.1.0-99-amd64"));
        assert!(!has_this_meaning('T', "4.18.0-240.el8.x86_64") && !has_this_meaning('T', ""));
        assert!(!has_this_meaning('N', "6.4.0-150600.21-default"));
    }
}
