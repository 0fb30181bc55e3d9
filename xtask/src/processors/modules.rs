// SPDX-License-Identifier: MIT OR Apache-2.0
//! The modules that oops, built for a processor.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::packages::Packages;
use super::table::Processor;
use super::tools::Tools;
use crate::kernel::FOR_OTHER_PROCESSORS;
use crate::{process, workspace};

/// The ways to oops: the name of the module, and the value of `HOW` in the source. A warning is no oops, so
/// it comes first: after an oops the rest is less certain. riscv panics after a `BUG()`, which comes last.
pub const WAYS: &[(&str, &str)] = &[
    ("warn", "BY_WARNING"),
    ("read", "BY_READ"),
    ("write", "BY_WRITE"),
    ("call", "BY_CALL"),
    ("bug", "BY_BUG"),
];

/// The source, whose comments mark the lines to be found.
pub fn source() -> Result<String> {
    let path = workspace::root().join("tests/fixtures/processors/oops.c");
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Builds a module for each way, and returns their directory.
pub fn build(processor: &Processor, from: (&Tools, &Packages), stage: &Path) -> Result<PathBuf> {
    fs::create_dir_all(stage).with_context(|| format!("cannot create {}", stage.display()))?;
    fs::write(stage.join("oops.c"), source()?)?;
    let mut kbuild = String::from("ccflags-y := -g\n");
    for (name, how) in WAYS {
        kbuild.push_str(&format!("obj-m += oops_{name}.o\n"));
        fs::write(stage.join(format!("oops_{name}.c")), format!("#define HOW {how}\n#include \"oops.c\"\n"))?;
    }
    fs::write(stage.join("Kbuild"), kbuild)?;
    make(processor, from, stage)?;
    Ok(stage.to_owned())
}

/// Builds the modules of a folder with a Kbuild.
pub fn make(processor: &Processor, (tools, packages): (&Tools, &Packages), stage: &Path) -> Result<()> {
    let mut make = tools.command("make");
    make.env_remove("MAKEFLAGS").env_remove("MFLAGS");
    make.arg("-C").arg(&packages.build).args(["-j2", "--no-print-directory"]);
    make.arg(format!("M={}", stage.display()));
    make.arg(format!("CROSS_COMPILE={}", processor.prefix)).arg(format!("CC={}gcc", processor.prefix));
    make.args(FOR_OTHER_PROCESSORS).arg("modules");
    process::quiet(&mut make)
}
