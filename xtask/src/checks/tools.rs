// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small programs outside of the workspace, as a tool's author would write them. They must build against the
//! libraries' public interface and print the expected lines.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{process, workspace};

/// A folder of `tests/tools`, and what the program in it prints for a file.
struct Tool {
    name: &'static str,
    /// The file, below the fixture modules or below `tests/fixtures`, and text that a line must start with
    /// or, for JSON, have in it.
    cases: &'static [(&'static str, Wanted)],
}

/// Text of one line of the output.
enum Wanted {
    /// The line starts with it.
    Start(&'static str),
    /// It is somewhere in the line.
    Part(&'static str),
}

const TOOLS: &[Tool] = &[LIST_VARIABLES, DECODE_OOPS];

const LIST_VARIABLES: Tool = Tool {
    name: "list-variables",
    cases: &[
        ("torture.ko", Wanted::Start("torture .data..persistent 0x0 4 torture_main.c:plain")),
        ("torture.ko", Wanted::Start("torture .data..persistent 0x2040 4 torture_other.c:same_name")),
        ("torture_xz.ko.xz", Wanted::Start("torture .bss..persistent 0x0 4194304 torture_main.c:big")),
        ("counters.ko", Wanted::Start("counters .data..persistent 0x4 4 counters.c:blue:cnt")),
        ("smoke.ko", Wanted::Start("smoke: no persistent data")),
        (
            "refuse_charp.ko",
            Wanted::Start(
                "refuse: refuse.c:pointer (offset 0x0 of .data..persistent) holds the charp parameter words",
            ),
        ),
    ],
};

const DECODE_OOPS: Tool = Tool {
    name: "decode-oops",
    cases: &[
        (
            "logs/page_fault.log",
            Wanted::Part(
                r#""title":{"value":"BUG: kernel NULL pointer dereference, address: 0000000000000010""#,
            ),
        ),
        (
            "logs/page_fault.log",
            Wanted::Part(r#""symbol":"meter_write","offset":27,"size":48,"module":"meter""#),
        ),
        ("logs/mailed_warning.log", Wanted::Start(r#"{"kind":"warning""#)),
    ],
};

/// Builds the tools and runs them on `fixtures`, the built modules, and on the logs of the tree.
pub fn check(fixtures: &Path) -> Result<bool> {
    for tool in TOOLS {
        for (file, wanted) in tool.cases {
            let built = fixtures.join(file);
            let own = workspace::root().join("tests/fixtures").join(file);
            let text = run(tool.name, if built.exists() { &built } else { &own })?;
            let (found, wanted) = match wanted {
                Wanted::Start(start) => (text.lines().any(|line| line.starts_with(start)), start),
                Wanted::Part(part) => (text.lines().any(|line| line.contains(part)), part),
            };
            ensure!(found, "{} {file}: no {wanted:?} in\n{text}", tool.name);
        }
    }
    Ok(true)
}

/// What a tool prints for a file.
fn run(name: &str, file: &Path) -> Result<String> {
    let mut command = workspace::cargo();
    let manifest = workspace::root().join("tests/tools").join(name).join("Cargo.toml");
    command.args(["run", "--quiet", "--manifest-path"]).arg(manifest);
    // A directory of their own: they are no members of this workspace.
    command.arg("--target-dir").arg(workspace::target().join("tools"));
    command.arg("--").arg(file);
    process::output(&mut command)
}
