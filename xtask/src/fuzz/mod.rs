// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask fuzz`: builds the fuzzers of `fuzz/`, makes seeds, runs, minimises, measures coverage. How to
//! use it is in docs/fuzzing.md.

mod coverage;
mod inputs;
mod programs;
mod run;
mod target;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::FuzzArgs;
use crate::{process, ui};
use target::Target;

/// Does what the options say.
pub fn run(args: &FuzzArgs) -> Result<ExitCode> {
    let targets = chosen(&args.targets)?;
    if let Some(count) = args.mutants {
        return mutants(count, args);
    }
    let seeds = inputs::seeds(&args.seeds)?;
    let mut good = true;
    if args.minutes > 0 || args.minimize {
        let fuzzers = programs::fuzzers()?;
        for target in targets.iter().filter(|_| args.minutes > 0) {
            good &= run::fuzz(&fuzzers, target, &seeds, args.minutes)?;
        }
        for target in targets.iter().filter(|_| args.minimize) {
            run::minimize(&fuzzers, target, &seeds)?;
        }
    }
    if args.coverage {
        coverage::print(&targets, &seeds)?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen(names: &[String]) -> Result<Vec<Target>> {
    if names.is_empty() {
        return Ok(target::ALL.to_vec());
    }
    let find = |name: &String| match target::ALL.iter().find(|target| target.name == name) {
        Some(target) => Ok(*target),
        None => {
            let all: Vec<&str> = target::ALL.iter().map(|target| target.name).collect();
            bail!("there is no target {name}; the targets are {}", all.join(", "))
        }
    };
    names.iter().map(find).collect()
}

/// Compares the images of so many mutants of real modules with the mutants.
fn mutants(count: u64, args: &FuzzArgs) -> Result<ExitCode> {
    if args.targets.iter().any(|target| target != "image") {
        bail!("--mutants is for the target image");
    }
    let program = programs::plain("mutants")?;
    let mut command = std::process::Command::new(program);
    command.arg(count.to_string()).args(inputs::modules(&args.seeds)?);
    ui::line(&format!("comparing {count} mutants with their images"));
    Ok(if process::shown(&mut command)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
