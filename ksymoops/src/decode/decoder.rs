// SPDX-License-Identifier: MIT OR Apache-2.0
//! What reports are decoded with.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use libksym::{Resolver, Sources};
use libmodfmt::journal::Journal;

use crate::Warning;
use crate::debuginfod::Servers;
use crate::persistent::{FieldNames, KnownRegion, KnownToken};

/// The most kernels whose symbols are held at once.
const MAX_RESOLVERS: usize = 8;

/// Everything that reports are decoded with.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Where symbols and lines may come from; what a report itself says is added to it.
    pub sources: Sources,
    /// The journal.
    pub journal: Journal,
    /// The beginning of the id of the boot that the user names.
    pub boot: Option<String>,
    /// Regions that apply to every report: those that the user names, then those of the running kernel.
    pub regions: Vec<KnownRegion>,
    /// Tokens of the running kernel, which apply to every report.
    pub tokens: Vec<KnownToken>,
    /// Servers that are asked for debug files.
    pub(crate) servers: Option<Servers>,
    /// Names the fields of persistent variables.
    pub field_names: FieldNames,
    /// One for each kernel, so that files are read once.
    resolvers: RefCell<HashMap<String, Rc<Resolver>>>,
    warnings: RefCell<Vec<Warning>>,
}

impl Decoder {
    /// Returns the warnings since the last call, each once.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.warnings.take()
    }

    pub(super) fn warn(&self, warning: Warning) {
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// Returns the resolver for a kernel and what is known about it.
    pub(super) fn resolver(&self, sources: Sources) -> Rc<Resolver> {
        let key = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            sources.release,
            sources.version,
            sources.build_id,
            sources.kaslr,
            sources.loaded,
            sources.modules_text
        );
        let mut resolvers = self.resolvers.borrow_mut();
        // Each may hold a kernel's symbols, and a hostile log names a new kernel in each report.
        if resolvers.len() >= MAX_RESOLVERS && !resolvers.contains_key(&key) {
            resolvers.clear();
        }
        Rc::clone(resolvers.entry(key).or_insert_with(|| Rc::new(Resolver::new(sources))))
    }
}
