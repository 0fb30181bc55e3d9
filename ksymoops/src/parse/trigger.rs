// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fast way through what is not an oops: looks for the few words that any start line has, in whole pieces of the log at once.

use aho_corasick::packed::{Config, MatchKind, Searcher};
use memchr::memmem;

/// Every start line that `super::start` knows, and the kernel's banner, has one of these.
///
/// Only the first four bytes of each are looked for at full speed, so they are chosen to be rare in logs (`panic`, as `kernel` is
/// everywhere); and with more than 32 words the search takes half as many bytes at a time.
const WORDS: &[&[u8]] = &[
    b"BUG: ",
    b"BUG at ",
    b"BUG [#",
    b"Oops",
    b"WARNING: ",
    b"INFO: ",
    b"cut here ",
    b"Unable to handle ",
    b"al protection fault",
    b"invalid op",
    b"divide error",
    b"stack segment",
    b"double fault",
    b"PANIC",
    b"int3: ",
    b"LOCKUP",
    b"UBSAN: ",
    b"panic - not sync",
    b"Internal error: ",
    b"unreferenced object",
    b"panicked at",
    b"Trigger a crash",
    b"achine Check Exc",
    b"achine check in",
    b"Unhandled ",
    b"undefined instr",
    b"Insufficient stack",
    b"SError Interrupt",
    b"illegal operation",
    b"monitor event",
    b"Linux version ",
];

/// Finds trigger words.
pub(super) struct Trigger {
    searcher: Option<Searcher>,
}

impl std::fmt::Debug for Trigger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trigger").finish_non_exhaustive()
    }
}

impl Trigger {
    pub fn new() -> Self {
        let mut config = Config::new();
        config.match_kind(MatchKind::LeftmostFirst);
        Self { searcher: config.builder().extend(WORDS).build() }
    }

    /// The first byte of the first trigger word.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        match &self.searcher {
            Some(searcher) => searcher.find(text).map(|found| found.start()),
            // No vector instructions here.
            None => WORDS.iter().filter_map(|word| memmem::find(text, word)).min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::start;
    use super::*;

    #[test]
    fn every_start_line_has_a_trigger_word() {
        let trigger = Trigger::new();
        for beginning in start::beginnings() {
            assert!(trigger.find(beginning).is_some(), "{}", String::from_utf8_lossy(beginning));
        }
    }
}
