// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fast path through what is not an oops: looks for the few words of which every start line has one, in
//! whole pieces of the log at once.

use aho_corasick::Span;
use aho_corasick::packed::{Config, MatchKind, Searcher};
use memchr::memmem::{self, Finder};

use crate::report::{Condition, fragment};

/// Every start line that `report::start_lines` knows has one of these words, or [`COUNTED`], or is found by
/// the lines below it, as that of parisc. So do the kernel's banner and the header that says how a mail is
/// encoded.
///
/// One search is for up to 32 words at full speed. It looks at the first four bytes of each, so they are
/// chosen to be rare in logs, where need be from the middle of what the kernel prints: `t: 0000` ends old
/// kernels' `general protection fault: 0000` and `stack segment: 0000`, while `faul` would find every
/// default, and `LOCK` all that a firewall blocks. A word that is found and starts no report costs more than
/// 300 bytes of log do, so words that other programs use, such as `corruption`, come with what kernels print
/// around them. Every eighth word is in the same bucket, where any mixture of their bytes is taken for a
/// match that must be verified. So the order matters: in this one, the best of many that were tried, at most
/// 0.1 % of the bytes of logs begin such a mixture. With the words sorted by topic it was 1.2 %, and a search
/// took four times as long.
const WORDS: [&[u8]; 32] = [
    b"d-printable",
    b"UBSAN: ",
    b"or Interrupt",
    b"ENDBR: ",
    b"nt3: 0",
    b"t: 0000",
    b"vide error",
    b"d fault: ",
    b"Unhandled ",
    b"OCKUP",
    b"d mode in ",
    b"INFO: ",
    b"ced object 0x",
    b"BUG: ",
    b"panic",
    b"o handle ",
    b"del corruption",
    b"Machine ",
    b"PANIC",
    b"ero in kernel",
    b"add corruption",
    b"te filename",
    b"Linux version ",
    b"I failure",
    b"BUG ",
    b"Vector: ",
    b"Oops",
    b"erand: 0",
    b"cut here ",
    b"r a crash",
    b"WARNING: ",
    b"SR access",
];

/// `[#1]`, which counts oopses since Linux 2.6.
const COUNTED: &[u8] = b"[#";

/// Finds trigger words.
pub(super) struct Trigger {
    words: Option<Searcher>,
    /// What must hold for each of [`WORDS`].
    conditions: [Condition; WORDS.len()],
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
        Self { words, conditions: WORDS.map(Condition::of), counted: Finder::new(COUNTED) }
    }

    /// Starts a search in a piece of the log.
    pub fn search<'t>(&'t self, text: &'t [u8]) -> Search<'t> {
        Search { trigger: self, text, word: Next::Unknown, counted: Next::Unknown }
    }

    /// Where the first of [`WORDS`] begins for which its condition holds.
    fn word(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            let (at, index) = self.any_word(text, from)?;
            if self.conditions.get(index).is_none_or(|condition| condition.holds(text, at)) {
                return Some(at);
            }
            from = at.saturating_add(1);
        }
    }

    /// Where the first of [`WORDS`] begins, and which one it is.
    fn any_word(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        match &self.words {
            Some(searcher) => {
                let span = Span { start: from.min(text.len()), end: text.len() };
                searcher.find_in(text, span).map(|found| (found.start(), found.pattern().as_usize()))
            }
            // This processor has no vector instructions.
            None => {
                let rest = text.get(from..)?;
                let found = WORDS.iter().enumerate().filter_map(|(index, word)| {
                    memmem::find(rest, word).map(|at| (at.saturating_add(from), index))
                });
                found.min()
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
    /// Where the first trigger word at or after `from` begins that may be in a start line. `from` must never
    /// decrease.
    pub fn from(&mut self, from: usize) -> Option<usize> {
        let word = self.word.from(from, || self.trigger.word(self.text, from));
        let counted = self.counted.from(from, || self.trigger.counted(self.text, from));
        word.into_iter().chain(counted).min()
    }
}
