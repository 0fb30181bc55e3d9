// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taint letters in words, by `Documentation/admin-guide/tainted-kernels.rst`.

use super::{Facts, Statement, StatementKind};

/// The letters, and what they say in a few words and as a sentence. `G` says nothing, and blanks are left
/// out.
const LETTERS: [(char, &str, &str); 20] = [
    ('P', "proprietary module", "a proprietary module was loaded"),
    ('F', "module loaded by force", "a module was loaded by force"),
    ('R', "module removed by force", "a module was unloaded by force"),
    ('M', "machine check before", "the processor reported a machine check"),
    ('B', "bad page before", "a bad page was referenced, or the state of a page was unexpected"),
    ('U', "by a program's request", "a program asked for the taint"),
    ('D', "oops before", "the kernel had an oops or BUG before"),
    ('A', "ACPI table overridden", "the ACPI tables were overridden"),
    ('W', "warning before", "the kernel warned before"),
    ('C', "staging driver", "a staging driver was loaded"),
    ('I', "firmware workaround", "the kernel works around a severe bug in the firmware"),
    ('O', "out-of-tree module", "a module from outside of the kernel's tree was loaded"),
    ('E', "unsigned module", "an unsigned module was loaded"),
    ('L', "soft lockup before", "a soft lockup occurred before"),
    ('K', "live patch", "the kernel was patched live"),
    (
        'S',
        "out of specification",
        "the system is out of specification: processor, or module for another kind",
    ),
    ('T', "randomised structures", "structures were laid out at random when the kernel was built"),
    ('N', "test", "a test ran in the kernel (KUnit)"),
    ('J', "fwctl", "a program used a debug interface of the firmware (fwctl)"),
    ('X', "distribution's own", "the distribution uses this letter for something of its own"),
];

/// What the letters of a taint say in a few words (`out-of-tree module`). Letters that mean something else in
/// a kernel of this release, or are not known, are left out.
pub fn taint_words<'a>(taint: &'a str, release: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    known(taint, release).map(|(_, words, _)| words)
}

fn known<'a>(
    taint: &'a str,
    release: &'a str,
) -> impl Iterator<Item = (char, &'static str, &'static str)> + 'a {
    let row = |letter: char| LETTERS.into_iter().find(|(known, ..)| *known == letter);
    taint.chars().filter_map(row).filter(|(letter, ..)| has_this_meaning(*letter, release))
}

pub(super) fn explain(facts: &Facts<'_>, statements: &mut Vec<Statement>) {
    let context = &facts.report.context;
    let Some(taint) = &context.taint else { return };
    let release = context.release.as_ref().map(|release| release.value.as_str()).unwrap_or_default();
    for (letter, _, words) in known(&taint.value, release) {
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

    #[test]
    fn in_a_few_words() {
        let words = |taint, release| taint_words(taint, release).collect::<Vec<_>>();
        assert_eq!(words("GOE", "6.1.0-99-amd64"), ["out-of-tree module", "unsigned module"]);
        assert_eq!(words("GT", "4.18.0-240.el8.x86_64"), [""; 0]);
    }
}
