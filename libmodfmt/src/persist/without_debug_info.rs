// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module's file without its debug information, which is most of it. The types of the persistent variables
//! stay, in a note, so that the file is still compared with what is kept.

use super::{Inventory, Variable, VariableDebugInfo, embed_types};
use crate::elf::{ElfError, Object};
use crate::module::Module;

impl Inventory {
    /// The file of `module`, whose inventory this is, without debug information and without a signature,
    /// which would not fit any more. A load of it has the same result.
    ///
    /// # Errors
    /// The file cannot be laid out again.
    pub fn without_debug_info(&self, module: &Module<'_>) -> Result<Vec<u8>, ElfError> {
        let mut object = module.object.clone();
        object.clear_debug_sections();
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
