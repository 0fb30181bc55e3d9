// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the archive format of an initramfs: cpio in the "newc" format.

use std::collections::HashSet;
use std::io::{self, Write};

const DIRECTORY: u32 = 0o040_755;
const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_777;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// An archive that is being written.
pub struct Archive<W> {
    out: W,
    position: u64,
    inode: u32,
    directories: HashSet<String>,
}

impl<W: Write> Archive<W> {
    /// Starts an archive.
    pub fn new(out: W) -> Self {
        Self { out, position: 0, inode: 0, directories: HashSet::new() }
    }

    /// Adds a file and its parent directories.
    pub fn file(&mut self, path: &str, data: &[u8]) -> io::Result<()> {
        self.parents(path)?;
        self.entry(path, FILE, (0, 0), data)
    }

    /// Adds an executable file.
    pub fn program(&mut self, path: &str, data: &[u8]) -> io::Result<()> {
        self.parents(path)?;
        self.entry(path, PROGRAM, (0, 0), data)
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, target: &str) -> io::Result<()> {
        self.parents(path)?;
        self.entry(path, LINK, (0, 0), target.as_bytes())
    }

    /// Adds a character device.
    pub fn device(&mut self, path: &str, major: u32, minor: u32) -> io::Result<()> {
        self.parents(path)?;
        self.entry(path, CHARACTER_DEVICE, (major, minor), &[])
    }

    /// Adds a directory.
    pub fn directory(&mut self, path: &str) -> io::Result<()> {
        self.parents(path)?;
        if self.directories.insert(path.to_owned()) {
            self.entry(path, DIRECTORY, (0, 0), &[])
        } else {
            Ok(())
        }
    }

    /// Writes the end of the archive.
    pub fn finish(mut self) -> io::Result<W> {
        self.entry("TRAILER!!!", 0, (0, 0), &[])?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// Adds the parent directories, which the kernel does not create on its own.
    fn parents(&mut self, path: &str) -> io::Result<()> {
        match path.rsplit_once('/') {
            Some((parent, _)) => self.directory(parent),
            None => Ok(()),
        }
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), data: &[u8]) -> io::Result<()> {
        self.inode += 1;
        let too_large = |_| io::Error::other(format!("{name} is too large for a cpio archive"));
        let size = u32::try_from(data.len()).map_err(too_large)?;
        let name_size = u32::try_from(name.len() + 1).map_err(too_large)?;
        let links = if mode == DIRECTORY { 2 } else { 1 };
        let fields = [self.inode, mode, 0, 0, links, 0, size, 0, 0, device.0, device.1, name_size, 0]
            .map(|field| format!("{field:08x}"));
        self.write(format!("070701{}{name}\0", fields.concat()).as_bytes())?;
        self.pad()?;
        self.write(data)?;
        self.pad()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn pad(&mut self) -> io::Result<()> {
        while !self.position.is_multiple_of(4) {
            self.write(&[0])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_aligned_and_parents_come_first() {
        let mut archive = Archive::new(Vec::new());
        archive.program("bin/a", b"abc").unwrap();
        archive.file("bin/b", b"").unwrap();
        let bytes = archive.finish().unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(text.matches("070701").count(), 4);
        assert!(text.find("bin\0") < text.find("bin/a\0") && text.ends_with('\0'));
        // The file size and name length of `bin/a`, at their offsets in its header.
        let header = text.find("bin/a\0").unwrap() - 110;
        assert_eq!(&text[header + 54..header + 62], "00000003");
        assert_eq!(&text[header + 94..header + 102], "00000006");
    }
}
