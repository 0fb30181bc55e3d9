// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any module file, compressed and signed or not: each step gives what it gives by hand.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::compress::Format;
use libmodfmt::file::ModuleFile;
use libmodfmt::module::Module;
use libmodfmt::signature::MAGIC;

const LIMIT: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    check(&ModuleFile::new(data, LIMIT));
    check(&ModuleFile::new([data, MAGIC].concat(), LIMIT));
    for format in Format::ALL {
        check(&ModuleFile::as_kmod([format.magic(), data].concat(), LIMIT));
    }
});

fn check(file: &ModuleFile) {
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
        }
        (module, wanted) => assert!(module.is_err() && wanted.is_err()),
    }
    if let Ok(Some(persistent)) = file.persistent() {
        assert_eq!(persistent.header().owner, persistent.module().name);
        let _ = persistent.refusals();
    }
}
