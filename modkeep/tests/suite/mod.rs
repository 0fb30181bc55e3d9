// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per part; here what they share.

mod extended;
mod failures;
mod fallbacks;
mod foreign;
mod fresh;
mod verify;

use libmodfmt::file::ModuleFile;
use libmodsys::{Kernel, RemoveFlags};
use modkeep::{KeepError, KeepMode, KeeperLoad, LoadOutcome, Plan, Request, plan};
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
    Request { file, keep: KeepMode::Auto, fresh: false, assume_unloaded: false }
}

/// What insmod does with a file: plans the load and carries it out. `None` if a plain load comes next.
pub fn load(kernel: &FakeKernel, request: Request<'_>) -> Result<Option<LoadOutcome>, KeepError> {
    match plan(kernel, request)? {
        Plan::Plain { .. } => Ok(None),
        Plan::Extended { .. } => panic!("this kernel keeps nothing itself"),
        Plan::Drop { region } => modkeep::discard(kernel, &region.header.owner).map(|_| None),
        Plan::Keeper { region_use, owner, images, may_fall_back, region, .. } => {
            let kept = region.map_or(0, |region| region.header.size());
            KeeperLoad { region_use, owner: &owner, images: &images, may_fall_back, kept_bytes: kept }
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

/// The module with one more variable.
pub fn grown(name: &str) -> Make {
    let mut make = Make::typical(name);
    make.change(DATA, |section| section.set_data([&section.data[..], &[0; 32]].concat()));
    make.local("more", DATA, 64, 32);
    make
}
