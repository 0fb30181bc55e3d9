// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask bench`: what our tools cost, each side by side with its peer in one run, and the table of it,
//! docs/costs.md.

mod document;
mod images;
mod loads;
mod peers;
mod plot;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::args::BenchArgs;
use crate::{kernel, ui, workspace};

/// Where the table and the plots are, from the root of the checkout.
const DOCUMENT: &str = "docs/costs.md";

/// Runs what is asked for; by default everything.
pub fn run(args: &BenchArgs) -> Result<ExitCode> {
    let is_all = !args.logs && !args.loads && !args.images;
    let mut is_good = true;
    let mut rows = Vec::new();
    if is_all || args.loads {
        ui::line("== loads: our programs as they are shipped, and kmod's, in instructions of a guest");
        let kernel = kernel::find(&args.kernel)?.release;
        let measured = loads::measure(&args.kernel)?;
        rows.extend(measured.rows(&kernel)?);
        measured.plot(&workspace::root().join("docs"))?;
    }
    if is_all || args.images {
        ui::line("== images of the largest module, and objcopy");
        rows.extend(images::measure(&args.kernel)?);
    }
    if !rows.is_empty() {
        for row in &rows {
            is_good &= row.holds;
            ui::line(&format!("  {row}"));
        }
        let path = workspace::root().join(DOCUMENT);
        let before = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
        let after = document::with_rows(&before, &rows);
        ensure!(after.contains(document::END), "{DOCUMENT} has no table between its marks");
        fs::write(&path, after).with_context(|| format!("cannot write {DOCUMENT}"))?;
        ui::line(&format!("{DOCUMENT} is written"));
    }
    if is_all || args.logs {
        ui::line("== ksymoops, and other tools that read logs");
        is_good &= peers::run(&args.kernel)?;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
