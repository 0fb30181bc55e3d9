// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names by which the extended kernel knows the variables of a file: those of the symbols, without the
//! numbers that compilers append. It reads no debug information.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::elf::{Object, Place, SymbolKind};
use crate::persist::source_name::{base_name, function_and_name, source_name};
use crate::persist::{Inventory, Variable};

/// The names of a file's variables in the extended kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelNames {
    /// By unit and offset.
    names: HashMap<(usize, u64), HashSet<String>>,
    /// Kbuild's name of the file, and the name, of variables that the kernel cannot tell apart.
    ambiguous: HashSet<(String, String)>,
}

impl KernelNames {
    /// The names in `object`, whose variables are `inventory`.
    #[must_use]
    pub fn of(object: &Object<'_>, inventory: &Inventory) -> Self {
        let mut names: HashMap<(usize, u64), HashSet<String>> = HashMap::new();
        for symbol in &object.symbols {
            let Place::Section(section) = symbol.place else { continue };
            let Some(unit) = inventory.unit_of(section) else { continue };
            if matches!(symbol.kind, SymbolKind::OBJECT | SymbolKind::NONE) {
                let name = source_name(&symbol.name_text()).to_owned();
                names.entry((unit, symbol.value)).or_default().insert(name);
            }
        }
        let mut new = Self { names, ambiguous: HashSet::new() };
        let mut seen = HashSet::new();
        for (unit, variables) in inventory.header.units.iter().map(|unit| &unit.variables).enumerate() {
            for variable in variables {
                let key = new.key(unit, variable);
                if !seen.insert(key.clone()) {
                    new.ambiguous.insert(key);
                }
            }
        }
        new
    }

    /// Whether there are variables of one file and name, which the kernel cannot tell apart.
    #[must_use]
    pub fn are_ambiguous(&self) -> bool {
        !self.ambiguous.is_empty()
    }

    /// Whether a variable, of a unit of the file, is one of those.
    #[must_use]
    pub fn is_ambiguous(&self, unit: usize, variable: &Variable) -> bool {
        !self.ambiguous.is_empty() && self.ambiguous.contains(&self.key(unit, variable))
    }

    /// Whether the kernel takes a variable of the file for `kept`, one of its list: by file and name.
    #[must_use]
    pub fn is_same(&self, unit: usize, variable: &Variable, kept: &Variable) -> bool {
        let kept_name = match &kept.function {
            Some(function) => Cow::Owned(format!("{function}.{}", kept.name)),
            None => Cow::Borrowed(&*kept.name),
        };
        self.name(unit, variable) == kept_name && variable.is_in_file_of(kept).unwrap_or(true)
    }

    fn key(&self, unit: usize, variable: &Variable) -> (String, String) {
        let file = base_name(variable.file.as_deref().unwrap_or_default()).into_owned();
        (file, self.name(unit, variable).into_owned())
    }

    /// The name of the symbol: with clang's function, but not with one that only debug information tells.
    fn name<'v>(&self, unit: usize, variable: &'v Variable) -> Cow<'v, str> {
        let with_function =
            variable.function.as_ref().map(|function| format!("{function}.{}", variable.name));
        let has = |name: &String| {
            let found = self.names.get(&(unit, variable.offset));
            found.is_some_and(|found| found.contains(name))
        };
        match with_function.filter(has) {
            Some(name) => Cow::Owned(name),
            None => Cow::Borrowed(function_and_name(&variable.name).1),
        }
    }
}
