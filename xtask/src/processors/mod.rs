// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask processors`: real oopses of each processor that the distribution has a kernel and QEMU a
//! machine for, decoded with ksymoops.
//!
//! For each, the kernel, its headers and a busybox are fetched, modules that oops in five ways are compiled
//! with the cross compiler and loaded under QEMU, and the console is decoded: function and line of each oops
//! must be those that the source marks. Before that a module with persistent data is loaded, removed and loaded
//! again, as images that are made here.

mod boot;
mod check;
mod keep;
mod kernel;
mod modules;
mod packages;
pub mod rust;
mod table;
mod tools;

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::args::ProcessorsArgs;
use crate::ui::{self, Colour, paint};
use crate::workspace;

pub use kernel::{KERNELS, find, kernel, kernel_name, modules_of, of_architecture};
use packages::Packages;
use table::PROCESSORS;
use tools::Tools;

pub use table::Processor;

/// Runs those that are named, or all.
pub fn run(args: &ProcessorsArgs) -> Result<ExitCode> {
    let names: Vec<&str> = PROCESSORS.iter().map(|processor| processor.name).collect();
    if let Some(unknown) = args.processors.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no processor {unknown}; the processors are {}", names.join(", "));
    }
    let is_wanted =
        |name: &str| args.processors.is_empty() || args.processors.iter().any(|wanted| wanted == name);
    let mut is_good = true;
    for processor in PROCESSORS.iter().filter(|processor| is_wanted(processor.name)) {
        is_good &= one(processor)?;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one, and prints a line about it. A kernel that cannot be fetched is no failure.
fn one(processor: &Processor) -> Result<bool> {
    let fetched = Tools::fetch(processor).and_then(|tools| Ok((tools, Packages::fetch(processor)?)));
    let (tools, packages) = match fetched {
        Ok(fetched) => fetched,
        Err(error) => {
            let word = paint(Colour::Yellow, "skipped");
            ui::line(&format!("  {:8} {word}: {error:#}", processor.name));
            return Ok(true);
        }
    };
    let directory = workspace::root().join("target/processors").join(processor.name);
    fs::create_dir_all(&directory)?;
    let start = Instant::now();
    let modules = modules::build(processor, (&tools, &packages), &directory.join("modules"))?;
    let images = keep::build(processor, (&tools, &packages), &directory.join("keep"))?;
    let console = boot::run(processor, (&tools, &packages), &modules, &images, &directory)?;
    let mut wrong = check::check(processor, &modules::source()?, &modules, &console)?;
    wrong.extend(keep::check(&String::from_utf8_lossy(&fs::read(&console)?)));
    let (colour, word) = if wrong.is_empty() { (Colour::Green, "pass") } else { (Colour::Red, "FAIL") };
    ui::line(&format!(
        "  {:8} {} Linux {}, {} oopses, data kept over a reload ({})",
        processor.name,
        paint(colour, word),
        packages.release,
        modules::WAYS.len(),
        ui::seconds(start.elapsed())
    ));
    for what in &wrong {
        ui::line(&format!("           {what}; see {}", console.display()));
    }
    Ok(wrong.is_empty())
}
