// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of modules, from `/proc/modules` and `/sys/module`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use libmodfmt::proc;

use super::Ctx;

/// One line of `/proc/modules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Reference count; `None` if the kernel prints `-`.
    pub references: Option<u32>,
    /// Modules that use it.
    pub holders: Vec<String>,
    /// `Live`, `Loading` or `Unloading`.
    pub state: String,
    /// Taint letters, without parentheses.
    pub taint: String,
}

impl Module {
    /// Reads one line.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_whitespace();
        let name = fields.next()?.to_owned();
        let size = fields.next()?.parse().ok()?;
        let references = fields.next()?.parse().ok();
        let holders =
            fields.next()?.split(',').filter(|name| !matches!(*name, "" | "-")).map(str::to_owned).collect();
        let state = fields.next()?.to_owned();
        let taint = fields.nth(1).unwrap_or_default().trim_matches(['(', ')']).to_owned();
        Some(Self { name, size, references, holders, state, taint })
    }
}

fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim_end().to_owned())
}

fn sys(module: &str) -> PathBuf {
    Path::new("/sys/module").join(module)
}

impl Ctx {
    /// Every loaded module, newest first.
    pub fn modules(&self) -> Result<Vec<Module>> {
        Ok(read("/proc/modules")?.lines().filter_map(Module::parse).collect())
    }

    /// Whether the kernel lists symbols of data (`CONFIG_KALLSYMS_ALL`).
    pub fn has_data_symbols(&self) -> Result<bool> {
        let text = self.read("/proc/kallsyms")?;
        Ok(proc::kallsyms(text.as_bytes())
            .filter_map(Result::ok)
            .any(|symbol| symbol.is_variable_of_every_kernel()))
    }

    /// The line of one module.
    pub fn module(&self, name: &str) -> Result<Option<Module>> {
        Ok(self.modules()?.into_iter().find(|module| module.name == name))
    }

    /// Whether the kernel lists the module, in any state.
    pub fn is_loaded(&self, name: &str) -> Result<bool> {
        Ok(self.module(name)?.is_some())
    }

    /// `live`, `coming` or `going`.
    pub fn init_state(&self, module: &str) -> Result<String> {
        read(sys(module).join("initstate"))
    }

    /// The address of a loaded module's section.
    pub fn section_address(&self, module: &str, section: &str) -> Result<u64> {
        let path = sys(module).join("sections").join(section);
        let text = read(&path)?;
        u64::from_str_radix(text.trim_start_matches("0x"), 16)
            .map_err(|error| anyhow!("{}: {text:?} is not an address: {error}", path.display()))
    }

    /// The sections of a loaded module that sysfs lists.
    pub fn sections(&self, module: &str) -> Result<Vec<String>> {
        let path = sys(module).join("sections");
        let entries = fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// A module parameter as sysfs shows it.
    pub fn parameter(&self, module: &str, name: &str) -> Result<String> {
        read(sys(module).join("parameters").join(name))
    }

    /// Writes a module parameter.
    pub fn set_parameter(&mut self, module: &str, name: &str, value: &str) -> Result<()> {
        let path = sys(module).join("parameters").join(name);
        fs::write(&path, value).with_context(|| format!("cannot write {value:?} to {}", path.display()))
    }

    /// The taint letters of one module.
    pub fn module_taint(&self, module: &str) -> Result<String> {
        read(sys(module).join("taint"))
    }

    /// The kernel's taint bits.
    pub fn taint(&self) -> Result<u64> {
        Ok(read("/proc/sys/kernel/tainted")?.parse()?)
    }

    /// The bytes of a note that a module carries, as sysfs shows them.
    pub fn note_bytes(&self, module: &str, note: &str) -> Result<Vec<u8>> {
        let path = sys(module).join("notes").join(note);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The state of a processor vulnerability, such as `spectre_v2`.
    pub fn vulnerability(&self, name: &str) -> Result<String> {
        read(Path::new("/sys/devices/system/cpu/vulnerabilities").join(name))
    }

    /// A file's text, without the last newline.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<String> {
        read(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_holders_and_taint() {
        let module = Module::parse("foo__persist 16384 1 foo, Live 0xffffffffc0a5b000 (OE)").unwrap();
        assert_eq!(module.holders, ["foo"]);
        assert_eq!(
            (module.references, module.state.as_str(), module.taint.as_str()),
            (Some(1), "Live", "OE")
        );
    }

    #[test]
    fn a_line_without_holders_and_taint() {
        let module = Module::parse("dummy 16384 0 - Live 0xffffffffc0a5b000").unwrap();
        assert!(module.holders.is_empty() && module.taint.is_empty());
    }
}
