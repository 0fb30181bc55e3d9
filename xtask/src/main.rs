// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask`: the tasks of this project that need more than `cargo build`.

mod args;
mod bench;
mod cache;
mod checks;
mod demo;
mod dist;
mod fixtures;
mod fuzz;
mod histories;
mod images;
mod kernel;
mod matrix;
mod metadata;
mod process;
mod processors;
mod setup;
mod test;
mod ui;
mod vm;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::{Args, Task};
use setup::missing::{EXIT_SKIPPED, Missing};

fn main() -> ExitCode {
    match run(Args::parse().task) {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<Missing>() {
            Some(missing) => {
                println!("skipped: {missing}");
                ExitCode::from(EXIT_SKIPPED)
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
        Task::Fixtures(kernel) => {
            fixtures::list(&kernel)?;
            Ok(if checks::fixtures(&kernel)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Task::Values(kernel) => {
            Ok(if checks::gdb::check(&kernel)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Task::Crashes(kernel) => {
            Ok(if checks::crashes::check(&kernel)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Task::Dist(args) => dist::run(&args),
        Task::Vm(args) => vm::run(&args),
        Task::Matrix(args) => matrix::run(&args),
        Task::Canary(args) => matrix::canary::run(&args),
        Task::Test(kernel) => test::run(&kernel),
        Task::Check(args) => test::run_some(&args),
        Task::Images(args) => images::run(&args),
        Task::Processors(args) => processors::run(&args),
        Task::Circles(args) => checks::circles::run(&args),
        Task::Accuracy(kernel) => checks::accuracy::run(&kernel),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Histories(args) => histories::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Demo(args) => demo::run(&args),
    }
}
