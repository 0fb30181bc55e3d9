// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types as C text, of bounded length.

use std::fmt::Write;

use super::{MAX_NAME_BYTES, TagKind, Type, TypeId, TypeTable, Types};

/// How deeply a type is written out; `...` stands for what is deeper.
const MAX_LEVELS: u32 = 16;
/// Longest text in bytes. Function types nest parameters, so that the text of a small type could grow without
/// bound.
const MAX_TEXT_BYTES: usize = 256;

impl TagKind {
    /// `struct`, `union` or `enum`.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Struct => "struct",
            Self::Union => "union",
            Self::Enum => "enum",
        }
    }
}

impl TypeTable {
    /// A type as C writes it in a declaration without a name: `struct foo *[4]`, `int (*)(void *)`. At most
    /// some 300 bytes; `...` stands for what is left out.
    #[must_use]
    pub fn c_text(&self, id: TypeId) -> String {
        c_text(self, id)
    }
}

/// The same for any source of types.
#[must_use]
pub fn c_text(types: &dyn Types, id: TypeId) -> String {
    Writer { types, budget: MAX_TEXT_BYTES }.declare(id, String::new(), 0)
}

/// A type as C writes it in the declaration of `name`: `struct foo *name[4]`, `int (*name)(void *)`. As long
/// as [`c_text`], and the name besides.
#[must_use]
pub fn c_declaration(types: &dyn Types, id: TypeId, name: &str) -> String {
    let budget = MAX_TEXT_BYTES.saturating_add(name.len());
    Writer { types, budget }.declare(id, name.to_owned(), 0)
}

struct Writer<'t> {
    types: &'t dyn Types,
    /// Bytes that may still be written.
    budget: usize,
}

impl Writer<'_> {
    /// `inner` is what has been written so far, from the name outwards.
    fn declare(&mut self, id: TypeId, inner: String, level: u32) -> String {
        self.budget = self.budget.saturating_sub(4);
        if level >= MAX_LEVELS || self.budget == 0 {
            return self.join("...", &inner);
        }
        let level = level.saturating_add(1);
        let ty = self.types.get(id);
        match &*ty {
            Type::Unknown => self.join("...", &inner),
            Type::Void => self.join("void", &inner),
            Type::Number { name, .. } => self.join(name, &inner),
            Type::Enumeration { name, .. } => self.tagged(TagKind::Enum, name, &inner),
            Type::Record { kind, name, .. }
            | Type::Declared { kind, name }
            | Type::Kernel { kind, name, .. } => self.tagged(*kind, name, &inner),
            Type::Pointer { target, .. } => {
                let wraps = matches!(&*self.types.get(*target), Type::Array { .. } | Type::Function { .. });
                let pointer = format!("*{inner}");
                self.declare(*target, if wraps { format!("({pointer})") } else { pointer }, level)
            }
            Type::Array { element, counts } => {
                let mut inner = inner;
                for count in counts {
                    if inner.len() > MAX_TEXT_BYTES.saturating_add(MAX_NAME_BYTES) {
                        break;
                    }
                    // Writing to a String does not fail.
                    let _ = match count {
                        Some(count) => write!(inner, "[{count}]"),
                        None => write!(inner, "[]"),
                    };
                }
                self.declare(*element, inner, level)
            }
            Type::Function { result, parameters, variadic } => {
                let mut texts = Vec::new();
                for parameter in parameters {
                    if self.budget == 0 {
                        texts.push("...".to_owned());
                        break;
                    }
                    texts.push(self.declare(*parameter, String::new(), level));
                }
                if *variadic && texts.last().is_none_or(|last| last != "...") {
                    texts.push("...".to_owned());
                }
                let text = if texts.is_empty() { "void".to_owned() } else { texts.join(", ") };
                self.declare(*result, format!("{inner}({text})"), level)
            }
        }
    }

    fn tagged(&mut self, kind: TagKind, name: &str, inner: &str) -> String {
        let name = if name.is_empty() { "{...}" } else { name };
        let text = format!("{} {name}", kind.keyword());
        self.join(&text, inner)
    }

    /// `int` and `*x` make `int *x`; `int` and `[3]` make `int[3]`.
    fn join(&mut self, base: &str, inner: &str) -> String {
        self.budget = self.budget.saturating_sub(base.len());
        match inner.chars().next() {
            None => base.to_owned(),
            Some('[') => format!("{base}{inner}"),
            Some(_) => format!("{base} {inner}"),
        }
    }
}
