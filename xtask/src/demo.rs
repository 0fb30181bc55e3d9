// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask demo`: the main job, shown to a person in a real kernel.
//!
//! The story itself is told from inside the machine, by `tests/vm/src/demo.rs`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use vmguest::protocol::Line;

use crate::args::KernelArgs;
use crate::ui::{self, Colour, paint};
use crate::vm::{self, End};

/// How long the story may pause.
const PAUSE: Duration = Duration::from_secs(120);

/// Runs it.
pub fn run(args: &KernelArgs) -> Result<ExitCode> {
    let vm = vm::prepare(args)?;
    let note = "booting; emulated, so this takes some seconds";
    ui::line(&format!("  Linux {}: {note}\n", vm.release));
    let end = vm::boot_demo(&vm, |line| {
        match line {
            Line::Say { say } => ui::line(&dressed(&say)),
            Line::Note { note } => ui::line(&paint(Colour::Red, &note)),
            _ => {}
        }
        Ok(PAUSE)
    })?;
    match end {
        End::Done => Ok(ExitCode::SUCCESS),
        End::Refused => Ok(ExitCode::FAILURE),
        End::Died(why) | End::Hung(why) => {
            ui::line(&format!("the machine did not reach the end of the story: {why}"));
            ui::line(&format!("its console is in {}", vm.run_directory().display()));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Headings and commands stand out on a terminal.
fn dressed(line: &str) -> String {
    match line {
        line if line.starts_with("## ") => paint(Colour::Cyan, line),
        line if line.starts_with("$ ") => paint(Colour::Bold, line),
        line => line.to_owned(),
    }
}
