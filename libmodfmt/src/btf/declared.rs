// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fields of a variable that the blob does not have, by its type as C text.
//!
//! The header note of kept data has types as text, such as `struct stats[4]`, and the blob has the
//! structure of that name.

use std::fmt::Write;

use super::{Btf, BtfError, BtfFieldPath, Kind, TypeId};

/// A parsed declaration.
struct Declared<'t> {
    /// What is declared, or what a pointer that is declared points to: `struct stats`.
    base: &'t str,
    /// The elements are pointers.
    pointer: bool,
    /// Elements in each dimension.
    counts: Vec<u64>,
}

impl Btf<'_> {
    /// The field at `offset` bytes in a variable of `size` bytes, declared with the type `text`.
    ///
    /// `None` past its end, if the blob has no such type of that size, or if several types of that
    /// name do not agree.
    ///
    /// # Errors
    ///
    /// See [`Btf::path_at`].
    pub fn path_by_type(&self, text: &str, size: u64, offset: u64) -> Result<Option<BtfFieldPath>, BtfError> {
        let Some(declared) = Declared::parse(text) else { return Ok(None) };
        let elements = declared.counts.iter().try_fold(1_u64, |all, count| all.checked_mul(*count));
        let Some(element) = elements.and_then(|elements| size.checked_div(elements)) else { return Ok(None) };
        if offset >= size || elements.and_then(|elements| elements.checked_mul(element)) != Some(size) {
            return Ok(None);
        }
        let mut path = String::new();
        let (mut stride, mut rest) = (size, offset);
        for count in &declared.counts {
            stride = stride.checked_div(*count).unwrap_or(0);
            // Writing to a String does not fail.
            let _ = write!(path, "[{}]", rest.checked_div(stride).unwrap_or(0));
            rest = rest.checked_rem(stride).unwrap_or(0);
        }
        if declared.pointer {
            let is_pointer = self.pointer_size() == Some(element);
            return Ok(is_pointer.then_some(BtfFieldPath { path, type_id: TypeId::VOID, rest }));
        }
        let mut found: Option<BtfFieldPath> = None;
        for id in self.named(declared.base) {
            if self.size_of(id).ok() != Some(element) {
                continue;
            }
            let Some(place) = self.path_at(id, rest)? else { continue };
            match &found {
                None => found = Some(place),
                Some(other) if (&other.path, other.rest) == (&place.path, place.rest) => {}
                Some(_) => return Ok(None),
            }
        }
        Ok(found.map(|place| {
            let follows = path.is_empty() || place.path.is_empty() || place.path.starts_with('[');
            let dot = if follows { "" } else { "." };
            BtfFieldPath { path: format!("{path}{dot}{}", place.path), ..place }
        }))
    }

    /// All types that `struct foo`, `union foo`, `enum foo` or `foo` may mean.
    fn named(&self, text: &str) -> Vec<TypeId> {
        let (kinds, name): (&[Kind], &str) = match text.split_once(' ') {
            Some(("struct", name)) => (&[Kind::Struct], name),
            Some(("union", name)) => (&[Kind::Union], name),
            Some(("enum", name)) => (&[Kind::Enum, Kind::Enum64], name),
            _ => (&[Kind::Typedef, Kind::Int, Kind::Float], text),
        };
        let is = |id: &TypeId| {
            let common = self.locate(*id).and_then(|(owner, start)| owner.common(start));
            common.is_some_and(|common| {
                kinds.iter().any(|kind| *kind as u32 == common.kind)
                    && self.name_is(common.name, name.as_bytes())
            })
        };
        self.ids().filter(is).collect()
    }
}

impl<'t> Declared<'t> {
    /// Understands what this crate writes of DWARF: base, stars, parentheses, dimensions.
    fn parse(text: &'t str) -> Option<Self> {
        let mut base = text.trim();
        while let Some(rest) =
            ["const ", "volatile ", "_Atomic "].iter().find_map(|word| base.strip_prefix(word))
        {
            base = rest.trim_start();
        }
        let at = base.find(['*', '[', '(']).unwrap_or(base.len());
        let (base, rest) = base.split_at_checked(at)?;
        // What is innermost is what is declared: `int (*[4])(void)` is an array of pointers.
        let inner = match rest.find('(') {
            Some(open) => rest.get(open..)?.strip_prefix('(')?.split(')').next()?,
            None => rest,
        };
        let at = inner.find('[').unwrap_or(inner.len());
        let (stars, dimensions) = inner.split_at_checked(at)?;
        let pointer = stars.contains('*');
        // A function is no variable.
        if rest.contains('(') && !pointer {
            return None;
        }
        let counts = dimensions.split('[').skip(1).map(|count| count.strip_suffix(']')?.parse().ok());
        let base = base.trim();
        let counts = counts.collect::<Option<Vec<u64>>>()?;
        (!base.is_empty()).then_some(Self { base, pointer, counts })
    }
}
