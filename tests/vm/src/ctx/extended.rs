// SPDX-License-Identifier: MIT OR Apache-2.0
//! The extended kernel's interface: its list of regions and its system call flags.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::ErrorKind;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags};

use super::Ctx;

/// The list of regions.
pub const LIST: &str = "/proc/module_persist";

/// `MODULE_INIT_PERSIST`
pub const PERSIST: u32 = 1 << 30;
/// `MODULE_INIT_PERSIST_FRESH`
pub const FRESH: u32 = 1 << 29;

/// Loads a file with `finit_module`.
pub fn finit(file: &str, params: &str, flags: u32) -> std::result::Result<(), Errno> {
    let file = File::open(file).map_err(|_| Errno::ENOENT)?;
    let params = CString::new(params).map_err(|_| Errno::EINVAL)?;
    nix::kmod::finit_module(file, &params, ModuleInitFlags::from_bits_retain(flags))
}

/// Unloads a module with `delete_module`.
pub fn delete(module: &str) -> std::result::Result<(), Errno> {
    let name = CString::new(module).map_err(|_| Errno::EINVAL)?;
    nix::kmod::delete_module(&name, DeleteModuleFlags::O_NONBLOCK)
}

/// Releases a region.
pub fn release(owner: &str) -> std::result::Result<(), Errno> {
    write(&format!("release {owner}"))
}

/// Writes a command to the list.
pub fn write(text: &str) -> std::result::Result<(), Errno> {
    fs::write(LIST, text).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()))
}

impl Ctx {
    /// The owners of all regions that the extended kernel keeps; empty on other kernels.
    pub fn extended_regions(&self) -> Result<Vec<String>> {
        let text = match fs::read_to_string(LIST) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).context(LIST),
        };
        let regions = text.lines().filter_map(|line| line.strip_prefix("region "));
        Ok(regions.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
    }

    /// A region's state in the list: `unused`, `used` or `new`; `None` if there is no region.
    pub fn extended_region_state(&self, owner: &str) -> Result<Option<String>> {
        let text = fs::read_to_string(LIST).context(LIST)?;
        let start = format!("region {owner} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        Ok(line.and_then(|line| line.split(' ').next()).map(str::to_owned))
    }
}
