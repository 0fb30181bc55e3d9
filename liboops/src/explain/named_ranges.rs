// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ranges of addresses that the log names.

use super::Facts;

/// A range of addresses that the log names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedRange {
    /// What it is, for the end of a sentence.
    pub name: String,
    /// Its first address.
    pub first: u64,
    /// Its last address.
    pub last: u64,
}

impl NamedRange {
    fn new(name: impl Into<String>, first: u64, last: u64) -> Option<Self> {
        (first < last && first > 0xffff).then(|| Self { name: name.into(), first, last })
    }

    pub fn holds(&self, address: u64) -> bool {
        (self.first..=self.last).contains(&address)
    }
}

/// Words before a range, what separates its ends, whether the second one is outside, what it is.
const FORMS: [(&str, &str, bool, &str); 5] = [
    ("relocation range: ", "-", false, "the kernel's range"),
    ("(stack is ", "..", true, "the stack"),
    ("Task stack:     [", "..", true, "the task's stack"),
    ("IRQ stack:      [", "..", true, "the stack of interrupts"),
    ("-byte region [", ", ", true, "the object that the log names"),
];

/// The ranges: where the kernel may be, stacks, objects, and functions whose address the log has.
pub(super) fn named_ranges(facts: &Facts<'_>) -> Vec<NamedRange> {
    let mut ranges: Vec<_> = FORMS
        .iter()
        .filter_map(|(words, separator, is_outside, name)| {
            let (first, last) = pair(facts.behind(words)?, separator)?;
            NamedRange::new(*name, first, if *is_outside { last.checked_sub(1)? } else { last })
        })
        .collect();
    ranges.extend(facts.report.anchors().filter_map(|(address, place)| {
        let (symbol, size) = (place.symbol.as_ref()?, place.size?);
        let first = address.0.checked_sub(place.offset)?;
        NamedRange::new(symbol.clone(), first, first.checked_add(size)?.checked_sub(1)?)
    }));
    ranges
}

/// Two numbers in hexadecimal digits.
pub(super) fn pair(text: &str, separator: &str) -> Option<(u64, u64)> {
    let (first, rest) = text.split_once(separator)?;
    Some((hex(first)?, hex(rest)?))
}

/// The address that a text begins with, unless the kernel hashed it (`%p` since 4.15): then it has 16 digits,
/// the upper 8 of them zero, and no `0x`.
pub(super) fn hex(text: &str) -> Option<u64> {
    let prefixed = text.strip_prefix("0x");
    let digits = prefixed.unwrap_or(text);
    let end = digits.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(digits.len());
    // A kernel prints all digits: fewer were cut.
    let number = digits.get(..end).filter(|number| matches!(number.len(), 8 | 16))?;
    let value = u64::from_str_radix(number, 16).ok()?;
    (prefixed.is_some() || number.len() == 8 || value >> 32 != 0).then_some(value)
}
