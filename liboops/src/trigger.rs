// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fast path through what is not an oops: looks for the few words of which every start line has one, in
//! whole pieces of the log at once.

use aho_corasick::Span;
use aho_corasick::packed::{Config, MatchKind, Searcher};
use memchr::memmem::{self, Finder};

use crate::report::fragment;

/// Every start line that `report::start_lines` knows has one of these words, or [`COUNTED`], or is found by the
/// lines below it, as that of parisc. So do the kernel's banner and the header that says how a mail is encoded.
///
/// One search is for up to 32 words at full speed. It looks at the first four bytes of each, so they are chosen
/// to be rare in logs: `lt: 0000` ends old kernels' `general protection fault: 0000`, while `faul` would find
/// every default. Every eighth word is in the same bucket, where any mixture of their bytes is taken for a match
/// that must be verified. So the order matters: in this one, the best of many that were tried, 0.1 % of the bytes
/// of logs begin such a mixture. With the words sorted by topic it was 1.2 %, and a search took four times as
/// long.
const WORDS: [&[u8]; 32] = [
    b"corruption",
    b"INFO: ",
    b"PANIC",
    b"unreferenced object",
    b"by zero in kernel",
    b"erand: 0",
    b"Oops",
    b"UBSAN: ",
    b"Unhandled ",
    b"Linux version ",
    b"ivide error",
    b"k segment: ",
    b"panicked at",
    b"ENDBR: ",
    b"BUG: ",
    b"Trigger a crash",
    b"achine check in",
    b"Vector: ",
    b"achine Check",
    b"ed-printable",
    b"LOCKUP",
    b"panic - not sync",
    b"BUG ",
    b"Bad mode in ",
    b"SError Interrupt",
    b"WARNING: ",
    b"nt3: 0",
    b"Insufficient stack",
    b"lt: 0000",
    b"cut here ",
    b"CFI failure",
    b"Unable to handle ",
];

/// `[#1]`, which counts oopses since Linux 2.6.
const COUNTED: &[u8] = b"[#";

/// Finds trigger words.
pub(super) struct Trigger {
    words: Option<Searcher>,
    counted: Finder<'static>,
}

impl std::fmt::Debug for Trigger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trigger").finish_non_exhaustive()
    }
}

impl Trigger {
    pub fn new() -> Self {
        let words = Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(WORDS).build();
        Self { words, counted: Finder::new(COUNTED) }
    }

    /// Starts a search in a piece of the log.
    pub fn search<'t>(&'t self, text: &'t [u8]) -> Search<'t> {
        Search { trigger: self, text, word: Next::Unknown, counted: Next::Unknown }
    }

    /// Where the first of [`WORDS`] begins.
    fn word(&self, text: &[u8], from: usize) -> Option<usize> {
        match &self.words {
            Some(searcher) => {
                let span = Span { start: from.min(text.len()), end: text.len() };
                searcher.find_in(text, span).map(|found| found.start())
            }
            // This processor has no vector instructions.
            None => {
                let rest = text.get(from..)?;
                let found = WORDS.iter().filter_map(|word| memmem::find(rest, word)).min();
                found.map(|at| at.saturating_add(from))
            }
        }
    }

    /// Where the first [`COUNTED`] begins.
    fn counted(&self, text: &[u8], from: usize) -> Option<usize> {
        self.counted.find(text.get(from..)?).map(|at| at.saturating_add(from))
    }
}

/// Finds words of lines that only reports have, for reports whose first lines are missing.
pub(super) struct FragmentTrigger(Option<Searcher>);

impl std::fmt::Debug for FragmentTrigger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FragmentTrigger").finish_non_exhaustive()
    }
}

impl FragmentTrigger {
    pub fn new() -> Self {
        Self(Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(fragment::WORDS).build())
    }

    /// Where the first word begins.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        match &self.0 {
            Some(searcher) => searcher.find(text).map(|found| found.start()),
            // This processor has no vector instructions.
            None => fragment::WORDS.iter().filter_map(|word| memmem::find(text, word)).min(),
        }
    }
}

/// Where the next word of one search is.
#[derive(Debug, Clone, Copy)]
enum Next {
    Unknown,
    At(usize),
    Nowhere,
}

impl Next {
    /// Where it is at or after `from`. `find` is asked only if the last one is before that.
    fn from(&mut self, from: usize, find: impl FnOnce() -> Option<usize>) -> Option<usize> {
        let passed = match *self {
            Self::Unknown => true,
            Self::At(at) => at < from,
            Self::Nowhere => false,
        };
        if passed {
            *self = find().map_or(Self::Nowhere, Self::At);
        }
        match *self {
            Self::At(at) => Some(at),
            Self::Unknown | Self::Nowhere => None,
        }
    }
}

/// A search through a piece of the log.
#[derive(Debug)]
pub(super) struct Search<'t> {
    trigger: &'t Trigger,
    text: &'t [u8],
    word: Next,
    counted: Next,
}

impl Search<'_> {
    /// Where the first trigger word at or after `from` begins. `from` must never decrease.
    pub fn from(&mut self, from: usize) -> Option<usize> {
        let word = self.word.from(from, || self.trigger.word(self.text, from));
        let counted = self.counted.from(from, || self.trigger.counted(self.text, from));
        word.into_iter().chain(counted).min()
    }
}
