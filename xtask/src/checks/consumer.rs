// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program outside of the workspace builds against libmodfmt and reads the fixtures.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{process, workspace};

/// Fixture, and a line that the program must print.
const LINES: &[(&str, &str)] = &[
    ("torture.ko", "torture .data..persistent 0x0 4 torture_main.c:plain"),
    ("torture.ko", "torture .data..persistent 0x2040 4 torture_other.c:same_name"),
    ("torture_xz.ko.xz", "torture .bss..persistent 0x0 4194304 torture_main.c:big"),
    ("counters.ko", "counters .data..persistent 0x4 4 counters.c:blue:cnt"),
    ("smoke.ko", "smoke: no persistent data"),
    (
        "refuse_charp.ko",
        "refuse: refuse.c:pointer (offset 0x0 of .data..persistent) holds the charp parameter words",
    ),
];

/// Builds it and runs it on some of `fixtures`.
pub fn check(fixtures: &Path) -> Result<bool> {
    let manifest = workspace::root().join("tests/consumer/Cargo.toml");
    for (file, wanted) in LINES {
        let mut command = workspace::cargo();
        command.args(["run", "--quiet", "--manifest-path"]).arg(&manifest);
        // Its own directory: it is no member of this workspace.
        command.arg("--target-dir").arg(workspace::target().join("consumer"));
        command.arg("--").arg(fixtures.join(file));
        let text = process::output(&mut command)?;
        ensure!(text.lines().any(|line| line.starts_with(wanted)), "{file}: no {wanted:?} in\n{text}");
    }
    Ok(true)
}
