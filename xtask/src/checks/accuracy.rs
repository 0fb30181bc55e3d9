// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask accuracy`: ksymoops' functions, lines and inlined calls, compared with other tools'.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::args::KernelArgs;
use crate::setup::debug::Debug;
use crate::setup::packages;
use crate::{kernel, process, ui, workspace};

/// The tools to compare with.
const TOOLS: &[(&str, &str, &str)] = &[
    ("eu-addr2line", "elfutils", "tells lines to compare ours with"),
    ("llvm-symbolizer", "llvm", "tells lines to compare ours with"),
];

/// Fetches the debug information if it is not cached yet, and compares.
pub fn run(args: &KernelArgs) -> Result<ExitCode> {
    let debug = Debug::fetch(&kernel::find(args)?.release)?;
    let same = compare(debug.directory().unwrap_or(Path::new("")))?;
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same as a step of the tests, which do not fetch 850 MB: `None` if no debug information is cached.
pub fn cached() -> Option<impl FnOnce() -> Result<bool>> {
    let debug = Debug::newest();
    if debug.is_none() {
        ui::line(
            "accuracy is not tried: the cache has no debug information of a kernel; cargo xtask accuracy fetches it (850 MB)",
        );
    }
    debug.map(|debug| move || compare(&debug))
}

fn compare(debug: &Path) -> Result<bool> {
    packages::install_named(TOOLS)?;
    let mut command = workspace::cargo();
    // Takes minutes without optimisation.
    command.args(["test", "--quiet", "--release", "--package", "libksym", "--test", "accuracy"]);
    command.args(["--", "--ignored", "--nocapture", "--test-threads=1"]);
    process::shown(command.env("KSYMOOPS_DEBUG", debug))
}
