// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the caller knows of a module and the kernel does not tell.

use std::path::Path;

use libmodfmt::persist::Header;
use modkeep::Region;

/// What the caller knows of a module and the kernel does not tell.
#[derive(Debug, Clone, Copy)]
pub struct ModuleDetails<'a> {
    /// Its name.
    pub name: &'a str,
    /// The file that it is loaded from.
    pub file: Option<&'a Path>,
    /// Its persistent data.
    pub header: Option<&'a Header>,
    /// Its build id; empty if it has none.
    pub build_id: &'a [u8],
    /// Sizes of the sections that take room in memory, as the file has them; empty if they are not known.
    pub sizes: &'a [(String, u64)],
    /// Where an extended kernel keeps the units of the header already.
    pub region: Option<&'a Region>,
}
