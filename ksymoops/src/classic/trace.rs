// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of call traces.

use std::sync::LazyLock;

use super::pattern::Pattern;
use super::shown::{BARE, BRACKETED, REVERSED};

/// What the line before allows this one to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Continued {
    #[default]
    No,
    /// Addresses in brackets.
    Bracketed,
    /// Addresses without brackets: powerpc and s390.
    Bare,
}

struct Patterns {
    start: Pattern,
    bare_start: Pattern,
    alone: Pattern,
    reversed: Pattern,
    bracketed: Pattern,
    after_stack_bytes: Pattern,
    bare: Pattern,
    step_over: Pattern,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        start: Pattern::new("^(?:call trace: *|trace:)")?,
        bare_start: Pattern::new("^(?:call backtrace: *|kernel backchain.*)")?,
        // Lines that are a frame each: arm, sparc64, i370.
        alone: Pattern::new(r"^(?:function entered at |caller\[|[0-9]+ +base=0x)")?,
        reversed: Pattern::new(&format!("^{REVERSED}"))?,
        bracketed: Pattern::new(&format!("^{BRACKETED}"))?,
        after_stack_bytes: Pattern::new(&format!(r"^\([0-9]+\) *{BRACKETED}"))?,
        bare: Pattern::new(&format!("^{BARE}"))?,
        // Between two addresses: what arm says, and sizes or names in parentheses.
        step_over: Pattern::new(r"^(?:from |\([^ )]+\) *)")?,
    })
});

/// Finds the addresses of call traces, line by line.
#[derive(Debug, Default)]
pub(super) struct Trace {
    continued: Continued,
}

impl Trace {
    /// The addresses of a line of an oops.
    pub(super) fn find(&mut self, message: &str) -> Vec<u64> {
        let Some(patterns) = PATTERNS.as_ref() else { return Vec::new() };
        let after = |pattern: &Pattern| message.get(pattern.find(message)?.end..);
        let (start, continued) = if let Some(rest) = after(&patterns.start) {
            (Some(rest), Continued::Bracketed)
        } else if let Some(rest) = after(&patterns.bare_start) {
            (Some(rest), Continued::Bare)
        } else if let Some(rest) = after(&patterns.alone) {
            (Some(rest), Continued::No)
        } else if patterns.reversed.is_match(message) {
            (Some(message), Continued::Bracketed)
        } else {
            let goes_on = match self.continued {
                Continued::No => false,
                Continued::Bracketed => {
                    patterns.bracketed.is_match(message) || patterns.after_stack_bytes.is_match(message)
                }
                Continued::Bare => patterns.bare.is_match(message),
            };
            if goes_on { (Some(message), self.continued) } else { (None, Continued::No) }
        };
        self.continued = continued;
        start.map(|start| addresses(start, patterns)).unwrap_or_default()
    }
}

fn addresses(text: &str, patterns: &Patterns) -> Vec<u64> {
    let address = if text.starts_with(|letter: char| letter.is_ascii_hexdigit()) {
        &patterns.bare
    } else if text.starts_with("<[") {
        &patterns.reversed
    } else {
        &patterns.bracketed
    };
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let end = if let Some(one) = address.captures(rest) {
            let Some(digits) = one.group(1) else { break };
            found.extend(u64::from_str_radix(digits, 16).ok());
            one.end
        } else if let Some(one) = patterns.step_over.find(rest) {
            one.end
        } else {
            break;
        };
        rest = rest.get(end..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(lines: &[&str]) -> Vec<u64> {
        let mut trace = Trace::default();
        lines.iter().flat_map(|line| trace.find(line)).collect()
    }

    #[test]
    fn forms() {
        assert_eq!(traces(&["Call Trace: [<c0105000>] (20) [<c0106000>]", "[<c0107000>]"]).len(), 3);
        assert_eq!(
            traces(&["Trace:fffffc000050d6dc fffffc0000317ca4"]),
            [0xffff_fc00_0050_d6dc, 0xffff_fc00_0031_7ca4]
        );
        assert_eq!(traces(&["Call backtrace:", "C0263F28 C0263C94", "C0003B08"]).len(), 3);
        assert_eq!(
            traces(&["Function entered at [<c0022b40>] from [<c0023b40>]"]),
            [0xc002_2b40, 0xc002_3b40]
        );
        assert_eq!(traces(&["Caller[0000000000482e90]"]), [0x48_2e90]);
        assert_eq!(traces(&["<[c0105000]> <[c0106000]>"]).len(), 2);
        assert_eq!(traces(&["3 base=0x00123456 link=0x1"]), [0x12_3456]);
        assert_eq!(traces(&["Kernel BackChain  CallChain", "0012345 00123456"]).len(), 2);
        assert!(traces(&["eax: 00000000", "[<c0105000>]"]).is_empty());
        assert_eq!(traces(&["Call Trace:", "[<c0105000>] f+0x1/0x2", "[<c0106000>] g+0x1/0x2 [m]"]).len(), 2);
    }
}
