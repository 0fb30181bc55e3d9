// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decodes a block of the log.

use liboops::report::Block;

use super::annotator::annotate;
use super::decode_context::DecodeContext;
use super::{Annotation, Decoder, why};
use crate::Warning;

impl Decoder {
    /// Returns what there is to say about the reports of a block, in the order of its lines.
    #[must_use]
    pub fn decode(&self, block: &Block) -> Vec<Annotation> {
        let mut annotations = Vec::new();
        for (index, report) in block.reports.iter().enumerate() {
            let kernel = DecodeContext::of(self, report);
            annotate(block, index, report, &kernel, &self.field_names, &mut annotations);
            why::annotate(self, block, index, report, &kernel, &mut annotations);
            for warning in kernel.resolver.take_warnings() {
                self.warn(Warning::Symbols(warning));
            }
        }
        // The sort is stable: what is about one line stays in its order.
        annotations.sort_by_key(|annotation| annotation.line);
        annotations
    }
}
