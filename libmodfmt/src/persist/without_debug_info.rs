// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module's file without its debug information, which is most of it. The types of the persistent variables
//! stay, in a note, so that the file is still compared with what is kept.

use super::{Inventory, Variable, VariableDebugInfo, embed_types};
use crate::elf::{ElfError, Object};
use crate::module::Module;

/// What the names of such sections begin with.
const PREFIXES: [&[u8]; 2] = [b".debug_", b".zdebug_"];

impl Inventory {
    /// The file of `module`, whose inventory this is, without debug information and without a signature,
    /// which would not fit any more. A load of it has the same result.
    ///
    /// # Errors
    /// The file cannot be laid out again.
    pub fn without_debug_info(&self, module: &Module<'_>) -> Result<Vec<u8>, ElfError> {
        let mut object = module.object.clone();
        let is_debug: Vec<bool> = object
            .sections
            .iter()
            .map(|section| {
                !section.is_alloc() && PREFIXES.iter().any(|prefix| section.name.starts_with(prefix))
            })
            .collect();
        let is_debug = |index: usize| is_debug.get(index).copied().unwrap_or(false);
        for index in 1..object.sections.len() {
            let Some(section) = object.sections.get_mut(index) else { continue };
            if is_debug(index) || (section.is_relocation() && is_debug(section.info as usize)) {
                section.clear();
            }
        }
        self.embed_types(&mut object);
        object.write()
    }

    fn embed_types(&self, object: &mut Object<'_>) {
        let is_described = |variable: &&Variable| {
            variable.function.is_some() || variable.type_name.is_some() || variable.type_id.is_some()
        };
        let variables = self.units().flat_map(|(unit, section)| {
            unit.variables.iter().filter(is_described).map(move |variable| VariableDebugInfo {
                function: variable.function.clone(),
                type_name: variable.type_name.clone(),
                type_id: variable.type_id,
                ..VariableDebugInfo::new(section, variable.offset)
            })
        });
        let variables: Vec<VariableDebugInfo> = variables.collect();
        if !variables.is_empty() {
            embed_types(object, &variables, &self.header.types);
        }
    }
}
