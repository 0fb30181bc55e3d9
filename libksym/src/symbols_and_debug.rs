// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel or a module: a file with its symbols, and a file with its debug information.

use std::path::Path;
use std::rc::Rc;

use crate::answer::{Frame, Location};
use crate::build_id::BuildId;
use crate::caller::CallerState;
use crate::dwarf::{Dwarf, DwarfError};
use crate::image::{Image, ImageError, Section};
use crate::machine_state::MachineState;
use crate::symbols::{Symbol, SymbolTable};
use crate::unresolved::Unresolved;
use crate::variable::Variable;

/// The files of the kernel or of a module.
#[derive(Debug)]
pub(crate) struct Binary {
    /// `None`: the kernel.
    module: Option<String>,
    /// Of the file that was found; its debug file is of the same build.
    build_id: Option<BuildId>,
    /// The file that the symbols are from.
    pub(crate) image: Rc<Image>,
    pub(crate) table: SymbolTable,
    /// The file with debug information: the same one, or a separate one of the same build.
    lines: Option<(Rc<Image>, Dwarf)>,
}

impl Binary {
    /// Reads the symbols. `debug` is the separate debug file, if there is one.
    pub(crate) fn new(
        module: Option<String>,
        image: Rc<Image>,
        debug: Option<Rc<Image>>,
    ) -> Result<Self, ImageError> {
        let build_id = image.build_id()?;
        let debug = if image.has_dwarf() { Some(Rc::clone(&image)) } else { debug };
        let mut table = SymbolTable::from_image(&image)?;
        let mut image = image;
        // A stripped file has no symbols; its debug file has.
        if table.is_empty()
            && let Some(debug) = &debug
        {
            table = SymbolTable::from_image(debug)?;
            image = Rc::clone(debug);
        }
        let lines = debug.map(|debug| (Rc::clone(&debug), Dwarf::new(debug)));
        Ok(Self { module, build_id, image, table, lines })
    }

    /// Whether the file says of itself that it is of this build.
    pub(crate) fn is_of_build(&self, build_id: &BuildId) -> bool {
        self.build_id.as_ref() == Some(build_id)
    }

    /// The file that the symbols are from.
    pub(crate) fn path(&self) -> &Path {
        self.image.path()
    }

    /// The section of an address of the image.
    pub(crate) fn section(&self, address: u64) -> Option<&Section> {
        self.image.section_at(address)
    }

    /// The file with debug information.
    pub(crate) fn line_image(&self) -> Option<&Image> {
        self.lines.as_ref().map(|(image, _)| image.as_ref())
    }

    /// The place `offset` bytes after the start of a symbol. For a return address the byte before it is
    /// looked up.
    pub(crate) fn locate(
        &self,
        symbol: &Symbol,
        offset: u64,
        is_return: bool,
    ) -> (Location, Option<Unresolved>) {
        let address = symbol.address.wrapping_add(offset);
        let looked_up = address.wrapping_sub(u64::from(is_return));
        let section = self.image.sections().get(symbol.section as usize);
        let base = section.filter(|_| self.image.is_relocatable()).map_or(0, |section| section.address);
        let symbol_name = String::from_utf8_lossy(self.table.name(symbol)).into_owned();
        let line_path = self.line_image().unwrap_or(&self.image).path();
        // Data has no lines. To find that out, the start of every unit would have to be read.
        let is_data = section.is_some_and(|section| !section.is_code())
            && self.section(looked_up).is_none_or(|section| !section.is_code());
        let frames = if is_data { Ok(Vec::new()) } else { self.frames(looked_up) };
        let (frames, unresolved) = match frames {
            Ok(mut frames) if !frames.is_empty() => {
                // Assembler has lines, but no functions other than symbols.
                if let Some(frame) = frames.last_mut() {
                    frame.function.get_or_insert_with(|| symbol_name.clone());
                }
                (frames, None)
            }
            Ok(_) => (Vec::new(), Some(Unresolved::NoDebugInfo { file: line_path.to_owned() })),
            Err(error) => {
                let error = error.to_string();
                (Vec::new(), Some(Unresolved::Damaged { file: line_path.to_owned(), error }))
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
            line_source: (!frames.is_empty()).then(|| line_path.to_owned()),
            frames,
            symbol_source: self.path().to_owned(),
        };
        (location, unresolved)
    }

    /// Parameters and local variables at an address of the image; none if the debug information is damaged.
    /// `run_time` returns where an address of an image was when it ran.
    pub(crate) fn variables(
        &self,
        address: u64,
        state: &dyn MachineState,
        run_time: &dyn Fn(&Image, u64) -> Option<u64>,
    ) -> Vec<Variable> {
        let Some((image, dwarf)) = &self.lines else { return Vec::new() };
        let there = self.address_in(image, address);
        let run_time = |address| run_time(image, address);
        there.and_then(|address| dwarf.variables(address, state, &run_time).ok()).unwrap_or_default()
    }

    /// What the caller of the function at an address of the image has in its registers, on x86-64.
    pub(crate) fn caller(&self, address: u64, state: &dyn MachineState) -> Option<CallerState> {
        let (image, dwarf) = self.lines.as_ref()?;
        dwarf.caller(self.address_in(image, address)?, state)
    }

    fn frames(&self, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let Some((image, dwarf)) = &self.lines else { return Ok(Vec::new()) };
        match self.address_in(image, address) {
            Some(address) => dwarf.frames(address),
            None => Ok(Vec::new()),
        }
    }

    /// The same place in another file of the same build. Of files that are not linked, each has its own
    /// layout.
    fn address_in(&self, other: &Rc<Image>, address: u64) -> Option<u64> {
        if Rc::ptr_eq(&self.image, other) || !self.image.is_relocatable() {
            return Some(address);
        }
        let section = self.section(address)?;
        let there = other.section(&section.name)?;
        Some(there.address.wrapping_add(address.wrapping_sub(section.address)))
    }
}
