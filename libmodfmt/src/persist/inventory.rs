// SPDX-License-Identifier: MIT OR Apache-2.0
//! The persistent sections and variables of a module file.

use super::variables::Candidates;
use super::{Header, PersistError, PersistentSection, Variable};
use crate::dwarf::{self, DebugSections};
use crate::elf::Object;

/// What debug information says of one variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariableDebugInfo {
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

impl VariableDebugInfo {
    /// What the debug information of `object` says of its persistent variables; nothing where there
    /// is none that can be read, since it only refines what the symbol table says.
    #[must_use]
    pub fn all(object: &Object<'_>) -> Vec<Self> {
        let Ok(sections) = DebugSections::of(object) else { return Vec::new() };
        let persistent = |index: usize| {
            object
                .sections
                .get(index)
                .is_some_and(|section| PersistentSection::from_name(&section.name).is_some())
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
    pub indexes: Vec<(PersistentSection, usize)>,
    /// Names that several variables of one file share; such a file is refused.
    pub ambiguous: Vec<Ambiguous>,
}

/// Several variables that have one name and that nothing tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguous {
    /// File and name.
    pub name: String,
    /// The symbols.
    pub symbols: Vec<String>,
    /// Why nothing tells them apart.
    pub sharing: Sharing,
}

/// What variables of one name have in common, which says what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Perhaps only the file: debug information would tell their functions.
    Functions,
    /// The function, in two of its blocks.
    Scope,
    /// The base name of their files, which are different ones.
    FileName,
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
        facts: &[VariableDebugInfo],
    ) -> Result<Option<Self>, PersistError> {
        let indexes = persistent_sections(object)?;
        if indexes.is_empty() {
            return Ok(None);
        }
        let mut candidates = Candidates::of(object, &indexes)?;
        candidates.add_facts(facts);
        let named = candidates.are_complete(object, &indexes);
        // Without names it binds by its build id.
        let ambiguous = if named { candidates.ambiguous() } else { Vec::new() };
        let sections = candidates.into_sections(object, &indexes);
        let build_id = build_id.unwrap_or_default().to_vec();
        let header = Header { owner: owner.to_owned(), build_id, named, sections };
        Ok(Some(Self { header, indexes, ambiguous }))
    }

    /// The role of section `index`, if it is one of the persistent sections.
    #[must_use]
    pub fn role_of(&self, index: usize) -> Option<PersistentSection> {
        self.indexes.iter().find(|(_, own)| *own == index).map(|(role, _)| *role)
    }

    /// The variable that covers `offset` of a section, with the distance from its start in bytes.
    #[must_use]
    pub fn variable_at(&self, role: PersistentSection, offset: u64) -> Option<(&Variable, u64)> {
        let section = self.header.section(role)?;
        let before = section.variables.iter().rev().find(|variable| variable.offset <= offset)?;
        let inside = offset.checked_sub(before.offset)?;
        (inside < before.size).then_some((before, inside))
    }
}

fn persistent_sections(object: &Object<'_>) -> Result<Vec<(PersistentSection, usize)>, PersistError> {
    let mut indexes = Vec::new();
    for role in PersistentSection::ALL {
        let mut named = object.sections.iter().enumerate().filter(|(_, section)| {
            // An empty one is what remains of the section in an owner image.
            PersistentSection::from_name(&section.name) == Some(role) && section.size > 0
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

/// The name as the source has it: what compilers append to a symbol is cut off.
pub(super) fn source_name(symbol: &str) -> &str {
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
