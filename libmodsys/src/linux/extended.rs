// SPDX-License-Identifier: MIT OR Apache-2.0
//! What only an extended kernel has: `/proc/module_persist`, `/proc/module_persist_notes` and more flags of
//! `finit_module`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nix::errno::Errno;

use super::{files, syscalls};
use crate::error::io_errno;
use crate::{LoadFlags, PersistSupport, SysError};

/// The note of block N is at offset N << 20 of the file of notes.
const NOTE_SHIFT: u32 = 20;

/// The longest note, in bytes.
const MAX_NOTE_BYTES: usize = 256 << 10;

/// Asks the kernel without loading anything: it checks the flags first, then finds that the descriptor cannot
/// be read from.
///
/// A kernel without the list is not asked: what it keeps could not be seen, and a plain load makes the same
/// system calls as kmod.
pub(super) fn support(list: &Path) -> PersistSupport {
    if !list.exists() {
        return PersistSupport::Stock;
    }
    match syscalls::finit_nothing(LoadFlags::PERSIST) {
        Err(Errno::EBADF) => PersistSupport::Extended,
        Err(Errno::EINVAL | Errno::ENOSYS) => PersistSupport::Stock,
        _ => PersistSupport::Unknown,
    }
}

pub(super) fn list(path: &Path) -> Result<Option<Vec<u8>>, SysError> {
    files::read_if_there(path)
}

pub(super) fn release(path: &Path, owner: &str) -> Result<(), Errno> {
    let file = OpenOptions::new().write(true).open(path);
    let mut file = file.map_err(|error| io_errno(&error))?;
    // In one write: the kernel takes each write as a command.
    let written = file.write(format!("release {owner}").as_bytes());
    written.map(drop).map_err(|error| io_errno(&error))
}

pub(super) fn note(path: &Path, serial: u64) -> Result<Option<Vec<u8>>, SysError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if io_errno(&error) == Errno::ENOENT => return Ok(None),
        Err(error) => return Err(SysError::open(path, &error)),
    };
    let Some(start) = place(serial) else { return Ok(None) };
    let mut note = vec![0; MAX_NOTE_BYTES];
    let mut length = 0;
    while let Some(rest) = note.get_mut(length..).filter(|rest| !rest.is_empty()) {
        let at = u64::try_from(length).unwrap_or(u64::MAX).saturating_add(start);
        match file.read_at(rest, at) {
            Ok(0) => break,
            Ok(read) => length = length.saturating_add(read),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // The block is gone.
            Err(error) if io_errno(&error) == Errno::ENOENT => return Ok(None),
            Err(error) => return Err(SysError::read(path, &error)),
        }
    }
    note.truncate(length);
    Ok(Some(note).filter(|note| !note.is_empty()))
}

pub(super) fn set_note(path: &Path, serial: u64, note: &[u8]) -> Result<(), Errno> {
    let start = place(serial).ok_or(Errno::ENOENT)?;
    let file = OpenOptions::new().write(true).open(path).map_err(|error| io_errno(&error))?;
    // In one write: the kernel takes each write as a whole note.
    let written = file.write_at(note, start).map_err(|error| io_errno(&error))?;
    if written == note.len() { Ok(()) } else { Err(Errno::EIO) }
}

fn place(serial: u64) -> Option<u64> {
    serial.checked_mul(1 << NOTE_SHIFT).filter(|start| i64::try_from(*start).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with room for the notes of some blocks stands in for the kernel's, but for its ends of notes.
    #[test]
    fn a_note_is_at_the_place_of_its_block() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("notes");
        assert_eq!(set_note(&path, 3, b"note"), Err(Errno::ENOENT));
        assert_eq!(note(&path, 3), Ok(None));
        std::fs::write(&path, "").unwrap();
        set_note(&path, 3, b"note").unwrap();
        assert_eq!(note(&path, 3), Ok(Some(b"note".to_vec())));
        assert_eq!(note(&path, 4), Ok(None), "no note");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), (3 << 20) + 4);
        assert_eq!(note(&path, u64::MAX), Ok(None));
        assert_eq!(set_note(&path, 1 << 44, b"note"), Err(Errno::ENOENT));
    }
}
