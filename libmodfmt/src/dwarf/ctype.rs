// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types as C text.

use std::cell::Cell;

use super::info::{DebugInfo, Die, Entry};

/// How deeply a type is written out; `...` stands for what is deeper.
const MAX_LEVELS: u32 = 16;
/// How many types are written out in one text. Parameters of functions nest, so that the text of a small
/// type could grow without bound.
const MAX_TYPES: u32 = 64;
/// How many dimensions of an array are written out.
const MAX_DIMENSIONS: usize = 16;

impl<'a> DebugInfo<'a> {
    /// A type as C writes it in a declaration without a name: `struct foo *[4]`, `int (*)(void *)`.
    pub(super) fn c_type(&self, die: Option<Die>) -> String {
        self.declare(die, String::new(), 0, &Cell::new(MAX_TYPES))
    }

    /// `inner` is what has been read so far, from the name outwards.
    fn declare(&self, die: Option<Die>, inner: String, level: u32, types_left: &Cell<u32>) -> String {
        let Some(die) = die else { return join("void", &inner) };
        let left = types_left.get();
        types_left.set(left.saturating_sub(1));
        let entry = self.entry(die).filter(|_| level < MAX_LEVELS && left > 0);
        let Some(entry) = entry else { return join("...", &inner) };
        let target = self.type_of(die.unit, &entry);
        let level = level.saturating_add(1);
        let name = self.name(die.unit, &entry);
        let tagged = |keyword| match &name {
            Some(name) => format!("{keyword} {name}"),
            None => format!("{keyword} {{...}}"),
        };
        match entry.tag() {
            gimli::DW_TAG_pointer_type => {
                let wraps = target.and_then(|die| self.entry(die)).is_some_and(|entry| {
                    matches!(entry.tag(), gimli::DW_TAG_array_type | gimli::DW_TAG_subroutine_type)
                });
                let pointer = format!("*{inner}");
                self.declare(target, if wraps { format!("({pointer})") } else { pointer }, level, types_left)
            }
            gimli::DW_TAG_array_type => {
                let Some(counts) = self.dimensions(die) else { return join("...", &inner) };
                let counts =
                    counts.iter().map(|count| count.map(|count| count.to_string()).unwrap_or_default());
                let dimensions: String =
                    counts.take(MAX_DIMENSIONS).map(|count| format!("[{count}]")).collect();
                self.declare(target, inner + &dimensions, level, types_left)
            }
            gimli::DW_TAG_subroutine_type => {
                let parameters = self.parameters(die, level, types_left);
                self.declare(target, format!("{inner}({parameters})"), level, types_left)
            }
            gimli::DW_TAG_const_type => self.qualify("const", target, inner, level, types_left),
            gimli::DW_TAG_volatile_type => self.qualify("volatile", target, inner, level, types_left),
            gimli::DW_TAG_restrict_type => self.qualify("restrict", target, inner, level, types_left),
            gimli::DW_TAG_atomic_type => self.qualify("_Atomic", target, inner, level, types_left),
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type => join(&tagged("struct"), &inner),
            gimli::DW_TAG_union_type => join(&tagged("union"), &inner),
            gimli::DW_TAG_enumeration_type => join(&tagged("enum"), &inner),
            _ => join(name.as_deref().unwrap_or("..."), &inner),
        }
    }

    /// A qualifier goes after the star of a pointer, and before anything else. If gcc qualifies an
    /// array, its elements are qualified as well.
    fn qualify(
        &self,
        word: &str,
        target: Option<Die>,
        inner: String,
        level: u32,
        types_left: &Cell<u32>,
    ) -> String {
        match target.and_then(|die| self.entry(die)).map(|entry| entry.tag()) {
            Some(gimli::DW_TAG_pointer_type) => self.declare(target, join(word, &inner), level, types_left),
            Some(gimli::DW_TAG_array_type) => self.declare(target, inner, level, types_left),
            _ => format!("{word} {}", self.declare(target, inner, level, types_left)),
        }
    }

    fn parameters(&self, function: Die, level: u32, types_left: &Cell<u32>) -> String {
        let Some(children) = self.children(function) else { return "...".to_owned() };
        let parameters: Vec<String> = children
            .iter()
            .filter_map(|child: &Entry<'a>| match child.tag() {
                gimli::DW_TAG_formal_parameter => {
                    Some(self.declare(self.type_of(function.unit, child), String::new(), level, types_left))
                }
                gimli::DW_TAG_unspecified_parameters => Some("...".to_owned()),
                _ => None,
            })
            .collect();
        if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") }
    }
}

/// `int` and `*x` make `int *x`; `int` and `[3]` make `int[3]`.
fn join(base: &str, inner: &str) -> String {
    match inner.chars().next() {
        None => base.to_owned(),
        Some('[') => format!("{base}{inner}"),
        Some(_) => format!("{base} {inner}"),
    }
}
