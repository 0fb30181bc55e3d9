// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an extended kernel keeps itself.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result};

use super::Ctx;

/// Its list.
pub const LIST: &str = "/proc/module_persist";

impl Ctx {
    /// The owners of all regions that the kernel itself keeps; none where it keeps nothing.
    pub fn kernel_regions(&self) -> Result<Vec<String>> {
        let text = match fs::read_to_string(LIST) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).context(LIST),
        };
        let regions = text.lines().filter_map(|line| line.strip_prefix("region "));
        Ok(regions.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
    }

    /// What the list says of the use of a region: `unused`, `used` or `new`; `None` without one.
    pub fn kernel_region_use(&self, owner: &str) -> Result<Option<String>> {
        let text = fs::read_to_string(LIST).context(LIST)?;
        let start = format!("region {owner} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        Ok(line.and_then(|line| line.split(' ').next()).map(str::to_owned))
    }

    /// Has the kernel drop a region.
    pub fn release(&mut self, owner: &str) -> std::io::Result<()> {
        fs::write(LIST, format!("release {owner}"))
    }
}
