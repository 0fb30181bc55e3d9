// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel or a module: a file with its symbols, and a file with its lines.

use super::answer::{Frame, Location, Unknown};
use super::dwarf::{Dwarf, DwarfError};
use super::image::{Image, ImageError, Section};
use super::symbols::{Symbol, Table};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What of a kernel or module is at hand.
#[derive(Debug)]
pub(crate) struct Binary {
    /// `None`: the kernel.
    module: Option<String>,
    pub(crate) image: Rc<Image>,
    pub(crate) table: Table,
    /// The same image, if it has debug information, or a separate one.
    lines: Option<(Rc<Image>, Dwarf)>,
}

impl Binary {
    pub(crate) fn new(
        module: Option<String>,
        image: Rc<Image>,
        debug: Option<Rc<Image>>,
    ) -> Result<Self, ImageError> {
        let debug = if image.has_dwarf() { Some(Rc::clone(&image)) } else { debug };
        let mut table = Table::from_image(&image)?;
        let mut image = image;
        // A stripped file has no symbols; its debug file has.
        if table.is_empty()
            && let Some(debug) = &debug
        {
            table = Table::from_image(debug)?;
            image = Rc::clone(debug);
        }
        let lines = debug.map(|debug| (Rc::clone(&debug), Dwarf::new(debug)));
        Ok(Self { module, image, table, lines })
    }

    pub(crate) fn path(&self) -> &Path {
        self.image.path()
    }

    /// The section of an address of the image.
    pub(crate) fn section(&self, address: u64) -> Option<&Section> {
        self.image.sections.iter().find(|section| section.holds(address))
    }

    /// The place `offset` bytes behind a symbol. `exact`: not a return address.
    pub(crate) fn locate(&self, symbol: &Symbol, offset: u64, exact: bool) -> (Location, Option<Unknown>) {
        let address = symbol.address.wrapping_add(offset);
        let looked_up = if exact { address } else { address.wrapping_sub(1) };
        let section = self.image.sections.get(symbol.section as usize);
        let base = section.filter(|_| self.image.ident.relocatable).map_or(0, |section| section.address);
        let symbol_name = String::from_utf8_lossy(self.table.name(symbol)).into_owned();
        let (frames, unknown) = match self.frames(looked_up) {
            Ok(mut frames) if !frames.is_empty() => {
                // Assembler has lines, and names as symbols only.
                if let Some(frame) = frames.last_mut() {
                    frame.function.get_or_insert_with(|| symbol_name.clone());
                }
                (frames, None)
            }
            Ok(_) => (Vec::new(), Some(Unknown::NoLines { file: self.line_path().to_owned() })),
            Err(error) => {
                let error = error.to_string();
                (Vec::new(), Some(Unknown::Damaged { file: self.line_path().to_owned(), error }))
            }
        };
        let location = Location {
            module: self.module.clone(),
            symbol: symbol_name,
            offset,
            size: self.table.size(symbol).gap,
            section: section.map(|section| section.name.clone()),
            link_address: address.wrapping_sub(base),
            address: None,
            line_source: (!frames.is_empty()).then(|| self.line_path().to_owned()),
            frames,
            symbol_source: self.path().to_owned(),
        };
        (location, unknown)
    }

    /// The file that tells the lines.
    pub(crate) fn line_image(&self) -> Option<&Image> {
        self.lines.as_ref().map(|(image, _)| image.as_ref())
    }

    fn line_path(&self) -> PathBuf {
        self.lines.as_ref().map_or(self.path(), |(image, _)| image.path()).to_owned()
    }

    fn frames(&self, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let Some((image, dwarf)) = &self.lines else { return Ok(Vec::new()) };
        match self.translate(image, address) {
            Some(address) => dwarf.frames(address),
            None => Ok(Vec::new()),
        }
    }

    /// The same place in another file of the same build. Of files that are not linked each has its
    /// own layout.
    fn translate(&self, other: &Rc<Image>, address: u64) -> Option<u64> {
        if Rc::ptr_eq(&self.image, other) || !self.image.ident.relocatable {
            return Some(address);
        }
        let section = self.section(address)?;
        let index = other.find(&section.name)?;
        let there = other.sections.get(index)?;
        Some(there.address.wrapping_add(address.wrapping_sub(section.address)))
    }
}
