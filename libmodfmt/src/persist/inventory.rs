// SPDX-License-Identifier: MIT OR Apache-2.0
//! The persistent sections and variables of a module file.

use std::collections::HashMap;

use super::{Header, PersistError, Role, SectionHeader, Variable};
use crate::dwarf::{self, DebugSections};
use crate::elf::{Object, Place, Section, Symbol, SymbolKind};

/// What debug information says of one variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DebugFact {
    /// Index of the section that holds it.
    pub section: usize,
    /// Its offset in the section, in bytes.
    pub offset: u64,
    /// The function around it, for a static in a function.
    pub function: Option<String>,
    /// Its type as C text.
    pub type_name: Option<String>,
    /// Hash over the structure of its type.
    pub type_hash: Option<u64>,
}

impl DebugFact {
    /// What the debug information of `object` says of its persistent variables; nothing where there
    /// is none that can be read, since it only refines what the symbol table says.
    #[must_use]
    pub fn all(object: &Object<'_>) -> Vec<Self> {
        let Ok(sections) = DebugSections::of(object) else { return Vec::new() };
        let persistent = |index: usize| {
            object.sections.get(index).is_some_and(|section| Role::of_section(&section.name).is_some())
        };
        let variables = dwarf::variables(&sections).unwrap_or_default();
        let kept = variables.into_iter().filter(|variable| persistent(variable.section));
        kept.map(|variable| Self {
            section: variable.section,
            offset: variable.offset,
            function: variable.function,
            type_name: variable.type_name,
            type_hash: variable.type_hash,
        })
        .collect()
    }
}

/// The persistent data of a module file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// What a keeper will carry.
    pub header: Header,
    /// Index of each persistent section in the file, in the order of the header.
    pub indexes: Vec<(Role, usize)>,
    /// Names that several variables of one file share, with the symbols; such a file is refused.
    pub ambiguous: Vec<(String, Vec<String>)>,
}

impl Inventory {
    /// Lists what `object`, the module `owner`, marks as persistent; `None` where it marks nothing.
    ///
    /// `facts` come from debug information and may be empty: they name functions and types.
    ///
    /// # Errors
    /// Two sections of one name, or a variable that ends behind its section.
    pub fn of(
        object: &Object<'_>,
        owner: &str,
        build_id: Option<&[u8]>,
        facts: &[DebugFact],
    ) -> Result<Option<Self>, PersistError> {
        let indexes = persistent_sections(object)?;
        if indexes.is_empty() {
            return Ok(None);
        }
        let facts: HashMap<_, _> = facts.iter().map(|fact| ((fact.section, fact.offset), fact)).collect();
        let mut sections = Vec::new();
        let mut ambiguous = Vec::new();
        for (role, index) in &indexes {
            let Some(section) = object.sections.get(*index) else { continue };
            let mut found = Found::in_section(object, *role, *index, section)?;
            found.add_facts(*index, &facts);
            found.resolve_names(&mut ambiguous);
            sections.push(found.header(*role, section));
        }
        let named = object.symbols.iter().any(|symbol| symbol.kind == SymbolKind::FILE);
        if !named {
            // It binds by its build id, never by names.
            ambiguous.clear();
        }
        let build_id = build_id.unwrap_or_default().to_vec();
        let header = Header { owner: owner.to_owned(), build_id, named, sections };
        Ok(Some(Self { header, indexes, ambiguous }))
    }

    /// The role of section `index`, if it is one of the persistent sections.
    #[must_use]
    pub fn role_of(&self, index: usize) -> Option<Role> {
        self.indexes.iter().find(|(_, own)| *own == index).map(|(role, _)| *role)
    }

    /// The variable that covers `offset` of a section, with the distance from its start in bytes.
    #[must_use]
    pub fn variable_at(&self, role: Role, offset: u64) -> Option<(&Variable, u64)> {
        let section = self.header.section(role)?;
        let before = section.variables.iter().rev().find(|variable| variable.offset <= offset)?;
        let inside = offset.checked_sub(before.offset)?;
        (inside < before.size).then_some((before, inside))
    }
}

fn persistent_sections(object: &Object<'_>) -> Result<Vec<(Role, usize)>, PersistError> {
    let mut indexes = Vec::new();
    for role in Role::ALL {
        let mut named = object.sections.iter().enumerate().filter(|(_, section)| {
            // An empty one is what remains of the section in an owner image.
            Role::of_section(&section.name) == Some(role) && section.size > 0
        });
        if let Some((first, _)) = named.next() {
            if let Some((second, _)) = named.next() {
                return Err(PersistError::TwoSections { name: role.section_name(), first, second });
            }
            indexes.push((role, first));
        }
    }
    Ok(indexes)
}

/// A variable on its way from symbol to header.
struct Candidate {
    variable: Variable,
    function: Option<String>,
    symbol: String,
}

struct Found(Vec<Candidate>);

impl Found {
    fn in_section(
        object: &Object<'_>,
        role: Role,
        index: usize,
        section: &Section<'_>,
    ) -> Result<Self, PersistError> {
        let mut found = Vec::new();
        let mut file: Option<String> = None;
        for symbol in &object.symbols {
            if symbol.kind == SymbolKind::FILE {
                file = Some(symbol.name_text()).filter(|name| !name.is_empty());
            }
            if symbol.place != Place::Section(index) || !is_variable(symbol) {
                continue;
            }
            let local = symbol.binding == crate::elf::Binding::Local;
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
            found.push(Candidate { variable, function: None, symbol: symbol_name });
        }
        found.sort_by(|a, b| (a.variable.offset, &a.symbol).cmp(&(b.variable.offset, &b.symbol)));
        Ok(Self(found))
    }

    fn add_facts(&mut self, index: usize, facts: &HashMap<(usize, u64), &DebugFact>) {
        for candidate in &mut self.0 {
            if let Some(fact) = facts.get(&(index, candidate.variable.offset)) {
                candidate.function.clone_from(&fact.function);
                candidate.variable.type_name.clone_from(&fact.type_name);
                candidate.variable.type_hash = fact.type_hash;
            }
        }
    }

    /// gcc numbers statics of one name in an order that changes with the code. Where the name
    /// alone is not enough, the function must tell them apart.
    fn resolve_names(&mut self, ambiguous: &mut Vec<(String, Vec<String>)>) {
        let mut groups: HashMap<(Option<String>, String), Vec<usize>> = HashMap::new();
        for (index, candidate) in self.0.iter().enumerate() {
            let key = (candidate.variable.file.clone(), candidate.variable.name.clone());
            groups.entry(key).or_default().push(index);
        }
        let mut shared: Vec<_> = groups.into_iter().filter(|(_, members)| members.len() > 1).collect();
        shared.sort();
        for ((file, name), members) in shared {
            let mut functions: Vec<_> = members.iter().filter_map(|index| self.0.get(*index)).collect();
            functions.sort_by(|a, b| a.function.cmp(&b.function));
            let distinct = functions.windows(2).all(|pair| match pair {
                [a, b] => a.function != b.function,
                _ => true,
            });
            if distinct {
                for index in members {
                    if let Some(candidate) = self.0.get_mut(index) {
                        candidate.variable.function.clone_from(&candidate.function);
                    }
                }
            } else {
                let place = file.map_or_else(|| name.clone(), |file| format!("{file}:{name}"));
                let mut symbols: Vec<_> =
                    functions.iter().map(|candidate| candidate.symbol.clone()).collect();
                symbols.sort();
                ambiguous.push((place, symbols));
            }
        }
    }

    fn header(self, role: Role, section: &Section<'_>) -> SectionHeader {
        let variables = self.0.into_iter().map(|candidate| candidate.variable).collect();
        SectionHeader { role, size: section.size, align: section.align.max(1), variables }
    }
}

fn is_variable(symbol: &Symbol<'_>) -> bool {
    let named = !symbol.name.is_empty() && !symbol.name.starts_with(b".L");
    named && matches!(symbol.kind, SymbolKind::OBJECT | SymbolKind::NONE)
}

/// The name as the source has it: what compilers append to a symbol is cut off.
fn source_name(symbol: &str) -> &str {
    let mut name = symbol;
    while let Some((head, tail)) = name.rsplit_once('.') {
        let number = !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit());
        if head.is_empty() || !(number || matches!(tail, "lto_priv" | "llvm")) {
            break;
        }
        name = head;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::source_name;

    #[test]
    fn compiler_suffixes_are_dropped() {
        assert_eq!(source_name("cnt"), "cnt");
        assert_eq!(source_name("cnt.0"), "cnt");
        assert_eq!(source_name("cnt.lto_priv.12"), "cnt");
        assert_eq!(source_name("poll.cnt"), "poll.cnt", "clang names the function");
        assert_eq!(source_name(".5"), ".5");
    }
}
