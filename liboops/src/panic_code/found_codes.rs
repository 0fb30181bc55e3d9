// SPDX-License-Identifier: MIT OR Apache-2.0
//! The codes that a reader has come across, and what they say about the reports in them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::Extent;
use crate::arch;
use crate::report::{Report, Span, Spanned};

/// As many codes are remembered: those of a block and of what was read ahead.
const MAX_CODES: usize = 256;

/// A code in the input of a [`reader`](super::reader()).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundCode {
    /// `a=`: the machine, as `uname -m` prints it.
    pub arch: Option<String>,
    /// `v=`: the kernel's release, as `uname -r` prints it.
    pub release: Option<String>,
    /// How far its text could be read.
    pub extent: Extent,
    /// Where its text is in the reader's output. Empty if none could be read: then the code stays there as it
    /// is.
    pub span: Span,
}

/// The codes in the input of a [`reader`](super::reader()), which adds to them.
#[derive(Debug, Clone, Default)]
pub struct FoundCodes(Rc<RefCell<Known>>);

#[derive(Debug, Default)]
struct Known {
    codes: VecDeque<FoundCode>,
    /// How many of the last ones were not taken yet.
    new: usize,
}

impl FoundCodes {
    pub(super) fn add(&self, code: FoundCode) {
        let mut known = self.0.borrow_mut();
        known.codes.push_back(code);
        if known.codes.len() > MAX_CODES {
            known.codes.pop_front();
        }
        known.new = known.new.saturating_add(1).min(known.codes.len());
    }

    /// The codes that were found since the last call.
    #[must_use]
    pub fn take_new(&self) -> Vec<FoundCode> {
        let mut known = self.0.borrow_mut();
        let first = known.codes.len().saturating_sub(std::mem::take(&mut known.new));
        known.codes.iter().skip(first).cloned().collect()
    }

    /// Adds what the code says that a report is from, where the report does not say it itself: the release,
    /// with an empty span at the report's start, and the architecture.
    pub fn complete(&self, report: &mut Report) {
        let known = self.0.borrow();
        let start = report.span.start;
        let inside = |code: &&FoundCode| code.span.start <= start && start < code.span.end;
        let Some(code) = known.codes.iter().find(inside) else { return };
        report.arch = report.arch.or_else(|| architecture(code.arch.as_deref()?));
        if report.context.release.is_none() && report.context.banner.is_none() {
            let span = Span { start, end: start };
            report.context.release = code.release.clone().map(|value| Spanned { value, span });
        }
    }
}

/// The architecture of a machine, named as reports name it.
fn architecture(machine: &str) -> Option<&'static str> {
    let known = match machine {
        "i486" | "i586" | "i686" => "i386",
        _ if machine.starts_with("armv") => "arm",
        other => other,
    };
    arch::name(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines() {
        for (machine, arch) in [
            ("x86_64", Some("x86_64")),
            ("i686", Some("i386")),
            ("armv7l", Some("arm")),
            ("aarch64", Some("aarch64")),
            ("ppc64le", Some("ppc64le")),
            ("pdp11", None),
        ] {
            assert_eq!(architecture(machine), arch);
        }
    }

    #[test]
    fn few_are_remembered() {
        let codes = FoundCodes::default();
        for start in 0..1000 {
            let span = Span { start, end: start };
            codes.add(FoundCode { arch: None, release: None, extent: Extent::Cut, span });
        }
        let new = codes.take_new();
        assert_eq!((new.len(), new[255].span.start), (MAX_CODES, 999));
        assert_eq!(codes.take_new(), []);
    }
}
