// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which module system calls were made, as the kernel's own tracing shows them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Ctx;

const TRACEFS: &str = "/sys/kernel/tracing";
const CALLS: [&str; 3] = ["finit_module", "init_module", "delete_module"];

/// One traced system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The process that made it.
    pub process: String,
    /// Name of the call.
    pub name: String,
    /// Its arguments as the kernel prints them, such as `fd: 3, uargs: 7f.., flags: 0`.
    pub args: String,
}

impl Call {
    /// Reads one line of the trace.
    pub fn parse(line: &str) -> Option<Self> {
        let (head, args) = line.split_once('(')?;
        let process = head.split_whitespace().next()?.rsplit_once('-')?.0.to_owned();
        let name = head.split_whitespace().last()?.strip_prefix("sys_")?.to_owned();
        Some(Self { process, name, args: args.trim_end().trim_end_matches(')').to_owned() })
    }

    /// Whether the call only asks for the permission to load, and loads nothing.
    pub fn is_probe(&self) -> bool {
        self.name == "init_module" && self.arg("len") == Some("0")
    }

    /// An argument, by the kernel's name for it, without the `0x` that newer kernels print.
    pub fn arg(&self, name: &str) -> Option<&str> {
        let mut args = self.args.split(", ");
        let value = args.find_map(|arg| arg.strip_prefix(name)?.strip_prefix(": "))?;
        Some(value.strip_prefix("0x").unwrap_or(value))
    }
}

fn write(file: &str, text: &str) -> Result<()> {
    let path = Path::new(TRACEFS).join(file);
    fs::write(&path, text).with_context(|| format!("cannot write {text:?} to {}", path.display()))
}

fn switch(on: bool) -> Result<()> {
    for call in CALLS {
        write(&format!("events/syscalls/sys_enter_{call}/enable"), if on { "1" } else { "0" })?;
    }
    Ok(())
}

impl Ctx {
    /// Runs `body` and returns the module system calls made in the meantime, in order, without those that
    /// only ask for permission.
    pub fn trace_module_calls<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<Vec<Call>> {
        write("trace", "")?;
        switch(true)?;
        let result = body(self);
        switch(false)?;
        result?;
        let text = self.read(Path::new(TRACEFS).join("trace"))?;
        Ok(text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(Call::parse)
            .filter(|call| !call.is_probe())
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_line_is_parsed() {
        let line = "          insmod-123     [000] .....    12.345678: sys_finit_module(fd: 3, uargs: 55d1, flags: 0)";
        let call = Call::parse(line).unwrap();
        assert_eq!((call.process.as_str(), call.name.as_str()), ("insmod", "finit_module"));
        assert_eq!((call.arg("flags"), call.arg("fd"), call.arg("x")), (Some("0"), Some("3"), None));
        assert!(!call.is_probe());
        let line = "          insmod-123     [000] .....    12.345678: sys_init_module(umod: 8, len: 0, uargs: 55d1)";
        assert!(Call::parse(line).unwrap().is_probe());
    }
}
