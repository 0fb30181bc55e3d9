// SPDX-License-Identifier: MIT OR Apache-2.0
//! From `symbol+offset/size`, or an address, to functions and source lines.
//!
//! A [`Resolver`] is made from [`Sources`], asked [`Query`] by query, and tells in each [`Answer`]
//! what it found and in which file, or why it cannot tell. It never guesses: a file of another
//! build gives a [`Warning`] and is not used, a symbol of another size gives an [`Unknown`], and a
//! name that several functions bear gives each of them.
//!
//! Nothing is read before a query needs it, and only the parts of a file that it needs: the
//! kernel's file has hundreds of megabytes.

mod answer;
mod build_id;
mod query;
mod slide;
mod sources;
mod warning;

pub use answer::{Answer, Frame, Location, Unknown};
pub use build_id::{BuildId, BuildIdError};
pub use query::Query;
pub use slide::{Slide, SlideSource};
pub use sources::{KaslrHint, KaslrPair, LoadedModule, Sources};
pub use warning::Warning;

/// Answers queries from its sources.
#[derive(Debug)]
pub struct Resolver {
    sources: Sources,
}

impl Resolver {
    /// Takes note of the sources; reads nothing yet.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self { sources }
    }

    /// The answer to one query.
    #[must_use]
    pub fn symbolize(&self, query: &Query) -> Answer {
        let _ = (query, &self.sources);
        Answer { candidates: Vec::new(), unknown: Some(Unknown::NoKernel) }
    }

    /// The answers to many queries, in their order; faster than one by one.
    #[must_use]
    pub fn symbolize_all(&self, queries: &[Query]) -> Vec<Answer> {
        queries.iter().map(|query| self.symbolize(query)).collect()
    }

    /// How far the kernel was moved at boot, and who says so; `None` if nobody does.
    #[must_use]
    pub fn slide(&self) -> Option<Slide> {
        None
    }

    /// What was noticed since the last call, each once.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Warning> {
        Vec::new()
    }
}
