// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file per part; here what they share.

mod bad_input;
mod binary;
mod compressed;
mod errors;
mod force;
mod help;
mod keep;
mod load;
mod more;

use std::fs;
use std::path::{Path, PathBuf};

use modcli::{Invocation, Output, Status};
use modtest::FakeKernel;

/// The image that most tests load: to the fake kernel the name in it is enough.
pub const IMAGE: &[u8] = b"\x7fELF image\0name=foo\0";

/// A folder for a test's files.
pub struct Folder(PathBuf);

impl Folder {
    /// The name must be that of the test.
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("insmod").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file; its path.
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        fs::write(self.0.join(name), content).unwrap();
        self.path(name)
    }
}

/// What a run of insmod did and said.
pub struct Ran {
    pub status: Status,
    pub out: String,
    pub err: String,
}

pub fn insmod(kernel: &FakeKernel, args: &[&str]) -> Ran {
    let invocation = Invocation::new(std::iter::once("/sbin/insmod").chain(args.iter().copied()));
    let mut output = Output::captured("/sbin/insmod");
    let status = insmod::run(&invocation, kernel, &mut output);
    Ran { status, out: output.stdout(), err: output.stderr() }
}

impl Ran {
    /// It succeeded without a word.
    #[track_caller]
    pub fn silent(&self) {
        assert_eq!((self.status, &*self.out, &*self.err), (Status::Success, "", ""));
    }

    /// It failed with exactly these lines.
    #[track_caller]
    pub fn failed(&self, err: &str) {
        assert_eq!(self.err, err);
        assert_eq!((self.status, &*self.out), (Status::Failure, ""));
    }
}
