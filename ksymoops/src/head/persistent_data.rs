// SPDX-License-Identifier: MIT OR Apache-2.0
//! What points into persistent data, or where a token leads to, and the persistent sections, each said once.

use std::collections::HashMap;

use super::Fact;
use crate::decode::{Annotation, AnnotationKind};
use crate::persistent::PersistentAddress;

/// So many hits are named; a stack may have hundreds.
const MAX_HITS: usize = 12;

/// The persistent sections of a report, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    sections: Vec<String>,
    /// The places of the sections in the list.
    numbers: HashMap<String, usize>,
    hits: Vec<String>,
    /// How many hits are not in the list.
    more_hits: usize,
}

impl Regions {
    /// The sections that the annotations of a report name, in the order of its lines.
    #[must_use]
    pub fn of(annotations: &[&Annotation]) -> Self {
        let mut regions = Self::default();
        for annotation in annotations {
            if let AnnotationKind::Token { label, address } = &annotation.kind {
                regions.hit(format!("{label} {}", address.with_field()));
            }
            let AnnotationKind::Persistent { label, address } = &annotation.kind else { continue };
            let section = section_text(address);
            let number = match regions.numbers.get(&section) {
                Some(number) => *number,
                None => {
                    regions.sections.push(section.clone());
                    regions.numbers.insert(section, regions.sections.len());
                    regions.sections.len()
                }
            };
            regions.hit(format!("{label} {} #{number}", short(address)));
        }
        regions
    }

    fn hit(&mut self, text: String) {
        if self.hits.contains(&text) {
            return;
        }
        if self.hits.len() < MAX_HITS {
            self.hits.push(text);
        } else {
            self.more_hits = self.more_hits.saturating_add(1);
        }
    }

    /// The number of the section that an address is in, counted from 1.
    #[must_use]
    pub fn number(&self, address: &PersistentAddress) -> Option<usize> {
        self.numbers.get(&section_text(address)).copied()
    }

    /// `RBX stats.hits[1] of meter #1`
    pub(super) fn hits(&self) -> Vec<Fact> {
        let mut facts: Vec<Fact> = self.hits.iter().map(Fact::new).collect();
        if self.more_hits > 0 {
            facts.push(Fact::new(format!("{} more", self.more_hits)));
        }
        facts
    }

    pub(super) fn legend(&self) -> Vec<Fact> {
        let numbered = (1..=self.sections.len()).zip(&self.sections);
        numbered.map(|(number, section)| Fact::new(format!("#{number} {section}"))).collect()
    }
}

/// `stats.hits[1] of meter`
fn short(address: &PersistentAddress) -> String {
    let what = match (&address.path, &address.variable, address.variable_offset) {
        (Some(path), _, _) => path.clone(),
        (None, Some(variable), Some(offset)) => format!("{variable}+{offset:#x}"),
        _ if !address.is_inside() => "just behind the end".to_owned(),
        _ => format!("{}+{:#x}", address.section, address.offset),
    };
    format!("{what} of {}", address.owner)
}

/// What is the same for all addresses in a section.
fn section_text(address: &PersistentAddress) -> String {
    let PersistentAddress { owner, section, source, .. } = address;
    let discarded = if address.discarded { ", its data dropped before" } else { "" };
    format!(
        "{section} of {owner} at {:#x}, {} bytes; {owner} {}{discarded}; by {source}",
        address.section_address.0,
        address.section_size,
        address.owner_state.text(),
    )
}
