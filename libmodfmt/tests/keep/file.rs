// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module file, plain, compressed and signed.

use std::io::Write;

use libmodfmt::compress::{CompressError, Format};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::{FileError, ModuleFile};
use libmodfmt::image::{self, Bindings, KeeperOptions};
use libmodfmt::module::ModuleError;
use libmodfmt::signature::SignatureError;
use modtest::module::{Make, inventory, parse, signed};

const LIMIT: u64 = 1 << 20;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_step_is_taken_off() {
    let plain = Make::typical("foo").build();
    let image = signed(&plain);
    let packed = gzip(&image);
    for (content, compression, signature) in
        [(&plain, None, false), (&image, None, true), (&packed, Some(Format::Gzip), true)]
    {
        let file = ModuleFile::new(content.clone(), LIMIT);
        assert_eq!(file.content(), content);
        assert_eq!(file.compression(), compression);
        assert_eq!(file.image().unwrap(), if signature { &image } else { &plain });
        assert_eq!(file.unsigned_image().unwrap(), plain);
        assert_eq!(file.signature().unwrap().is_some(), signature);
        assert_eq!(file.module().unwrap().name, "foo");
        let names = file.section_names().unwrap().unwrap();
        assert!(names.iter().any(|name| name == b".data..persistent"));
    }
}

#[test]
fn the_module_is_the_one_that_is_parsed_by_hand() {
    let plain = Make::typical("foo").build();
    let file = ModuleFile::new(gzip(&plain), LIMIT);
    let (module, wanted) = (file.module().unwrap(), parse(&plain));
    assert_eq!(module.object.sections, wanted.object.sections);
    assert_eq!(module.object.symbols, wanted.object.symbols);
    assert_eq!(module.build_id, wanted.build_id);
    assert_eq!(module.object.write().unwrap(), wanted.object.write().unwrap());
}

#[test]
fn it_is_done_once() {
    let file = ModuleFile::new(gzip(&Make::typical("foo").build()), LIMIT);
    assert!(std::ptr::eq(file.image().unwrap(), file.image().unwrap()));
    assert!(std::ptr::eq(file.module().unwrap(), file.module().unwrap()));
    let inventory = |file: &ModuleFile| std::ptr::from_ref(file.persistent().unwrap().unwrap().inventory());
    assert_eq!(inventory(&file), inventory(&file));
    // The sections are parts of the decompressed file, not copies.
    let image = file.image().unwrap().as_ptr_range();
    let (_, text) = file.module().unwrap().object.section(".text").unwrap();
    assert!(image.contains(&text.data.as_ptr()));
}

#[test]
fn persistent_data_and_its_images() {
    let plain = Make::typical("foo").build();
    let (file, module) = (ModuleFile::new(gzip(&plain), LIMIT), parse(&plain));
    let (persistent, inventory) = (file.persistent().unwrap().unwrap(), inventory(&module));
    assert_eq!(persistent.inventory(), &inventory);
    assert_eq!(persistent.header(), &inventory.header);
    assert_eq!(persistent.variables().count(), 6);
    assert!(persistent.refusals().unwrap().reasons.is_empty());
    let layout = ExportLayout::for_release(module.object.ident.machine, Release::new(6, 1));
    let bindings = Bindings::first(persistent.header());
    let options = KeeperOptions { layout: &layout, bindings: &bindings };
    let wanted = image::keeper(&module, &inventory, options).unwrap();
    assert_eq!(persistent.keeper(&layout, &bindings).unwrap(), wanted);
    assert_eq!(persistent.pending(&[3]).unwrap(), image::pending(&module, &[3]).unwrap());
    assert_eq!(persistent.owner(&bindings).unwrap(), image::owner(&module, &inventory, &bindings).unwrap());
    assert_eq!(module.persistent().unwrap().unwrap().into_inventory(), inventory);
}

#[test]
fn a_module_without_persistent_data() {
    let file = ModuleFile::new(Make::bare("foo").build(), LIMIT);
    assert!(file.persistent().unwrap().is_none());
    assert!(file.module().unwrap().persistent().unwrap().is_none());
}

#[test]
fn what_follows_the_last_gzip_member() {
    let packed = [&gzip(&Make::bare("foo").build())[..], b"more"].concat();
    let error = ModuleFile::new(packed.clone(), LIMIT).module().unwrap_err();
    assert!(matches!(error, FileError::Decompress { source: CompressError::Trailing { .. } }));
    assert_eq!(ModuleFile::as_kmod(packed, LIMIT).module().unwrap().name, "foo");
}

#[test]
fn each_step_may_fail() {
    let plain = Make::bare("foo").build();
    let error = |content: &[u8], limit| ModuleFile::new(content, limit).persistent().unwrap_err();
    let found = error(&gzip(&plain), 10);
    let source = CompressError::TooBig { format: Format::Gzip, limit: 10 };
    assert_eq!(found.to_string(), source.to_string());
    assert_eq!(found, FileError::Decompress { source });

    let mut broken = signed(&plain);
    let hash = broken.len() - 28 - 11;
    broken[hash] = 1;
    assert!(matches!(
        error(&broken, LIMIT),
        FileError::Signature { source: SignatureError::Field { field: "hash", .. } }
    ));
    assert!(ModuleFile::new(broken.clone(), LIMIT).image().is_ok());

    assert!(matches!(error(b"\x7fELF", LIMIT), FileError::Module { source: ModuleError::Elf(_) }));

    let mut make = Make::small("foo");
    make.local("third", ".data..persistent", 16, 8);
    let file = ModuleFile::new(make.build(), LIMIT);
    assert!(matches!(file.persistent(), Err(FileError::Persist { .. })));
    assert!(file.module().is_ok());
}
