// SPDX-License-Identifier: MIT OR Apache-2.0
//! An object file with debug information: variables and their types, and the lines of its functions. Types
//! equal themselves and survive being written and read; a query has an answer or a reason why not.

use libksym::Query;
use libmodfmt::dwarf::{DebugInfo, DebugSections, DwarfTypes};
use libmodfmt::elf::{Object, Place, SymbolKind};
use libmodfmt::types::{TypeTable, compare, layout_hash};

use crate::open_file;

/// Variables that are followed.
const MAX_VARIABLES: usize = 30;
/// Functions whose lines are looked up, and places in each.
const MAX_FUNCTIONS: usize = 6;
/// Distances from the start of a function, in bytes.
const OFFSETS: [u64; 4] = [0, 1, 9, 40];
/// Most members that a table of types may have.
const MAX_MEMBERS: usize = 5000;

/// Tries one input.
pub fn run(data: &[u8]) {
    let Ok(object) = Object::parse(data) else { return };
    variables(&object);
    lines(data, &object);
}

fn variables(object: &Object<'_>) {
    let Ok(sections) = DebugSections::of(object) else { return };
    let Ok(info) = DebugInfo::read(&sections) else { return };
    let variables = info.variables();
    let types = DwarfTypes::new(&info);
    let mut roots = Vec::new();
    for variable in variables.iter().take(MAX_VARIABLES) {
        let _ = info.field_path(variable, variable.size.unwrap_or(0) / 2);
        roots.extend(types.of_variable(variable));
    }
    let reached = types.table(&roots, None, MAX_MEMBERS);
    assert_eq!(reached.roots.len(), roots.len());
    let again = TypeTable::from_bytes(&reached.table.to_bytes()).expect("what was written can be read");
    for &root in &reached.roots {
        assert!(compare((&reached.table, root), (&again, root)).is_ok());
        assert_eq!(layout_hash(&reached.table, root), layout_hash(&again, root));
        let _ = reached.table.c_text(root);
    }
}

fn lines(data: &[u8], object: &Object<'_>) {
    let functions = object
        .symbols
        .iter()
        .filter(|symbol| symbol.kind == SymbolKind::FUNCTION && matches!(symbol.place, Place::Section(_)));
    let mut queries = Vec::new();
    for function in functions.take(MAX_FUNCTIONS) {
        let name = function.name_text();
        let query = |offset| Query::symbol(Some(open_file::MODULE), &name, offset, None);
        queries.extend(OFFSETS.map(query));
        queries.push(query(5).returning());
    }
    open_file::with_module(data, |resolver| {
        for answer in resolver.symbolize_all(&queries) {
            assert!(answer.unresolved.is_some() || !answer.candidates.is_empty());
        }
    });
}
