// SPDX-License-Identifier: MIT OR Apache-2.0
//! What has been compared.

use std::collections::BTreeMap;

/// Counts of what agrees, and what does not.
#[derive(Debug, Default)]
pub struct Tally {
    /// Crashes of which there are a stop and a report.
    pub crashes: usize,
    /// How often each kind of statement was confirmed.
    pub agreed: BTreeMap<&'static str, usize>,
    /// What gdb knows and ksymoops does not say.
    pub left_out: BTreeMap<&'static str, Vec<String>>,
    /// What ksymoops says and gdb contradicts.
    pub wrong: Vec<String>,
}

impl Tally {
    pub fn agree(&mut self, kind: &'static str) {
        *self.agreed.entry(kind).or_default() += 1;
    }

    pub fn leave_out(&mut self, kind: &'static str, what: String) {
        self.left_out.entry(kind).or_default().push(what);
    }

    pub fn judge(&mut self, kind: &'static str, is_same: bool, what: impl FnOnce() -> String) {
        if is_same { self.agree(kind) } else { self.wrong.push(format!("{kind}: {}", what())) }
    }
}
