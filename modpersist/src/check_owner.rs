// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist check OWNER`: what kept data points to in a module that is loaded now, and what its exit
//! function has to clear.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use libmodfmt::module_name::is_module_name;
use libmodsys::Kernel;
use modcli::escape;
use modkeep::Region;
use modrecord::{Paths, removed_pointers};
use serde::Serialize;

use crate::json;
use crate::owner_state::is_loaded;

#[derive(Debug, Serialize)]
struct PointersInto {
    owner: String,
    /// `PATH -> NAME`, or `PATH may point to NAME` where the type leaves it open.
    pointers: Vec<String>,
    /// What was not searched, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_searched: Vec<String>,
}

/// The module that is meant, if an argument is not a file: one that is loaded, or of which something is kept.
pub(crate) fn owner(kernel: &dyn Kernel, argument: &Path) -> Option<String> {
    let name = argument.to_str().filter(|name| is_module_name(name) && !argument.is_file())?;
    // As rmmod takes it.
    let name = name.replace('-', "_");
    let is_loaded = is_loaded(kernel, &name);
    (is_loaded || Region::exists(kernel, &name)).then_some(name)
}

pub(crate) fn run(kernel: &dyn Kernel, owner: &str, as_json: bool, out: &mut dyn Write) -> Result<ExitCode> {
    if !is_loaded(kernel, owner) {
        bail!("{owner} is not loaded (`modpersist list` shows what is kept of it)");
    }
    let Some(pointers) = removed_pointers::into_loaded(kernel, owner, &Paths::default())? else {
        bail!(
            "where {owner} is in memory is not recorded: it has no persistent data, another program than this \
             package's insmod has loaded it, or you are not root"
        );
    };
    if as_json {
        let (pointers, not_searched) = (pointers.lines, pointers.not_searched);
        json::print(&PointersInto { owner: owner.to_owned(), pointers, not_searched }, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    if pointers.lines.is_empty() {
        escape::write_line(out, format_args!("No pointer into {owner} was found in kept data."))?;
    } else {
        escape::write_line(
            out,
            format_args!("Kept data that points into {owner}; its exit function must clear it:"),
        )?;
    }
    for line in &pointers.lines {
        escape::write_line(out, format_args!("  {line}"))?;
    }
    if let Some(line) = pointers.unknown(owner) {
        escape::write_line(out, format_args!("note: {line}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
