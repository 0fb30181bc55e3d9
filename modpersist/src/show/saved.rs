// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept values with their types, so that they can be restored without anything else.

use anyhow::{Context, Result, bail, ensure};
use libmodfmt::types::value_types;
use libmodsys::Kernel;
use modrecord::saved_values::SAVED_FORMAT;
use modrecord::saved_values::types_json;

use super::shown::{SCHEMA, Shown, ShownKind};
use super::values::Extent;
use super::{Content, Reader, with_reader};
use crate::json;

/// Values to be saved.
pub(crate) struct SavedValues {
    /// All that goes into the file.
    pub(crate) json: json::Shown,
    /// How many variables there are in force.
    pub(crate) count: usize,
    /// What changed while it was read.
    pub(crate) unstable: Vec<String>,
}

/// The values of all variables of `owner`.
pub(crate) fn saved(kernel: &dyn Kernel, owner: &str) -> Result<SavedValues> {
    let release = kernel.release()?;
    with_reader(kernel, owner, |reader| of_region(reader, release))
}

fn of_region(reader: &Reader<'_>, kernel: String) -> Result<SavedValues> {
    let (contents, denied) = reader.contents(reader.all(), Extent::Saved, 0);
    if let Some(why) = denied {
        bail!("the contents of {}'s data cannot be read: {why}", reader.region.owner);
    }
    ensure!(reader.region.pending.is_none(), "a load has begun and not ended: load the module first");
    let (types, type_ids) = types(reader, &contents)?;
    let (mut values, mut unstable, mut count) = (Vec::new(), Vec::new(), 0_usize);
    for (content, type_id) in contents.into_iter().zip(type_ids) {
        let own = content.target.variable.context("a variable is missing")?;
        if !own.is_replaced {
            count = count.saturating_add(1);
            content.value.iter().for_each(|value| find_unstable(value, &mut own.name.clone(), &mut unstable));
        }
        let now = own.grown_from.map(|_| (own.size, own.type_name.clone()));
        let (replaced, unused, bytes) = (own.is_replaced, own.is_unused, None);
        values.push(json::Content { bytes, value: content.value, replaced, unused, now, type_id });
    }
    let mut region = json::Region::of(reader.region);
    region.add_contents(values, None);
    let saved = Some(json::Saved { format: SAVED_FORMAT, kernel, types });
    let json = json::Shown { schema: SCHEMA, region, saved, selected: None, followed: Vec::new() };
    Ok(SavedValues { json, count, unstable })
}

/// The types of all variables in one list, and which one each variable has.
fn types(
    reader: &Reader<'_>,
    contents: &[Content<'_>],
) -> Result<(Vec<types_json::TypeJson>, Vec<Option<u32>>)> {
    let mut all = Vec::new();
    let mut ids = vec![None; contents.len()];
    let mut by_table: std::collections::BTreeMap<usize, Vec<(usize, _)>> = std::collections::BTreeMap::new();
    for (index, content) in contents.iter().enumerate() {
        let ty = content.target.variable.filter(|own| !own.is_replaced).and_then(|own| own.ty);
        if let Some((table, id)) = ty {
            by_table.entry(table).or_default().push((index, id));
        }
    }
    for (table, variables) in by_table {
        let Some(types) = reader.kept.types(table) else { continue };
        let roots: Vec<_> = variables.iter().map(|(_, id)| *id).collect();
        let (copy, roots) = value_types(types, &roots);
        let first = u32::try_from(all.len())?;
        all.extend(types_json::to_json(&copy, first));
        for ((index, _), root) in variables.iter().zip(roots) {
            if let Some(id) = ids.get_mut(*index) {
                *id = root.0.checked_add(first);
            }
        }
    }
    Ok((all, ids))
}

/// Paths of values that changed while they were read.
fn find_unstable(value: &Shown, path: &mut String, found: &mut Vec<String>) {
    if value.unstable {
        found.push(path.clone());
    }
    let length = path.len();
    match &value.kind {
        ShownKind::Struct { fields, .. } | ShownKind::Union { fields, .. } => {
            for field in fields {
                if !field.name.is_empty() {
                    path.push('.');
                    path.push_str(&field.name);
                }
                find_unstable(&field.value, path, found);
                path.truncate(length);
            }
        }
        ShownKind::Array { runs, .. } => {
            for run in runs {
                path.push_str(&format!("[{}]", run.first));
                find_unstable(&run.value, path, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}
