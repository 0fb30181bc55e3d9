// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist check OWNER`: what kept data points to in a module that is loaded now, and what its exit
//! function has to clear.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};
use libmodsys::Kernel;
use modcli::escape;
use modrecord::{Paths, removed_pointers};
use serde::Serialize;

use crate::json;

#[derive(Debug, Serialize)]
struct PointersInto {
    owner: String,
    /// `PATH -> NAME`, or `PATH may point to NAME` where the type leaves it open.
    pointers: Vec<String>,
}

pub(crate) fn run(kernel: &dyn Kernel, owner: &str, as_json: bool, out: &mut dyn Write) -> Result<ExitCode> {
    let Some(pointers) = removed_pointers::into_loaded(kernel, owner, &Paths::default())? else {
        bail!(
            "{owner} is loaded, but not by our insmod with persistent data: where it is in memory is not known"
        );
    };
    if as_json {
        json::print(&PointersInto { owner: owner.to_owned(), pointers }, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    if pointers.is_empty() {
        escape::write_line(out, format_args!("No kept data points into {owner}."))?;
        return Ok(ExitCode::SUCCESS);
    }
    escape::write_line(
        out,
        format_args!("Kept data that points into {owner}; its exit function must clear it:"),
    )?;
    for pointer in &pointers {
        escape::write_line(out, format_args!("  {pointer}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
