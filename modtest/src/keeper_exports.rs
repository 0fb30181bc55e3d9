// SPDX-License-Identifier: MIT OR Apache-2.0
//! A fake kernel that resolves the exports of keepers, as the real one does: an owner image is loaded only if
//! its keeper is there and has the version that the owner asks for.
//!
//! ```
//! use libmodfmt::elf::Machine;
//! use libmodfmt::export::{ExportLayout, Release};
//! use libmodfmt::file::ModuleFile;
//! use libmodfmt::image::Bindings;
//! use libmodsys::{Errno, Kernel};
//! use modtest::keeper_exports;
//! use modtest::module::Make;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = ModuleFile::new(Make::typical("foo").build(), 1 << 20);
//! let persistent = file.persistent()?.expect("it has persistent data");
//! let release = Release::parse("6.1.0").expect("it has a number");
//! let bindings = Bindings::first(persistent.header());
//! let keeper = persistent.keeper(&ExportLayout::for_release(Machine::X86_64, release), &bindings)?;
//! let owner = persistent.owner(&bindings)?;
//!
//! let kernel = keeper_exports::kernel();
//! assert_eq!(kernel.init_module(&owner, c""), Err(Errno::ENOENT));
//! kernel.init_module(&keeper, c"")?;
//! kernel.init_module(&owner, c"")?;
//! assert_eq!(kernel.holders("foo__persist")?, ["foo"]);
//! # Ok(())
//! # }
//! ```

use std::cell::Cell;

use libmodfmt::elf::{ByteOrder, Place};
use libmodfmt::file::{FileError, ModuleFile};
use libmodfmt::image::Base;
use libmodfmt::module::Module;
use libmodfmt::persist::{Header, NOTE_SECTION};
use libmodfmt::versions::Versions;
use libmodsys::Errno;

use crate::{FakeKernel, FakeModule, LoadRequest};

/// Where the first section is.
const FIRST_ADDRESS: u64 = 0xffff_ffff_c100_0000;

/// Distance between two sections, in bytes.
const SECTION_DISTANCE: u64 = 0x1_0000;

/// The note with a module's build id.
const BUILD_ID_SECTION: &str = ".note.gnu.build-id";

/// A kernel in which keepers show their note and sections, and owners use the keepers that they import from.
pub fn kernel() -> FakeKernel {
    kernel_with(|_| Ok(()))
}

/// The same; `init` plays the init functions of modules.
pub fn kernel_with(init: impl Fn(&LoadRequest<'_>) -> Result<(), Errno> + 'static) -> FakeKernel {
    let address = Cell::new(FIRST_ADDRESS);
    FakeKernel::new().on_load(move |request| {
        let loaded = load(request, &address)?;
        init(request).map(|()| loaded)
    })
}

fn load(request: &LoadRequest<'_>, next_address: &Cell<u64>) -> Result<FakeModule, Errno> {
    let file = ModuleFile::new(request.image, 0);
    let module = file.module().map_err(|error| match error {
        FileError::Signature { .. } => Errno::EBADMSG,
        _ => Errno::ENOEXEC,
    })?;
    let object = &module.object;
    let mut loaded = FakeModule::new(&module.name);
    for section in object.sections.iter().filter(|section| section.is_alloc() && section.size > 0) {
        let name = section.name_text();
        if name.starts_with(NOTE_SECTION) || name == BUILD_ID_SECTION {
            loaded = loaded.note(&name, &section.data);
        }
        loaded = loaded.section(&name, next_address.get());
        next_address.set(next_address.get() + SECTION_DISTANCE);
    }
    let info = module.modinfo().map_err(|_| Errno::ENOEXEC)?;
    for used in info.depends().iter().filter(|used| !used.is_empty()) {
        if !request.kernel.is_loaded(used) {
            return Err(Errno::ENOENT);
        }
        loaded = loaded.uses(used);
    }
    let names: Vec<&[u8]> =
        info.all("parmtype").filter_map(|text| text.split(|byte| *byte == b':').next()).collect();
    for word in request.params.to_string_lossy().split(' ') {
        if let Some((name, value)) = word.split_once('=').filter(|(name, _)| names.contains(&name.as_bytes()))
        {
            loaded = loaded.parameter(name, value.trim_matches('"'));
        }
    }
    for symbol in object.symbols.iter().filter(|symbol| symbol.place == Place::Undefined) {
        let name = symbol.name_text();
        if !name.contains("__persist") {
            continue;
        }
        let keeper = resolve(request.kernel, module, &name)?;
        if !loaded.uses.contains(&keeper) {
            loaded = loaded.uses(&keeper);
        }
    }
    Ok(loaded)
}

/// The keeper that exports the symbol: it must be there in the version that the importer asks for.
fn resolve(kernel: &FakeKernel, importer: &Module<'_>, symbol: &str) -> Result<String, Errno> {
    let exports = |name: &String| {
        let note = kernel.module(name)?.notes.get(NOTE_SECTION)?.clone();
        let header = Header::from_note(&note, ByteOrder::Little).ok()?;
        let base = Base::all(&header).into_iter().find(|base| base.symbol == symbol)?;
        Some((name.clone(), base.crc))
    };
    let (keeper, crc) = kernel.module_names().iter().find_map(exports).ok_or(Errno::ENOENT)?;
    match importer.object.section("__versions").filter(|(_, section)| section.is_alloc()) {
        Some((_, section)) => {
            let ident = importer.object.ident;
            let versions =
                Versions::parse(&section.data, ident.class, ident.order).map_err(|_| Errno::ENOEXEC)?;
            if versions.get(symbol.as_bytes()) == Some(crc) { Ok(keeper) } else { Err(Errno::EINVAL) }
        }
        None => Ok(keeper),
    }
}

/// The header note of a version that this program does not know.
pub fn note_of_unknown_version() -> Vec<u8> {
    libmodfmt::note::encode(b"persist", 1, &[9, 0, 0, 0, 0, 0, 0, 0], ByteOrder::Little)
}
