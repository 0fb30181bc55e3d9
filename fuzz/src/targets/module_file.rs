// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module file, plain, compressed and signed: every part of it that is read. Each step of [`ModuleFile`]
//! gives what it gives by hand, and what was read is written back unchanged.

use libmodfmt::compress::Format;
use libmodfmt::elf::{Class, Object};
use libmodfmt::export::{ExportLayout, Release, Sample, exports};
use libmodfmt::file::ModuleFile;
use libmodfmt::modinfo::Modinfo;
use libmodfmt::module::{MODINFO, Module};
use libmodfmt::parameters;
use libmodfmt::signature::{self, MAGIC};
use libmodfmt::versions::{ExtendedVersions, Versions};

/// Bytes of a decompressed module.
const LIMIT: u64 = 1 << 20;
/// Bytes of a signature's fields.
const SIGNATURE_FIELDS: usize = 12;

/// Tries one input.
pub fn run(data: &[u8]) {
    file(&ModuleFile::new(data, LIMIT));
    signed(data);
    if !data.starts_with(b"\x7fELF") {
        for format in Format::ALL {
            file(&ModuleFile::as_kmod([format.magic(), data].concat(), LIMIT));
        }
        return;
    }
    if let Ok(object) = Object::parse(data) {
        rewritten(&object);
        tables(&object);
    }
}

fn signed(data: &[u8]) {
    let signed = [data, MAGIC].concat();
    if let Ok((module, signature)) = signature::split(&signed) {
        let message = signature.expect("the magic is there").message;
        assert_eq!(module.len() + message.len() + SIGNATURE_FIELDS + MAGIC.len(), signed.len());
        file(&ModuleFile::new(signed, LIMIT));
    }
}

fn file(file: &ModuleFile) {
    let _ = file.section_names();
    let Ok(image) = file.unsigned_image() else {
        assert!(file.module().is_err() && file.signature().is_err());
        return;
    };
    match (file.module(), Module::parse(image)) {
        (Ok(module), Ok(wanted)) => {
            assert_eq!(module.name, wanted.name);
            assert_eq!(module.build_id, wanted.build_id);
            assert_eq!(module.object.sections, wanted.object.sections);
            assert_eq!(module.object.symbols, wanted.object.symbols);
            let _ = parameters::names(&module.object);
        }
        (module, wanted) => assert!(module.is_err() && wanted.is_err()),
    }
    if let Ok(Some(persistent)) = file.persistent() {
        assert_eq!(persistent.header().owner, persistent.module().name);
        if let Ok(refusals) = persistent.refusals() {
            let _: Vec<String> = refusals.reasons.iter().map(ToString::to_string).collect();
        }
    }
}

fn rewritten(object: &Object<'_>) {
    for index in 0..object.sections.len() {
        let _ = object.relocations(index);
    }
    let Ok(written) = object.write() else { return };
    let again = Object::parse(&written).expect("what was written can be read");
    assert_eq!(object.symbols, again.symbols);
    assert_eq!(again.write().as_deref(), Ok(&*written));
}

fn tables(object: &Object<'_>) {
    let data = |name| object.section(name).map(|(_, section)| &*section.data);
    let order = object.ident.order;
    if let Some(bytes) = data(MODINFO)
        && let Ok(info) = Modinfo::parse(bytes)
    {
        assert_eq!(info.encode(), bytes);
        let _ = (info.name(), info.depends());
        let changed = info.without(&["alias"]).with("name", "x").expect("a good name").encode();
        assert_eq!(Modinfo::parse(&changed).expect("own output").name().as_deref(), Some("x"));
    }
    for class in [Class::Elf32, Class::Elf64] {
        let Some(Ok(mut versions)) = data("__versions").map(|table| Versions::parse(table, class, order))
        else {
            continue;
        };
        let count = versions.iter().count();
        versions.push(b"x", 7).expect("a good name");
        assert_eq!(versions.iter().count(), count + 1);
        assert!(versions.into_bytes().starts_with(data("__versions").unwrap_or_default()));
    }
    if let Some((crcs, names)) = data("__version_ext_crcs").zip(data("__version_ext_names"))
        && let Ok(versions) = ExtendedVersions::parse(crcs, names, order)
    {
        let _ = versions.get(b"x");
        assert_eq!(versions.into_bytes(), (crcs.to_vec(), names.to_vec()));
    }
    if let Ok(sample) = Sample::of(object)
        && let Ok(layout) = ExportLayout::from_sample(&sample)
    {
        let _ = exports(object, &layout);
    }
    for release in [Release::new(4, 18), Release::new(5, 3), Release::new(6, 1), Release::new(7, 3)] {
        let _ = exports(object, &ExportLayout::for_release(object.ident.machine, release));
    }
}
