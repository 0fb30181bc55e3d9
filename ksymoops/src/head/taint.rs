// SPDX-License-Identifier: MIT OR Apache-2.0
//! The letters of a taint in words (`Documentation/admin-guide/tainted-kernels.rst`).

/// What each letter says. `G`, that all modules are free, says nothing.
const LETTERS: [(char, &str); 20] = [
    ('P', "proprietary module"),
    ('F', "module loaded by force"),
    ('S', "out of specification"),
    ('R', "module removed by force"),
    ('M', "machine check before"),
    ('B', "bad page before"),
    ('U', "by a program's request"),
    ('D', "oops before"),
    ('A', "ACPI table overridden"),
    ('W', "warning before"),
    ('C', "staging driver"),
    ('I', "firmware workaround"),
    ('O', "out-of-tree module"),
    ('E', "unsigned module"),
    ('L', "soft lockup before"),
    ('K', "live patch"),
    ('X', "distribution's own"),
    ('T', "randomised structures"),
    ('N', "test"),
    ('J', "fwctl"),
];

/// `tainted: out-of-tree module, unsigned module`; `not tainted`.
pub(super) fn words(letters: &str) -> String {
    let known = |letter: char| LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, words)| *words);
    let words: Vec<&str> = letters.chars().filter_map(known).collect();
    if words.is_empty() { "not tainted".to_owned() } else { format!("tainted: {}", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn letters() {
        assert_eq!(words(""), "not tainted");
        assert_eq!(words("G"), "not tainted");
        assert_eq!(words("GOE"), "tainted: out-of-tree module, unsigned module");
    }
}
