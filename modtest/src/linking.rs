// SPDX-License-Identifier: MIT OR Apache-2.0
//! A fake kernel that links as the real one does, as far as keepers go.

use std::cell::Cell;

use libmodfmt::elf::{ByteOrder, Place};
use libmodfmt::module::Module;
use libmodfmt::persist::{Header, NOTE_SECTION, PersistentSection};
use libmodfmt::signature;
use libmodfmt::versions::Versions;
use libmodsys::Errno;

use crate::module as sample;
use crate::{Call, FakeKernel, FakeModule, LoadRequest};

/// A kernel in which keepers show their note and sections, and owners use the keepers that they import from.
pub fn kernel() -> FakeKernel {
    let address = Cell::new(0xffff_ffff_c100_0000);
    FakeKernel::new().on_load(move |request| link(request, &address))
}

fn link(request: &LoadRequest<'_>, next: &Cell<u64>) -> Result<FakeModule, Errno> {
    let (bytes, _) = signature::split(request.image).map_err(|_| Errno::EBADMSG)?;
    let module = Module::parse(bytes).map_err(|_| Errno::ENOEXEC)?;
    let object = &module.object;
    let mut loaded = FakeModule::new(&module.name);
    for section in object.sections.iter().filter(|section| section.is_alloc() && section.size > 0) {
        let name = section.name_text();
        if name == NOTE_SECTION {
            loaded = loaded.note(&name, &section.data);
        }
        loaded = loaded.section(&name, next.get());
        next.set(next.get() + 0x1_0000);
    }
    for symbol in object.symbols.iter().filter(|symbol| symbol.place == Place::Undefined) {
        let name = symbol.name_text();
        for role in PersistentSection::ALL {
            if let Some(keeper) = name.strip_suffix(role.suffix()).filter(|name| name.ends_with("__persist"))
            {
                resolve(request.kernel, &module, &name, keeper, role)?;
                loaded =
                    if loaded.uses.iter().any(|used| used == keeper) { loaded } else { loaded.uses(keeper) };
            }
        }
    }
    Ok(loaded)
}

/// The import must be there, in the version that the importer wants.
fn resolve(
    kernel: &FakeKernel,
    module: &Module<'_>,
    symbol: &str,
    keeper: &str,
    role: PersistentSection,
) -> Result<(), Errno> {
    let exporter = kernel.module(keeper).ok_or(Errno::ENOENT)?;
    let header = exporter.notes.get(NOTE_SECTION).ok_or(Errno::ENOENT)?;
    let header = Header::from_note(header, ByteOrder::Little).map_err(|_| Errno::ENOENT)?;
    let crc = header.section(role).ok_or(Errno::ENOENT)?.crc();
    match module.object.section("__versions").filter(|(_, section)| section.is_alloc()) {
        Some((_, section)) => {
            let ident = module.object.ident;
            let versions =
                Versions::parse(&section.data, ident.class, ident.order).map_err(|_| Errno::ENOEXEC)?;
            if versions.get(symbol.as_bytes()) == Some(crc) { Ok(()) } else { Err(Errno::EINVAL) }
        }
        None => Ok(()),
    }
}

/// Where a region is, as long as it lives.
pub fn address(kernel: &FakeKernel, keeper: &str) -> Option<u64> {
    let module = kernel.module(keeper)?;
    let data = module.sections.iter().find(|section| section.name == sample::DATA)?;
    data.address.known()
}

/// What was loaded and removed so far, in words: `+foo`, `-foo`.
pub fn story(kernel: &FakeKernel) -> Vec<String> {
    let name = |image: &[u8]| {
        let (bytes, _) = signature::split(image).unwrap();
        Module::parse(bytes).map_or_else(|_| "?".to_owned(), |module| module.name)
    };
    let word = |call: &Call| match call {
        Call::Finit { image, .. } => format!("+file {}", name(image)),
        Call::Init { image, .. } => format!("+{}", name(image)),
        Call::Delete { name, .. } => format!("-{}", name.to_string_lossy()),
        Call::Read { .. } => String::new(),
        Call::Release { owner } => format!("~{owner}"),
    };
    kernel.syscalls().iter().map(word).collect()
}

/// The header note of a later version than this program knows.
pub fn note_of_the_future() -> Vec<u8> {
    libmodfmt::note::encode(b"persist", 1, &[9, 0, 0, 0, 0, 0, 0, 0], ByteOrder::Little)
}
