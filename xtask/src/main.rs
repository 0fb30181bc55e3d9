// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask`: everything about this project that is more than `cargo build`.

mod args;
mod bench;
mod cache;
mod checks;
mod demo;
mod dist;
mod fixtures;
mod kernel;
mod metadata;
mod process;
mod setup;
mod test;
mod ui;
mod vm;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::{Args, Task};

/// Exit code for "could not be tried here", as test runners know it.
const SKIPPED: u8 = 77;

fn main() -> ExitCode {
    match run(Args::parse().task) {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<setup::Missing>() {
            Some(missing) => {
                println!("skipped: {missing}");
                ExitCode::from(SKIPPED)
            }
            None => {
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Setup(kernel) => setup::run(&kernel),
        Task::Kernel(args) => kernel::run(&args),
        Task::Fixtures(kernel) => fixtures::run(&kernel),
        Task::Dist(args) => dist::run(&args),
        Task::Vm(args) => vm::run(&args),
        Task::Test(kernel) => test::run(&kernel),
        Task::Circles(args) => checks::circles::run(&args),
        Task::Accuracy(kernel) => checks::accuracy::run(&kernel),
        Task::Bench(kernel) => bench::run(&kernel),
        Task::Demo(kernel) => demo::run(&kernel),
    }
}
