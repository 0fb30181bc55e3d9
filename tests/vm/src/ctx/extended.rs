// SPDX-License-Identifier: MIT OR Apache-2.0
//! The extended kernel's interface: its list of regions and its system call flags.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags};

use super::Ctx;

/// The list of regions.
pub const LIST: &str = "/proc/module_persist";

/// The notes of their blocks.
pub const NOTES: &str = "/proc/module_persist_notes";

/// The longest note, in bytes.
pub const MAX_NOTE: usize = 256 << 10;

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

/// Leaves a note with a block, by its serial number.
pub fn set_note(serial: u64, note: &[u8]) -> std::result::Result<(), Errno> {
    write_note_at(serial << 20, note)
}

/// Writes to the file of notes.
pub fn write_note_at(offset: u64, text: &[u8]) -> std::result::Result<(), Errno> {
    let file = OpenOptions::new().write(true).open(NOTES).map_err(errno)?;
    file.write_at(text, offset).map_err(errno).map(drop)
}

/// The note of a block.
pub fn note(serial: u64) -> std::result::Result<Vec<u8>, Errno> {
    let file = File::open(NOTES).map_err(errno)?;
    let mut note = Vec::new();
    // In small pieces, each of which the kernel takes from the right place.
    let mut piece = [0; 1000];
    loop {
        match file.read_at(&mut piece, (serial << 20) + note.len() as u64).map_err(errno)? {
            0 => return Ok(note),
            read => note.extend_from_slice(piece.get(..read).unwrap_or_default()),
        }
    }
}

/// The serial number of each block in the list and what is said of its note.
pub fn blocks() -> Result<Vec<(u64, String)>> {
    let text = fs::read_to_string(LIST).context(LIST)?;
    let lines = text.lines().filter(|line| line.starts_with("block "));
    let fields = lines.map(|line| {
        let mut fields = line.split(' ').skip(5);
        let serial = fields.next().with_context(|| line.to_owned())?.parse()?;
        Ok((serial, fields.next().with_context(|| line.to_owned())?.to_owned()))
    });
    fields.collect()
}

fn errno(error: std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or_default())
}

/// Writes a command to the list.
pub fn write(text: &str) -> std::result::Result<(), Errno> {
    fs::write(LIST, text).map_err(errno)
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
