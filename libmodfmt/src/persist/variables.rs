// SPDX-License-Identifier: MIT OR Apache-2.0
//! The variables of the persistent sections, from the symbol table: whether it names all of them, and
//! whether their names tell them apart.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::source_name::source_name;
use super::{
    Ambiguity, AmbiguousName, PersistError, PersistentSection, SectionHeader, Variable, VariableDebugInfo,
};
use crate::elf::{Binding, Object, Place, Section, Symbol, SymbolKind};

/// A variable on its way from symbol to header.
struct Candidate {
    role: PersistentSection,
    section: usize,
    variable: Variable,
    symbol: String,
    local: bool,
    /// Which of the file's `FILE` symbols it follows: two source files may have one base name.
    unit: usize,
    /// Debug information has it, so no function means that it is outside functions.
    described: bool,
}

/// The variables of all persistent sections.
pub(super) struct Candidates(Vec<Candidate>);

impl Candidates {
    pub(super) fn of(
        object: &Object<'_>,
        indexes: &[(PersistentSection, usize)],
    ) -> Result<Self, PersistError> {
        let mut found = Vec::new();
        let (mut file, mut unit): (Option<String>, usize) = (None, 0);
        for symbol in &object.symbols {
            if symbol.kind == SymbolKind::FILE {
                file = Some(symbol.name_text()).filter(|name| !name.is_empty());
                unit = unit.saturating_add(1);
            }
            let Place::Section(index) = symbol.place else { continue };
            let Some((role, _)) = indexes.iter().find(|(_, own)| *own == index) else { continue };
            let Some(section) = object.sections.get(index).filter(|_| is_variable(symbol)) else { continue };
            let symbol_name = symbol.name_text();
            let end = symbol.value.checked_add(symbol.size);
            if end.is_none_or(|end| end > section.size) {
                return Err(PersistError::VariableOutside {
                    section: role.section_name(),
                    variable: symbol_name,
                    offset: symbol.value,
                    size: symbol.size,
                    section_size: section.size,
                });
            }
            let local = symbol.binding == Binding::Local;
            let variable = Variable {
                file: file.clone().filter(|_| local),
                function: None,
                name: source_name(&symbol_name).to_owned(),
                offset: symbol.value,
                size: symbol.size,
                align: Variable::align_of(symbol.value, section.align),
                type_name: None,
                type_hash: None,
            };
            let (role, section, symbol) = (*role, index, symbol_name);
            found.push(Candidate { role, section, variable, symbol, local, unit, described: false });
        }
        found.sort_by(|a, b| (a.variable.offset, &a.symbol).cmp(&(b.variable.offset, &b.symbol)));
        Ok(Self(found))
    }

    pub(super) fn add_debug_info(&mut self, infos: &[VariableDebugInfo]) {
        let infos: HashMap<_, _> = infos.iter().map(|info| ((info.section, info.offset), info)).collect();
        for candidate in &mut self.0 {
            if let Some(info) = infos.get(&(candidate.section, candidate.variable.offset)) {
                candidate.described = true;
                candidate.variable.function.clone_from(&info.function);
                candidate.variable.type_name.clone_from(&info.type_name);
                candidate.variable.type_hash = info.type_hash;
            }
        }
    }

    /// Whether the symbol table names every variable, so that names can be relied on. `strip` has
    /// options that remove all local names, some of them, or only the source files.
    pub(super) fn are_complete(&self, object: &Object<'_>, indexes: &[(PersistentSection, usize)]) -> bool {
        let locals = object.symbols.iter().any(is_local_name);
        let covered = indexes.iter().all(|(role, index)| {
            object.sections.get(*index).is_some_and(|section| self.covers(*role, section, locals))
        });
        covered && self.files_do_not_matter()
    }

    /// Whether there is nothing but padding between the variables of a section. If the file has no
    /// local names at all (`locals`), a gap may be a variable whose name was removed.
    fn covers(&self, role: PersistentSection, section: &Section<'_>, locals: bool) -> bool {
        let mut end = 0_u64;
        let sized = self.0.iter().map(|candidate| (candidate.role, &candidate.variable));
        for (_, variable) in sized.filter(|(own, variable)| *own == role && variable.size > 0) {
            let gap = variable.offset.saturating_sub(end);
            if gap > 0 && (!locals || gap >= variable.align) {
                return false;
            }
            end = end.max(variable.offset.saturating_add(variable.size));
        }
        let rest = section.size.saturating_sub(end);
        rest == 0 || (end > 0 && locals && rest < section.align.max(1))
    }

    /// Whether each variable whose file is not known has a name of its own in the whole module.
    fn files_do_not_matter(&self) -> bool {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for candidate in &self.0 {
            let count = seen.entry(&candidate.variable.name).or_default();
            *count = count.saturating_add(1);
        }
        let mut unknown =
            self.0.iter().filter(|candidate| candidate.local && candidate.variable.file.is_none());
        unknown.all(|candidate| seen.get(&*candidate.variable.name) == Some(&1))
    }

    /// gcc numbers statics of one name in an order that changes with the code. If the name alone is
    /// not enough, the function must tell them apart, whatever sections they are in.
    pub(super) fn ambiguous(&self) -> Vec<AmbiguousName> {
        let mut groups: BTreeMap<(Option<&str>, &str), Vec<&Candidate>> = BTreeMap::new();
        for candidate in &self.0 {
            let key = (candidate.variable.file.as_deref(), &*candidate.variable.name);
            groups.entry(key).or_default().push(candidate);
        }
        let mut found = Vec::new();
        for ((file, name), members) in groups {
            let functions: HashSet<_> = members.iter().map(|member| &member.variable.function).collect();
            let described = members.iter().all(|member| member.described);
            if members.len() < 2 || (described && functions.len() == members.len()) {
                continue;
            }
            let units: HashSet<_> = members.iter().map(|member| member.unit).collect();
            let reason = match (units.len() > 1, described) {
                (true, _) => Ambiguity::SameFileName,
                (false, true) => Ambiguity::SameFunction,
                (false, false) => Ambiguity::UnknownFunctions,
            };
            let mut symbols: Vec<_> = members.iter().map(|member| member.symbol.clone()).collect();
            symbols.sort();
            let name = file.map_or_else(|| name.to_owned(), |file| format!("{file}:{name}"));
            found.push(AmbiguousName { name, symbols, reason });
        }
        found
    }

    pub(super) fn into_sections(
        self,
        object: &Object<'_>,
        indexes: &[(PersistentSection, usize)],
    ) -> Vec<SectionHeader> {
        let mut headers: Vec<SectionHeader> = indexes
            .iter()
            .filter_map(|(role, index)| {
                let section = object.sections.get(*index)?;
                let align = section.align.max(1);
                Some(SectionHeader { role: *role, size: section.size, align, variables: Vec::new() })
            })
            .collect();
        for candidate in self.0 {
            if let Some(header) = headers.iter_mut().find(|header| header.role == candidate.role) {
                header.variables.push(candidate.variable);
            }
        }
        headers
    }
}

fn is_variable(symbol: &Symbol<'_>) -> bool {
    is_source_name(symbol) && matches!(symbol.kind, SymbolKind::OBJECT | SymbolKind::NONE)
}

/// `.L` begins names that compilers make up, `$` the mapping symbols of arm and riscv. The extended
/// kernel has the same rule.
fn is_source_name(symbol: &Symbol<'_>) -> bool {
    !symbol.name.is_empty() && !symbol.name.starts_with(b".L") && !symbol.name.starts_with(b"$")
}

/// A local name of the source, as every module has some.
fn is_local_name(symbol: &Symbol<'_>) -> bool {
    is_source_name(symbol)
        && symbol.binding == Binding::Local
        && !matches!(symbol.kind, SymbolKind::FILE | SymbolKind::SECTION)
}
