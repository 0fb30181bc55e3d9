// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per part; here what they share.

mod changed;
mod extended;
mod extended_types;
mod failures;
mod fallbacks;
mod foreign;
mod fresh;
mod generations;
mod moved_along;
mod planned_while_loaded;
mod split;
mod verify;

use libmodfmt::file::ModuleFile;
use libmodsys::{Kernel, RemoveFlags};
use modkeep::{KeepError, KeeperLoad, LoadOutcome, Plan, Request, plan};
use modtest::FakeKernel;

use modtest::keeper_exports::kernel;
use modtest::module::{DATA, Make};

/// A module file in memory.
pub fn file(make: &Make) -> ModuleFile {
    bytes_file(make.build())
}

pub fn bytes_file(bytes: Vec<u8>) -> ModuleFile {
    ModuleFile::new(bytes, 1 << 20)
}

pub fn request(file: &ModuleFile) -> Request<'_> {
    Request::new(file)
}

/// What insmod does with a file: plans the load and carries it out. `None` if a plain load comes next.
pub fn load(kernel: &FakeKernel, request: Request<'_>) -> Result<Option<LoadOutcome>, KeepError> {
    match plan(kernel, request)? {
        Plan::Plain { .. } | Plan::Bound { .. } => Ok(None),
        Plan::Extended { .. } => panic!("this kernel keeps nothing itself"),
        Plan::Drop { region } => modkeep::discard(kernel, &region.owner).map(|_| None),
        Plan::Keeper { region_use, owner, images, may_fall_back, region, .. } => {
            let region = region.as_deref();
            KeeperLoad { region_use, owner: &owner, region, images: &images, may_fall_back }
                .run(kernel, c"", &|_| ())
                .map(Some)
        }
    }
}

/// Loads and removes the module, so that its data is kept.
pub fn keep(kernel: &FakeKernel, make: &Make) {
    assert_eq!(load(kernel, request(&file(make))).unwrap(), Some(LoadOutcome::Kept));
    let name = std::ffi::CString::new(make.name.clone()).unwrap();
    kernel.delete_module(&name, RemoveFlags::default()).unwrap();
}

/// A module with these variables of 8 bytes, each in a section of its own and used by the code.
pub fn version(names: &[&str]) -> Make {
    let mut make = Make::bare("foo");
    make.section(".text", 6, 16, &[0; 64]);
    make.versions(&["module_layout"]);
    make.file("foo.c");
    for (number, name) in names.iter().enumerate() {
        let section = format!("{DATA}.foo.{number}");
        make.section(&section, 3, 8, &[0; 8]);
        make.local(name, &section, 0, 8);
        make.relocate(".text", 4 + 8 * number as u64, modtest::module::R_PC32, &section, -4);
    }
    make
}

/// The module with one more variable.
pub fn grown(name: &str) -> Make {
    let mut make = Make::typical(name);
    make.change(DATA, |section| section.set_data([&section.data[..], &[0; 32]].concat()));
    make.local("more", DATA, 64, 32);
    make
}
