// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask demo`: shows what the tools do, in a real kernel.
//!
//! The demo itself runs inside the machine: see `tests/vm/src/demo.rs`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use vmguest::protocol::Line;

use crate::args::{DemoArgs, KernelArgs};
use crate::ui::{self, Colour, paint};
use crate::vm::{self, End, Vm};

/// The longest pause between two lines of the demo.
const MAX_PAUSE: Duration = Duration::from_secs(120);

/// Runs it.
pub fn run(args: &DemoArgs) -> Result<ExitCode> {
    let (name, machine) = (args.arch.kernel(&args.kernel.kernel), args.kernel.machine.clone());
    let vm = vm::prepare_demo(&KernelArgs { kernel: name, machine })?;
    Ok(if show(&vm)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Boots a machine that shows it. Returns whether it came to its end.
pub fn show(vm: &Vm) -> Result<bool> {
    let note = "booting under emulation, which takes a few seconds";
    ui::line(&format!("  Linux {}: {note}\n", vm.release));
    let end = vm::boot_demo(vm, |line| {
        match line {
            Line::Say { say } => ui::line(&highlighted(&say)),
            Line::Note { note } => ui::line(&paint(Colour::Red, &note)),
            _ => {}
        }
        Ok(MAX_PAUSE)
    })?;
    match end {
        End::Done => Ok(true),
        End::Refused => Ok(false),
        End::Died(why) | End::Hung(why) => {
            ui::line(&format!("the machine stopped before the end of the demo: {why}"));
            ui::line(&format!("its console output is in {}", vm.run_directory().display()));
            Ok(false)
        }
    }
}

/// Highlights headings and commands on a terminal.
fn highlighted(line: &str) -> String {
    match line {
        line if line.starts_with("## ") => paint(Colour::Cyan, line),
        line if line.starts_with("$ ") => paint(Colour::Bold, line),
        line => line.to_owned(),
    }
}
