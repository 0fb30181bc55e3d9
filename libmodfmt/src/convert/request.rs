// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known about a variable before and now.

use crate::elf::{ByteOrder, Class};
use crate::hints::Renames;
use crate::types::{TypeId, Types};

/// A variable on one side.
#[derive(Debug, Clone, Copy)]
pub struct Side<'t> {
    /// Where its type is described.
    pub types: &'t dyn Types,
    /// Its type.
    pub id: TypeId,
    /// The variable's size in bytes.
    pub size: u64,
}

/// One variable before and now, and where it is.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Request<'t> {
    /// Its name, for messages and for `drops`.
    pub variable: &'t str,
    /// As it is kept: with the longest type that its place has grown to.
    pub old: Side<'t>,
    /// As the new version has it.
    pub new: Side<'t>,
    /// Byte order of both.
    pub order: ByteOrder,
    /// Size of a pointer in bytes.
    pub word: u64,
    /// Bytes that the variable may take at its place, itself included.
    pub room: u64,
    /// Alignment that its place guarantees, in bytes.
    pub align: u64,
    /// Alignment that the new version has for it, in bytes.
    pub new_align: u64,
    /// Its initial value in the new file: as many bytes as it has there; none for one that is zero.
    pub initial: &'t [u8],
    /// Offsets of relocations in the initial value, ascending.
    pub relocated: &'t [u64],
    /// The kept bytes, as many as the old type has, if they could be read.
    pub kept: Option<&'t [u8]>,
    /// Hints about renamed fields.
    pub renames: &'t Renames,
    /// Fields that may be lost: by path (`stats.old`), with the structure (`struct meter.old`) or by name.
    pub drops: &'t [String],
}

/// No hints.
static NONE: Renames = Renames { variables: Vec::new(), fields: Vec::new(), files: Vec::new() };

impl<'t> Request<'t> {
    /// A variable without spare room, hints, and knowledge of its bytes; zero in the new file.
    #[must_use]
    pub fn new(variable: &'t str, old: Side<'t>, new: Side<'t>, order: ByteOrder, class: Class) -> Self {
        Self {
            variable,
            old,
            new,
            order,
            word: class.word_size() as u64,
            room: old.size,
            align: 1,
            new_align: 1,
            initial: &[],
            relocated: &[],
            kept: None,
            renames: &NONE,
            drops: &[],
        }
    }
}
