// SPDX-License-Identifier: MIT OR Apache-2.0
//! The example program, on a module that was made up.
#![allow(clippy::unwrap_used, reason = "tests panic to fail")]

use libmodfmt::file::ModuleFile;
use modtest::module::Make;

#[path = "../examples/images.rs"]
#[allow(dead_code, reason = "its main function")]
mod images;

#[test]
fn two_images() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("module.ko");
    std::fs::write(&module, Make::typical("foo").build()).unwrap();
    images::run(&module, "6.1.0-56-amd64", folder.path()).unwrap();
    for name in ["foo", "foo__persist"] {
        let image = std::fs::read(folder.path().join(format!("{name}.ko"))).unwrap();
        assert_eq!(ModuleFile::new(image, 1 << 20).module().unwrap().name, name);
    }
    let error = images::run(&module, "six", folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "not a kernel release");
}
