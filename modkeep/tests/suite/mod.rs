// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per part; here what they share.

mod extended;
mod failures;
mod fallbacks;
mod foreign;
mod fresh;
mod verify;

use libmodsys::{Kernel, RemoveFlags};
use modkeep::{Action, Done, Keep, KeepError, Plan, Request, plan};
use modtest::FakeKernel;

use modtest::linking::kernel;
use modtest::module::{DATA, Make};

pub fn request(file: &[u8]) -> Request<'_> {
    Request { file, keep: Keep::Auto, fresh: false, assume_unloaded: false }
}

/// What insmod does with a file: the plan, and what it says to do. `None`: a plain load is next.
pub fn load(kernel: &FakeKernel, request: Request<'_>) -> Result<Option<Done>, KeepError> {
    match plan(kernel, request)? {
        Plan::Plain { .. } => Ok(None),
        Plan::Direct { .. } => panic!("this kernel keeps nothing itself"),
        Plan::Drop { region } => modkeep::discard(kernel, &region.header.owner).map(|_| None),
        Plan::Keep { way, owner, images, may_fall_back, region, .. } => {
            let kept = region.map_or(0, |region| region.header.size());
            Action { way, owner: &owner, images: &images, may_fall_back, kept }
                .carry_out(kernel, c"", &|_| ())
                .map(Some)
        }
    }
}

/// Loads and removes the file, so that its data are kept.
pub fn keep(kernel: &FakeKernel, make: &Make) {
    assert_eq!(load(kernel, request(&make.build())).unwrap(), Some(Done::Kept));
    let name = std::ffi::CString::new(make.name.clone()).unwrap();
    kernel.delete_module(&name, RemoveFlags::default()).unwrap();
}

/// The module with a variable more.
pub fn grown(name: &str) -> Make {
    let mut make = Make::typical(name);
    make.change(DATA, |section| section.set_data([&section.data[..], &[0; 32]].concat()));
    make.local("more", DATA, 64, 32);
    make
}
