// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an offset in a variable to the field there, by the owner's file: its DWARF, else its BTF.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use libmodfmt::dwarf::{DebugInfo, DebugSections};
use libmodfmt::elf::Object;
use libmodfmt::persist::{PersistentSection, Variable};

use super::Region;
use super::owner_file;
use super::types::{self, FieldText};
use libksym::Resolver;

/// An owner, and its build id.
type Build = (String, Vec<u8>);

/// Who told of a region, its owner and the build of that, an offset in a section.
type Place = (String, String, Vec<u8>, PersistentSection, u64);

/// Where owners' files may be, and what was found in them.
#[derive(Debug, Default)]
pub struct Fields {
    /// Files, and folders that are searched for them.
    places: Vec<PathBuf>,
    /// Copies of `/sys/kernel/btf/vmlinux`.
    kernel_types: Vec<Rc<Vec<u8>>>,
    files: RefCell<HashMap<Build, Option<Rc<Vec<u8>>>>>,
    known: RefCell<HashMap<Place, Option<String>>>,
}

impl Fields {
    /// With files, and folders that are searched for them.
    #[must_use]
    pub fn new(places: Vec<PathBuf>) -> Self {
        Self { places, ..Self::default() }
    }

    /// With the types of the kernel, as `/sys/kernel/btf/vmlinux` has them: those of modules refer to them.
    #[must_use]
    pub fn with_kernel_types(mut self, types: Vec<u8>) -> Self {
        self.kernel_types.push(Rc::new(types));
        self
    }

    /// The field at `offset` in a variable: `stats.hits[1]`, and `stats.hits[1]+0x3` within it. `None` where nothing tells.
    #[must_use]
    pub fn path(
        &self,
        region: &Region,
        role: PersistentSection,
        variable: &Variable,
        offset: u64,
        resolver: &Resolver,
    ) -> Option<String> {
        let (source, owner) = (region.source.clone(), region.header.owner.clone());
        let build_id = region.header.build_id.clone();
        let place = (source, owner, build_id, role, variable.offset.saturating_add(offset));
        if let Some(known) = self.known.borrow().get(&place) {
            return known.clone();
        }
        let found = self.find(region, role, variable, offset, resolver);
        self.known.borrow_mut().insert(place, found.clone());
        found
    }

    fn find(
        &self,
        region: &Region,
        role: PersistentSection,
        variable: &Variable,
        offset: u64,
        resolver: &Resolver,
    ) -> Option<String> {
        let key = (region.header.owner.clone(), region.header.build_id.clone());
        let known = self.files.borrow().get(&key).cloned();
        let file = known.unwrap_or_else(|| {
            let file = owner_file::find(region, &self.places, resolver).map(Rc::new);
            self.files.borrow_mut().insert(key, file.clone());
            file
        })?;
        let object = Object::parse(&file).ok()?;
        match by_dwarf(&object, variable, offset) {
            Dwarf::Silent => {
                let kernel = || {
                    let own = resolver.kernel_btf().map(Rc::new);
                    own.into_iter().chain(self.kernel_types.iter().cloned())
                };
                types::field(&object, role, variable, offset, kernel).map(|found| found.to_string())
            }
            Dwarf::Differs => None,
            Dwarf::Says(found) => Some(found.to_string()),
        }
    }
}

/// What the DWARF of a file has to say of a variable.
enum Dwarf {
    /// Nothing.
    Silent,
    /// It is another one, of the same name.
    Differs,
    Says(FieldText),
}

fn by_dwarf(object: &Object<'_>, variable: &Variable, offset: u64) -> Dwarf {
    let Ok(sections) = DebugSections::of(object) else { return Dwarf::Silent };
    let Ok(info) = DebugInfo::read(&sections) else { return Dwarf::Silent };
    let found = info.variables().into_iter().find(|candidate| {
        candidate.name == variable.name
            && candidate.size == Some(variable.size)
            && (variable.file.is_none() || candidate.file == variable.file)
            && (variable.function.is_none() || candidate.function == variable.function)
    });
    let Some(found) = found else { return Dwarf::Silent };
    // Another build may have another layout of the same name.
    if let (Some(recorded), Some(own)) = (variable.type_hash, found.type_hash)
        && recorded != own
    {
        return Dwarf::Differs;
    }
    match info.field_at(&found, offset) {
        Some(place) => Dwarf::Says(FieldText { path: place.path, rest: place.rest }),
        None => Dwarf::Silent,
    }
}

/// Is it a copy of `/sys/kernel/btf/vmlinux`?
#[must_use]
pub fn is_types(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 2];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    path.is_file() && read.is_ok() && matches!(magic, [0x9f, 0xeb] | [0xeb, 0x9f])
}
