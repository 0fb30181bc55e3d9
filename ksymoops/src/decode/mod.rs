// SPDX-License-Identifier: MIT OR Apache-2.0
//! From what a report says to what it means: brings parser, resolver, disassembler, journal and persistent data together.

mod findings;
mod knowledge;
mod registers;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use libmodfmt::journal::Journal;

pub use findings::{Finding, What};
use knowledge::Knowledge;

use crate::persistent::{Fields, Region};
use libksym::{Resolver, Sources};
use liboops::report::Block;

/// Kernels whose symbols are held at once.
const MOST_RESOLVERS: usize = 8;

/// Everything that reports are decoded with.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Where symbols and lines may come from; what a report tells is added to it.
    pub sources: Sources,
    /// The journal.
    pub journal: Journal,
    /// The beginning of the id of the boot that the user names.
    pub boot: Option<String>,
    /// Regions that hold whatever the boot: those that the user names, then those of the running kernel.
    pub regions: Vec<Region>,
    /// Where fields of persistent variables may come from.
    pub fields: Fields,
    /// One for each kernel, so that files are read once.
    resolvers: RefCell<HashMap<String, Rc<Resolver>>>,
    warnings: RefCell<Vec<String>>,
}

impl Decoder {
    /// What there is to say about the reports of a block, by line.
    #[must_use]
    pub fn decode(&self, block: &Block) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, report) in block.reports.iter().enumerate() {
            let knowledge = Knowledge::of(self, report);
            findings::of_report(self, block, index, report, &knowledge, &mut findings);
            for warning in knowledge.resolver.take_warnings() {
                self.warn(warning.to_string());
            }
        }
        // Stable: what is about one line stays in its order.
        findings.sort_by_key(|finding| finding.line);
        findings
    }

    /// What was noticed since the last call, each once.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    fn warn(&self, warning: String) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    fn resolver(&self, key: String, sources: impl FnOnce() -> Sources) -> Rc<Resolver> {
        let mut resolvers = self.resolvers.borrow_mut();
        // Each may hold a kernel's symbols, and a hostile log names a new kernel in each report.
        if resolvers.len() >= MOST_RESOLVERS && !resolvers.contains_key(&key) {
            resolvers.clear();
        }
        Rc::clone(resolvers.entry(key).or_insert_with(|| Rc::new(Resolver::new(sources()))))
    }
}
