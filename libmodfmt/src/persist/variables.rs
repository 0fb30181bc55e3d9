// SPDX-License-Identifier: MIT OR Apache-2.0
//! The variables of the persistent sections, from the symbol table: whether it names all of them, and
//! whether their names tell them apart.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::section::file_in_name;
use super::source_name::{base_name, function_and_name, source_name};
use super::{Ambiguity, AmbiguousName, PersistError, Unit, Variable, VariableDebugInfo};
use crate::elf::{Binding, Object, Place, Symbol, SymbolKind};
use crate::types::MAX_NAME_BYTES;

/// A variable on its way from symbol to header.
struct Candidate {
    unit: usize,
    section: usize,
    variable: Variable,
    symbol: String,
    local: bool,
    /// Which of the file's `FILE` symbols it follows: two source files may have one base name.
    source: usize,
    /// Debug information or clang's name tells its function, so no function means that it is outside.
    described: bool,
}

/// The variables of all units.
pub(super) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// `by_section` has the unit of each section that is persistent.
    pub(super) fn of(
        object: &Object<'_>,
        units: &[Unit],
        by_section: &[Option<usize>],
    ) -> Result<Self, PersistError> {
        let mut found = Vec::new();
        let files = Files::of(object);
        let (mut file, mut source): (Option<&Symbol<'_>>, usize) = (None, 0);
        for symbol in &object.symbols {
            if symbol.kind == SymbolKind::FILE {
                file = Some(symbol).filter(|file| !file.name.is_empty());
                source = source.saturating_add(1);
            }
            let Place::Section(section) = symbol.place else { continue };
            let Some(index) = by_section.get(section).copied().flatten() else { continue };
            let Some(unit) = units.get(index).filter(|_| is_variable(symbol)) else { continue };
            let symbol_name = bounded_name(symbol, unit)?;
            let end = symbol.value.checked_add(symbol.size);
            if end.is_none_or(|end| end > unit.size) {
                return Err(PersistError::VariableOutside {
                    section: unit.section.clone(),
                    variable: symbol_name,
                    offset: symbol.value,
                    size: symbol.size,
                    section_size: unit.size,
                });
            }
            let local = symbol.binding == Binding::Local;
            let file = match file_in_name(&unit.section) {
                Some(base_name) => Some(files.name(base_name)),
                None => file.filter(|_| local).map(|file| bounded_name(file, unit)).transpose()?,
            };
            let (function, name) = function_and_name(source_name(&symbol_name));
            let variable = Variable {
                file,
                function: function.map(str::to_owned),
                ..Variable::new(name, symbol.value, symbol.size, Variable::align_of(symbol.value, unit.align))
            };
            let described = variable.function.is_some();
            found.push(Candidate {
                unit: index,
                section,
                variable,
                symbol: symbol_name,
                local,
                source,
                described,
            });
        }
        found.sort_by(|a, b| {
            (a.unit, a.variable.offset, &a.symbol).cmp(&(b.unit, b.variable.offset, &b.symbol))
        });
        Ok(Self(found))
    }

    pub(super) fn add_debug_info(&mut self, infos: &[VariableDebugInfo]) {
        let infos: HashMap<_, _> = infos.iter().map(|info| ((info.section, info.offset), info)).collect();
        for candidate in &mut self.0 {
            if let Some(info) = infos.get(&(candidate.section, candidate.variable.offset)) {
                candidate.described = true;
                // If the function was inlined, clang's debug information has the variable outside of it.
                if candidate.variable.function.is_none() {
                    candidate.variable.function.clone_from(&info.function);
                }
                candidate.variable.type_name.clone_from(&info.type_name);
                candidate.variable.type_id = info.type_id;
            }
        }
    }

    /// Whether the symbol table names every variable, so that names can be relied on. `strip` has
    /// options that remove all local names, some of them, or only the source files.
    pub(super) fn are_complete(&self, object: &Object<'_>, units: &[Unit]) -> bool {
        let locals = object.symbols.iter().any(is_local_name);
        let mut rest = self.0.as_slice();
        let covered = units.iter().enumerate().all(|(index, unit)| {
            let end = rest.partition_point(|candidate| candidate.unit <= index);
            let (own, others) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = others;
            covers(own, unit, locals)
        });
        covered && self.files_do_not_matter()
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
            let sources: HashSet<_> = members.iter().map(|member| member.source).collect();
            let reason = match (sources.len() > 1, described) {
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

    pub(super) fn add_to(self, units: &mut [Unit]) {
        for candidate in self.0 {
            if let Some(unit) = units.get_mut(candidate.unit) {
                unit.variables.push(candidate.variable);
            }
        }
    }
}

/// Whether there is nothing but padding between the variables of a unit. If the file has no local names at
/// all (`locals`), a gap may be a variable whose name was removed.
fn covers(variables: &[Candidate], unit: &Unit, locals: bool) -> bool {
    let mut end = 0_u64;
    let sized = variables.iter().map(|candidate| &candidate.variable);
    for variable in sized.filter(|variable| variable.size > 0) {
        let gap = variable.offset.saturating_sub(end);
        if gap > 0 && (!locals || gap >= variable.align) {
            return false;
        }
        end = end.max(variable.offset.saturating_add(variable.size));
    }
    let rest = unit.size.saturating_sub(end);
    rest == 0 || (end > 0 && locals && rest < unit.align.max(1))
}

/// The names of source files by kbuild's base names.
struct Files<'o>(HashMap<String, Cow<'o, str>>);

impl<'o> Files<'o> {
    fn of(object: &'o Object<'_>) -> Self {
        let symbols = object.symbols.iter().filter(|symbol| symbol.kind == SymbolKind::FILE);
        let names = symbols.filter(|symbol| symbol.name.len() <= MAX_NAME_BYTES);
        let mut files = HashMap::new();
        for name in names.map(|symbol| String::from_utf8_lossy(&symbol.name)) {
            files.entry(base_name(&name).into_owned()).or_insert(name);
        }
        Self(files)
    }

    /// The file's name; its base name if `strip -g` has removed that.
    fn name(&self, base_name: &str) -> String {
        self.0.get(base_name).map_or_else(|| base_name.to_owned(), |name| name.clone().into_owned())
    }
}

/// Names of a file's strings may overlap, so that a small file could have gigabytes of them.
fn bounded_name(symbol: &Symbol<'_>, unit: &Unit) -> Result<String, PersistError> {
    let length = symbol.name.len();
    if length > MAX_NAME_BYTES {
        return Err(PersistError::LongName { section: unit.section.clone(), length });
    }
    Ok(symbol.name_text())
}

fn is_variable(symbol: &Symbol<'_>) -> bool {
    symbol.has_name_of_source() && matches!(symbol.kind, SymbolKind::OBJECT | SymbolKind::NONE)
}

/// A local name of the source, as every module has some.
fn is_local_name(symbol: &Symbol<'_>) -> bool {
    symbol.has_name_of_source()
        && symbol.binding == Binding::Local
        && !matches!(symbol.kind, SymbolKind::FILE | SymbolKind::SECTION)
}
