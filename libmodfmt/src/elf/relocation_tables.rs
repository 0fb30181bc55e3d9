// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which relocation tables change which section, looked up once for all.

use std::collections::HashMap;

use super::Object;

/// The relocation tables of a file by the section that they change: a file may have very many sections.
#[derive(Debug, Clone, Default)]
pub struct RelocationTables(HashMap<usize, Vec<usize>>);

impl RelocationTables {
    /// Those of `object`.
    #[must_use]
    pub fn of(object: &Object<'_>) -> Self {
        let mut tables: HashMap<usize, Vec<usize>> = HashMap::new();
        let all = object.sections.iter().enumerate().filter(|(_, section)| section.is_relocation());
        for (index, section) in all {
            if let Ok(target) = usize::try_from(section.info) {
                tables.entry(target).or_default().push(index);
            }
        }
        Self(tables)
    }

    /// The tables that change section `target`.
    #[must_use]
    pub fn of_section(&self, target: usize) -> &[usize] {
        self.0.get(&target).map(Vec::as_slice).unwrap_or_default()
    }
}
