// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask accuracy`: ksymoops' functions, lines and inlined calls, compared with other tools'; and with
//! `--code`, where the instructions of `Code:` lines start.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::args::AccuracyArgs;
use crate::setup::debug::Debug;
use crate::setup::packages;
use crate::{kernel, process, ui, workspace};

/// The tools to compare with.
const TOOLS: &[(&str, &str, &str)] = &[
    ("eu-addr2line", "elfutils", "tells lines to compare ours with"),
    ("llvm-symbolizer", "llvm", "tells lines to compare ours with"),
];

/// Fetches the debug information if it is not cached yet, and compares.
pub fn run(args: &AccuracyArgs) -> Result<ExitCode> {
    let debug = Debug::fetch(&kernel::find(&args.kernel)?.release)?;
    let debug = debug.directory().unwrap_or(Path::new(""));
    let same = match (args.code, args.count_code) {
        (true, _) => code(debug, &args.more_code, "first_instructions_are_right")?,
        (_, true) => code(debug, &args.more_code, "count_instructions")?,
        _ => compare(debug)?,
    };
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

/// Runs a test of libksym over the code of a kernel, its modules, and what else is named.
fn code(debug: &Path, more: &[PathBuf], test: &str) -> Result<bool> {
    let paths = [debug.join("boot"), debug.join("lib/modules")];
    let paths = paths.iter().chain(more).map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
    let mut command = workspace::cargo();
    command.args(["test", "--quiet", "--release", "--package", "libksym", "--test", "code_start"]);
    command.args(["--", "--ignored", "--nocapture", test]);
    process::shown(command.env("KSYMOOPS_CODE", std::env::join_paths(paths)?))
}

fn compare(debug: &Path) -> Result<bool> {
    packages::install_named(TOOLS)?;
    let mut command = workspace::cargo();
    // Takes minutes without optimisation.
    command.args(["test", "--quiet", "--release", "--package", "libksym", "--test", "accuracy"]);
    command.args(["--", "--ignored", "--nocapture", "--test-threads=1"]);
    process::shown(command.env("KSYMOOPS_DEBUG", debug))
}
