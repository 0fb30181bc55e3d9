// SPDX-License-Identifier: MIT OR Apache-2.0
//! The selftests that our patches bring, built for a kernel of ours, to be run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use vmguest::KernelKind;

use crate::kernel::Kernel;
use crate::process;

/// Where the kernel's source has selftests.
const SELFTESTS: &str = "tools/testing/selftests";

/// Ours, below that.
const OURS: &str = "module/persist";

/// What the makefile of every selftest includes, and every program, below that. The directory came with 6.2.
const SHARED: &[&str] = &["lib.mk", "kselftest.h", "kselftest_harness.h", "kselftest"];

/// Builds them in `out`. The result is pairs of a path in the guest, below its root, and a file; none for a
/// kernel without our patches, and for one whose patch has no selftests.
pub fn build(kernel: &Kernel, out: &Path) -> Result<Vec<(String, PathBuf)>> {
    if !matches!(kernel.kind, KernelKind::Extended | KernelKind::Debug) {
        return Ok(Vec::new());
    }
    let source = fs::canonicalize(kernel.build.join("source")).unwrap_or_else(|_| kernel.build.clone());
    let source = source.join(SELFTESTS);
    if !source.join(OURS).is_dir() {
        return Ok(Vec::new());
    }
    // The makefiles write next to the source, which is the cache's.
    let copy = out.join(SELFTESTS);
    fs::create_dir_all(copy.join("module"))?;
    for name in SHARED.iter().copied().chain([OURS]).filter(|name| source.join(name).exists()) {
        process::quiet(Command::new("cp").arg("-r").arg(source.join(name)).arg(copy.join(name)))?;
    }
    let ours = copy.join(OURS);
    let mut make = Command::new("make");
    make.env_remove("MAKEFLAGS").env_remove("MFLAGS").arg("-s").arg("-C").arg(&ours);
    make.arg(format!("KDIR={}", kernel.build.display())).arg("LDFLAGS=-static");
    process::quiet(&mut make)?;

    let mut files = vec![("selftests/persist".to_owned(), ours.join("persist"))];
    let modules = ours.join("test_modules");
    for entry in fs::read_dir(&modules).with_context(|| format!("cannot read {}", modules.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".ko") {
            files.push((format!("selftests/test_modules/{name}"), path.clone()));
        }
    }
    Ok(files)
}
