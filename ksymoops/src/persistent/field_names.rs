// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names the field at an offset in a variable: by the types in the region's header, or else by the DWARF or
//! the BTF of the owner's file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use libksym::Resolver;
use libmodfmt::elf::Object;
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{Header, Variable};
use libmodfmt::types::field_at;

use super::dwarf_field::DwarfField;
use super::field_text::FieldText;
use super::{KnownRegion, btf_field, dwarf_field, owner_file};

/// An owner and its build id.
type Build = (String, Vec<u8>);

/// A region's source, its owner, its generation and build id, a unit, an offset in it.
type Location = (String, String, u32, Vec<u8>, usize, u64);

/// A module, a type of its file, an offset in that.
type TypeLocation = (Build, String, u64);

/// Where files of owners may be, and what was found in them so far.
#[derive(Debug, Default)]
pub struct FieldNames {
    /// Files, and folders that are searched for files.
    paths: Vec<PathBuf>,
    /// Copies of `/sys/kernel/btf/vmlinux`.
    kernel_types: Vec<Rc<Vec<u8>>>,
    files: RefCell<HashMap<Build, Option<Rc<ModuleFile>>>>,
    known: RefCell<HashMap<Location, Option<String>>>,
    in_types: RefCell<HashMap<TypeLocation, Option<String>>>,
}

impl FieldNames {
    /// Uses these files, and the files in these folders.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, ..Self::default() }
    }

    /// Adds the kernel's BTF, as `/sys/kernel/btf/vmlinux` has it: that of modules refers to it.
    #[must_use]
    pub fn with_kernel_types(mut self, btf: Vec<u8>) -> Self {
        self.kernel_types.push(Rc::new(btf));
        self
    }

    /// Returns the field at `offset` bytes in a variable: `stats.hits[1]`, or `stats.hits[1]+0x3` in the
    /// middle of it. `None` if no types are known.
    #[must_use]
    pub fn path(
        &self,
        region: &KnownRegion,
        unit: usize,
        variable: &Variable,
        offset: u64,
        resolver: &Resolver,
    ) -> Option<String> {
        let (source, owner) = (region.source.clone(), region.header.owner.clone());
        let build_id = region.header.build_id.clone();
        let generation = region.header.generation;
        let location = (source, owner, generation, build_id, unit, variable.offset.saturating_add(offset));
        if let Some(known) = self.known.borrow().get(&location) {
            return known.clone();
        }
        let found = self.find(region, unit, variable, offset, resolver);
        self.known.borrow_mut().insert(location, found.clone());
        found
    }

    /// Returns the field at `offset` bytes in what has this type in a module's file: `hits[1]`. If that has
    /// no such type, it may be the kernel's. `None` if the type is not known.
    pub(super) fn path_in_type(
        &self,
        module: &KnownRegion,
        type_name: &str,
        offset: u64,
        resolver: &Resolver,
    ) -> Option<String> {
        let build = (module.header.owner.clone(), module.header.build_id.clone());
        let location = (build, type_name.to_owned(), offset);
        if let Some(known) = self.in_types.borrow().get(&location) {
            return known.clone();
        }
        let found = self.find_in_type(module, type_name, offset, resolver).map(|field| field.to_string());
        self.in_types.borrow_mut().insert(location, found.clone());
        found
    }

    fn find_in_type(
        &self,
        module: &KnownRegion,
        type_name: &str,
        offset: u64,
        resolver: &Resolver,
    ) -> Option<FieldText> {
        let kernel_types =
            || resolver.kernel_btf().map(Rc::new).into_iter().chain(self.kernel_types.iter().cloned());
        let file = self.owner_file(module, resolver);
        let object = file.as_ref().and_then(|file| Object::parse(file.unsigned_image().ok()?).ok());
        let of_module = object.and_then(|object| {
            dwarf_field::find_in_type(&object, type_name, offset)
                .or_else(|| btf_field::find_in_type(&object, type_name, offset, kernel_types))
        });
        let of_kernel = || {
            let mut types = kernel_types();
            types.find_map(|btf| btf_field::find_in_kernel_type(&btf, type_name, offset))
        };
        of_module.or_else(of_kernel)
    }

    fn find(
        &self,
        region: &KnownRegion,
        unit: usize,
        variable: &Variable,
        offset: u64,
        resolver: &Resolver,
    ) -> Option<String> {
        if let Some(found) = in_header(&region.header, variable, offset) {
            return Some(found.to_string());
        }
        let file = self.owner_file(region, resolver)?;
        let object = Object::parse(file.unsigned_image().ok()?).ok()?;
        match dwarf_field::find(&object, &region.header, variable, offset) {
            DwarfField::Missing => {
                let kernel_types = || {
                    let vmlinux = resolver.kernel_btf().map(Rc::new);
                    vmlinux.into_iter().chain(self.kernel_types.iter().cloned())
                };
                let section = &region.header.units.get(unit)?.section;
                btf_field::find(&object, section, variable, offset, kernel_types)
                    .map(|found| found.to_string())
            }
            DwarfField::OtherType => None,
            DwarfField::Found(found) => Some(found.to_string()),
        }
    }

    fn owner_file(&self, region: &KnownRegion, resolver: &Resolver) -> Option<Rc<ModuleFile>> {
        let build = (region.header.owner.clone(), region.header.build_id.clone());
        if let Some(known) = self.files.borrow().get(&build) {
            return known.clone();
        }
        let file = owner_file::find(region, &self.paths, resolver).map(Rc::new);
        self.files.borrow_mut().insert(build, file.clone());
        file
    }
}

/// The field by the types that the header of version 2 brings along.
fn in_header(header: &Header, variable: &Variable, offset: u64) -> Option<FieldText> {
    let found = field_at(&header.types, variable.plain_name(), variable.type_id?, offset)?;
    Some(FieldText { path: found.path, rest: found.rest })
}
