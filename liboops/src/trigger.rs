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
/// Only the first four bytes of each word are searched for at full speed, so they are chosen to be rare in
/// logs: `lt: 0000` ends old kernels' `general protection fault: 0000`, while `faul` would find every
/// default. A search for up to 16 words handles twice as many bytes at a time as one for more, and a piece of
/// the log stays in the processor's cache, so two searches are faster than one for all words.
const WORDS: [&[&[u8]]; 2] = [
    &[
        b"BUG: ",
        b"BUG ",
        b"Oops",
        b"WARNING: ",
        b"INFO: ",
        b"PANIC",
        b"LOCKUP",
        b"UBSAN: ",
        b"Unable to handle ",
        b"Unhandled ",
        b"Insufficient stack",
        b"SError Interrupt",
        b"Linux version ",
        b"Trigger a crash",
        b"lt: 0000",
        b"nt3: 0",
    ],
    &[
        b"cut here ",
        b"erand: 0",
        b"ivide error",
        b"k segment: ",
        b"panic - not sync",
        b"unreferenced object",
        b"panicked at",
        b"achine Check",
        b"achine check in",
        b"CFI failure",
        b"ENDBR: ",
        b"ed-printable",
        b"corruption",
        b"by zero in kernel",
        b"Bad mode in ",
        b"Vector: ",
    ],
];

/// `[#1]`, which counts oopses since Linux 2.6.
const COUNTED: &[u8] = b"[#";

/// Finds trigger words.
pub(super) struct Trigger {
    searchers: [Option<Searcher>; 2],
    counted: Finder<'static>,
}

impl std::fmt::Debug for Trigger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trigger").finish_non_exhaustive()
    }
}

impl Trigger {
    pub fn new() -> Self {
        let searcher = |words: &[&[u8]]| {
            Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(words).build()
        };
        Self { searchers: WORDS.map(searcher), counted: Finder::new(COUNTED) }
    }

    /// Starts a search in a piece of the log.
    pub fn search<'t>(&'t self, text: &'t [u8]) -> Search<'t> {
        Search { trigger: self, text, next: [Next::Unknown; 3] }
    }

    /// Where the first word of one of the searches begins.
    fn find(&self, which: usize, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        let Some(searcher) = self.searchers.get(which) else {
            return self.counted.find(rest).map(|at| at.saturating_add(from));
        };
        match searcher {
            Some(searcher) => {
                let span = Span { start: from, end: text.len() };
                searcher.find_in(text, span).map(|found| found.start())
            }
            // This processor has no vector instructions.
            None => {
                let found = WORDS.get(which)?.iter().filter_map(|word| memmem::find(rest, word)).min();
                found.map(|at| at.saturating_add(from))
            }
        }
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

/// A search through a piece of the log.
#[derive(Debug)]
pub(super) struct Search<'t> {
    trigger: &'t Trigger,
    text: &'t [u8],
    next: [Next; 3],
}

impl Search<'_> {
    /// Where the first trigger word at or after `from` begins. `from` must never decrease.
    pub fn from(&mut self, from: usize) -> Option<usize> {
        let mut first = None;
        for (which, next) in self.next.iter_mut().enumerate() {
            let passed = match *next {
                Next::Unknown => true,
                Next::At(at) => at < from,
                Next::Nowhere => false,
            };
            if passed {
                *next = find(self.trigger, which, self.text, from);
            }
            if let Next::At(at) = *next
                && first.is_none_or(|first| at < first)
            {
                first = Some(at);
            }
        }
        first
    }
}

fn find(trigger: &Trigger, which: usize, text: &[u8], from: usize) -> Next {
    trigger.find(which, text, from).map_or(Next::Nowhere, Next::At)
}
