// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types that the author named with `PERSISTENT_HOLDS()`: objects of them are in memory, made by the old
//! version, and cannot be found to be converted.

use std::collections::BTreeSet;

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
            changes.push(ConversionRefusal { path, reason: Reason::HeldShape { difference } });
        }
    }
    changes
}

/// The held types of `old` that a version of the module does not know which names another one in their place:
/// going back to a version from before its objects got another shape. A version that converts the objects
/// still defines what they were; `defined` are the structures that its source defines. Where nothing comes in
/// place of a type, its list may just be gone from the source.
#[must_use]
pub fn unknown_held(
    old: &TypeTable,
    new: &TypeTable,
    defined: &BTreeSet<String>,
    renames: &Renames,
) -> Vec<ConversionRefusal> {
    let (before, now) = (tags(old), tags(new));
    let is_known = |tag: &&String| now.contains(*tag) || defined.contains(*tag) || renames.tag(tag).is_some();
    if now.is_subset(&before) {
        return Vec::new();
    }
    let unknown = before.iter().filter(|tag| !is_known(tag));
    unknown.map(|tag| ConversionRefusal { path: tag.clone(), reason: Reason::NotDefined }).collect()
}

/// The held types that have a tag.
fn tags(types: &TypeTable) -> BTreeSet<String> {
    let named = types.held().iter().filter_map(|held| {
        let ty = types.get(*held);
        let (kind, tag) = ty.tag().filter(|(_, tag)| !tag.is_empty())?;
        Some(format!("{} {tag}", kind.keyword()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Member, TagKind, Type, TypeId, layout_hash};

    fn record(name: &str, size: u64, members: &[(&str, u64, TypeId)]) -> Type {
        let member = |(name, bit_offset, type_id): &(&str, u64, TypeId)| Member {
            name: (*name).to_owned(),
            bit_offset: *bit_offset,
            bits: 0,
            type_id: *type_id,
            selected_by: Vec::new(),
        };
        let members = members.iter().map(member).collect();
        Type::Record { kind: TagKind::Struct, name: name.to_owned(), size, members }
    }

    /// `struct disk`, as one who defines `struct queue` sees it or one who only knows that there is one.
    fn disk(table: &mut TypeTable, size: u64, is_queue_known: bool) -> TypeId {
        let queue = table.push(match is_queue_known {
            true => record("queue", 8, &[]),
            false => Type::Declared { kind: TagKind::Struct, name: "queue".to_owned() },
        });
        let pointer = table.push(Type::Pointer { size: 8, target: queue });
        table.push(record("disk", size, &[("queue", 0, pointer)]))
    }

    /// `struct device { struct disk *disk; }`
    fn device(mut table: TypeTable, disk: TypeId) -> TypeTable {
        let pointer = table.push(Type::Pointer { size: 8, target: disk });
        let device = table.push(record("device", 8, &[("disk", 0, pointer)]));
        table.set_held(vec![device]);
        table
    }

    /// One version was compiled where the running kernel's types are known, another one names them itself.
    #[test]
    fn a_type_of_the_kernel_may_have_more_definitions_than_the_module_has() {
        let mut kernel = TypeTable::default();
        let hash = {
            let disk = disk(&mut kernel, 16, true);
            layout_hash(&kernel, disk)
        };
        let mut old = TypeTable::default();
        let named = old.push(Type::Kernel { kind: TagKind::Struct, name: "disk".to_owned(), size: 16, hash });
        let old = device(old, named);
        let described = |size, is_queue_known| {
            let mut table = TypeTable::default();
            let disk = disk(&mut table, size, is_queue_known);
            device(table, disk)
        };
        let changes = |old: &TypeTable, new: &TypeTable| held_changes(old, new, &Renames::default()).len();
        assert_eq!(changes(&old, &described(16, true)), 0);
        assert_eq!(changes(&old, &described(16, false)), 0, "it is only declared");
        assert_eq!(changes(&described(16, false), &old), 0);
        assert_eq!(changes(&old, &described(24, true)), 1, "its layout changed");
    }
}
