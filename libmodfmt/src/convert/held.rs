// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types that the author named with `PERSISTENT_HOLDS()`: objects of them are in memory, made by the old
//! version, and cannot be found to be converted.

use super::behind::{Behind, is_other_tag};
use super::refusal::{ConversionRefusal, Reason};
use crate::hints::Renames;
use crate::types::{TypeTable, Types};

/// What changed about the held types: `old` is the table of what is kept, `new` that of the file. A type that
/// only one side names is not compared; one without a tag cannot be found on the other side.
#[must_use]
pub fn held_changes(old: &TypeTable, new: &TypeTable, renames: &Renames) -> Vec<ConversionRefusal> {
    let mut behind = Behind { old, new, renames, variable: "", proven: Default::default() };
    let mut changes = Vec::new();
    for held in old.held() {
        let ty = old.get(*held);
        let Some((kind, tag)) = ty.tag().filter(|(_, tag)| !tag.is_empty()) else { continue };
        let same = |id: &&crate::types::TypeId| {
            new.get(**id).tag().is_some_and(|(new_kind, new_tag)| {
                new_kind == kind && !new_tag.is_empty() && !is_other_tag(&ty, &new.get(**id), renames)
            })
        };
        let Some(now) = new.held().iter().find(same) else { continue };
        if let Some(difference) = behind.difference(*held, *now) {
            let path = format!("{} {tag}", kind.keyword());
            changes.push(ConversionRefusal { path, reason: Reason::OldShape { difference } });
        }
    }
    changes
}
